/** Histories can convict: each lying driver is caught within 1,000 operations, and the honest ones pass for every seed. */
import { describe, expect, it } from 'vitest'
import { createDedupeStore } from '../dedupe/dedupe-store.ts'
import { createKeyValue } from '../kv/key-value.ts'
import { memoryDedupeDriver } from '../memory/dedupe.ts'
import { memoryKvDriver } from '../memory/kv.ts'
import { seededRng } from '../rng/seeded-rng.ts'
import { ManualClock } from '../testing/manual-clock.ts'
import { checkLinearizable } from './check.ts'
import { dedupeModel } from './dedupe-model.ts'
import { runDedupeWorkload } from './dedupe-workload.ts'
import { kvModel } from './kv-model.ts'
import { runKvWorkload } from './kv-workload.ts'
import { type DedupeLie, dedupeLies, honestDedupe } from './testing/lying-dedupe.ts'
import { honestKv, type KvLie, kvLies } from './testing/lying-kv.ts'

const seeds = Array.from({ length: 5 }, (_, i) => i + 1)
const operations = 1_000

async function kvVerdict(seed: number, as: KvLie) {
  const clock = new ManualClock()
  const rng = seededRng(seed)
  const honest = honestKv(memoryKvDriver({ clock }))
  const kv = createKeyValue({ ...honest, ...as(honest, rng) }, { clock })
  return checkLinearizable(
    kvModel,
    await runKvWorkload(kv, { rng, clock, keys: ['a', 'b', 'c'], operations }),
  )
}

async function dedupeVerdict(seed: number, as: DedupeLie) {
  const clock = new ManualClock()
  const rng = seededRng(seed)
  const honest = honestDedupe(memoryDedupeDriver({ clock }))
  const dedupe = createDedupeStore({ ...honest, ...as(honest, rng) })
  const history = await runDedupeWorkload(dedupe, {
    rng,
    clock,
    keys: ['a', 'b', 'c'],
    operations,
    shortMs: 100,
    longMs: 10_000,
    pass: (ms) => clock.advance(ms),
  })
  return checkLinearizable(dedupeModel(), history)
}

describe('histories of a key-value store', () => {
  it.each(seeds)('accept the memory driver with seed %i', async (seed) => {
    expect(await kvVerdict(seed, () => ({}))).toEqual({ verdict: 'linearizable' })
  })

  it.each(kvLies)('convict a driver that $lie', async ({ as }) => {
    for (const seed of seeds) {
      const found = await kvVerdict(seed, as)
      expect(found, `seed ${seed}`).toMatchObject({ verdict: 'violation' })
      if (found.verdict === 'violation') expect(found.operations.length, found.text).toBeLessThanOrEqual(12)
    }
  })
})

describe('histories of a ledger', () => {
  it.each(seeds)('accept the memory driver with seed %i', async (seed) => {
    expect(await dedupeVerdict(seed, () => ({}))).toEqual({ verdict: 'linearizable' })
  })

  it.each(dedupeLies)('convict a driver that $lie', async ({ as }) => {
    for (const seed of seeds)
      expect(await dedupeVerdict(seed, as), `seed ${seed}`).toMatchObject({ verdict: 'violation' })
  })
})

it('there are at least twelve lying drivers', () => {
  expect(kvLies.length + dedupeLies.length).toBeGreaterThanOrEqual(12)
})
