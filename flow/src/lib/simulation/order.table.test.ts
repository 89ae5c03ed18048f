/** 11 440 schedules of an order. `npm run simulate -- --seeds 1000000` runs more. */
import { describe, expect, it } from 'vitest'
import { faultsOf, orderCases } from './test/cases.ts'

describe('an order under simulated faults', () => {
  it.each(orderCases)('$name', { timeout: 120_000 }, async (simulated) => {
    const report = await simulated.run({ seeds: 65 })
    expect(faultsOf(simulated, report)).toEqual([])
  })
})
