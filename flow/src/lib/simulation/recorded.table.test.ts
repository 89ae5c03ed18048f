/** 1 650 schedules of an order whose answers are recorded. `npm run simulate -- --seeds 1000000` runs more. */
import { describe, expect, it } from 'vitest'
import { faultsOf, recordedCases } from './test/cases.ts'

describe('a recorded answer under simulated faults', () => {
  it.each(recordedCases)('$name', { timeout: 120_000 }, async (simulated) => {
    const report = await simulated.run({ seeds: 25 })
    expect(faultsOf(simulated, report)).toEqual([])
  })
})
