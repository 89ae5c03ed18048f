import { describe, expect, it } from 'vitest'
import { createDedupeStore } from '../dedupe/dedupe-store.ts'
import { honestDedupe, dedupeLies } from '../linearizability/testing/lying-dedupe.ts'
import { memoryDedupeDriver } from '../memory/dedupe.ts'
import { seededRng } from '../rng/seeded-rng.ts'
import { ManualClock } from '../testing/manual-clock.ts'
import { dedupeProbeChecks, probeDedupe } from './dedupe.ts'
import { falseClaims } from './report.ts'

function lying(lie: string) {
  const found = dedupeLies.find((one) => one.lie === lie)
  const honest = honestDedupe(memoryDedupeDriver())
  return { ...honest, ...found?.as(honest, seededRng(2)) }
}

describe('probeDedupe', () => {
  it('confirms what the memory store claims, and leaves nothing behind', async () => {
    const dedupe = createDedupeStore(memoryDedupeDriver())
    const report = await probeDedupe(dedupe, { rng: seededRng(1), maxWaitMs: 0 })
    expect(report).toMatchObject({ ok: true, domain: 'dedupe', provider: 'memory', leftovers: [] })
    expect(report.findings.map(({ check, severity }) => [check, severity])).toEqual([
      ['reservation race', 'confirmed'],
      ['linearizable history', 'confirmed'],
    ])
    expect(await dedupe.look(`${report.prefix}history-a`)).toEqual({ state: 'free' })
  })

  it.each([
    ['reservation race', 'reserves a key for two callers'],
    ['linearizable history', 'starts the fence again when a key was given back'],
    ['linearizable history', 'completes for a holder that lost the key'],
    ['linearizable history', 'shows the result from before it was replaced'],
  ])('by its %s finds a store that %s', async (check, lie) => {
    const report = await probeDedupe(lying(lie), { rng: seededRng(3), only: [check], maxWaitMs: 0 })
    expect(falseClaims(report)).toMatchObject([{ check, about: 'reservation', claimed: 'atomic' }])
    expect(report.ok).toBe(false)
    expect(report.findings[0]?.evidence).not.toBe('')
  })

  it('finds a store whose leases end too early, on a clock that the probe waits by', async () => {
    const clock = new ManualClock()
    const lie = dedupeLies.find((one) => one.lie === 'ends leases in a quarter of their time')
    const honest = honestDedupe(memoryDedupeDriver({ clock }))
    const probing = probeDedupe({ ...honest, ...lie?.as(honest, seededRng(2)) }, { clock, rng: seededRng(1) })
    let ended = false
    void probing.finally(() => (ended = true))
    while (!ended) await clock.advance(50)
    expect(falseClaims(await probing)).toMatchObject([{ check: 'linearizable history' }])
  })

  it('names its checks', () => {
    expect(dedupeProbeChecks.map(({ name }) => name)).toEqual(['reservation race', 'linearizable history'])
  })
})
