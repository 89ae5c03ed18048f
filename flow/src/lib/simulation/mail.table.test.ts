/** 3 300 schedules of a queue consumer. `npm run simulate -- --seeds 1000000` runs more. */
import { describe, expect, it } from 'vitest'
import { faultsOf, mailCases } from './test/cases.ts'

describe('a queue consumer under simulated faults', () => {
  it.each(mailCases)('$name', { timeout: 120_000 }, async (simulated) => {
    const report = await simulated.run({ seeds: 75 })
    expect(faultsOf(simulated, report)).toEqual([])
  })
})
