/** 3 344 schedules of notes and rows in a store and of two effects at once. `npm run simulate -- --seeds 1000000` runs more. */
import { describe, expect, it } from 'vitest'
import { faultsOf, storeCases } from './test/cases.ts'

describe('effects in stores and two at once under simulated faults', () => {
  it.each(storeCases)('$name', { timeout: 120_000 }, async (simulated) => {
    const report = await simulated.run({ seeds: 38 })
    expect(faultsOf(simulated, report)).toEqual([])
  })
})
