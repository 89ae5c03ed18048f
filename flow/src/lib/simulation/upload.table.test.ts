/** 3 300 schedules of an upload. `npm run simulate -- --seeds 1000000` runs more. */
import { describe, expect, it } from 'vitest'
import { faultsOf, uploadCases } from './test/cases.ts'

describe('an upload under simulated faults', () => {
  it.each(uploadCases)('$name', { timeout: 120_000 }, async (simulated) => {
    const report = await simulated.run({ seeds: 75 })
    expect(faultsOf(simulated, report)).toEqual([])
  })
})
