/** 1 100 schedules of an order that two callers send. `npm run simulate -- --seeds 1000000` runs more. */
import { describe, expect, it } from 'vitest'
import { callerCases, faultsOf } from './test/cases.ts'

describe('an order of two callers under simulated faults', () => {
  it.each(callerCases)('$name', { timeout: 120_000 }, async (simulated) => {
    const report = await simulated.run({ seeds: 25 })
    expect(faultsOf(simulated, report)).toEqual([])
  })
})
