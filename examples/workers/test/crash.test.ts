/**
 * Kills processes at points spread over the life of calls that charge once per key, on each durable ledger; the charges are
 * counted in another process. `npm run crash` uses more points, with one kill each.
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
      it(`no kill duplicates a charge, loses one silently or blocks a key: seed ${seed}`, {
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

describe.runIf(only === undefined)('the experiment detects', () => {
  const few = { points: 20, perKill: 12, seed: 7 }

  it('duplicate charges when a node runs again', { timeout: 120_000 }, async () => {
    const verdicts = await experiment(sqliteStore({ CRASH_NEVER: 'again' }), few)
    expect(verdicts.count('duplicate')).toBeGreaterThan(0)
  })

  it('duplicate charges when the sink accepts the request of an earlier holder', {
    timeout: 120_000,
  }, async () => {
    const verdicts = await experiment(sqliteStore(), { ...few, fences: false })
    expect(verdicts.count('duplicate')).toBeGreaterThan(0)
  })
})
