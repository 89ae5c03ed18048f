/**
 * Processes are killed at points spread over the life of calls that charge once per key, on each ledger that outlives them;
 * the charges are counted outside. `npm run crash` takes more points, and a kill for each.
 */
import { describe, expect, it } from 'vitest'
import { rowOf, settings } from './crash/command.ts'
import { experiment } from './crash/experiment.ts'
import { stores } from './crash/stores.ts'
import { sqliteStore } from './crash/stores/node-process.ts'

const { only, points, perKill, seed } = settings(process.env)

for (const store of await stores(only)) {
  const { name, missing } = store
  describe.skipIf(missing !== undefined)(
    missing === undefined ? name : `${name}, skipped: ${missing}`,
    () => {
      it(`no kill makes a charge twice, loses one silently or blocks a key: seed ${seed}`, {
        timeout: 7_200_000,
      }, async () => {
        const startedAt = performance.now()
        const verdicts = await experiment(store, { points, perKill, seed })
        const seconds = Math.round((performance.now() - startedAt) / 1000)
        process.stdout.write(`${rowOf({ store: name, seed, verdicts, seconds })}\n`)
        expect(verdicts.faults.map(({ text }) => text)).toEqual([])
        expect(verdicts.done + verdicts.unknown).toBe(points)
      })
    },
  )
}

describe.runIf(only === undefined)('the experiment finds', () => {
  const few = { points: 20, perKill: 12, seed: 7 }

  it('charges that are made twice where a node runs again', { timeout: 120_000 }, async () => {
    const verdicts = await experiment(sqliteStore({ CRASH_NEVER: 'again' }), few)
    expect(verdicts.count('duplicate')).toBeGreaterThan(0)
  })

  it('charges that are made twice where the sink takes what an earlier holder sent', {
    timeout: 120_000,
  }, async () => {
    const verdicts = await experiment(sqliteStore(), { ...few, fences: false })
    expect(verdicts.count('duplicate')).toBeGreaterThan(0)
  })
})
