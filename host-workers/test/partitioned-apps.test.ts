/**
 * The profiles that an app with an atomic node can have, according to the compiler, preflight and `check` with the real
 * presets.
 */
import { atomicVerdicts, defineApp, flow, manual, node, preflightProfile } from '@flowport/flow'
import { durableDedupe } from '@flowport/presets/durable-dedupe'
import { durablePartitions } from '@flowport/presets/durable-partitions'
import { memory } from '@flowport/presets/memory'
import { sqlite } from '@flowport/presets/sqlite'
import { expect, it } from 'vitest'
import * as z from 'zod'

const Order = z.object({ shop: z.string(), id: z.string() })
const uses = { kv: 'write' } as const
const run = () => null
const named = node('place', {
  input: Order,
  uses,
  idempotency: { key: '/id', atomic: true, partition: '/shop' },
  run,
})
const unnamed = node('place', { input: Order, uses, idempotency: { key: '/id', atomic: true }, run })
const preferred = node('place', {
  input: Order,
  uses,
  idempotency: { key: '/id', atomic: 'preferred', unknown: 'never' },
  run,
})
const trigger = manual({ input: Order })
const withPartition = flow('placing', { trigger, graph: (order, step) => step(named, order) })
const without = flow('placing', { trigger, graph: (order, step) => step(unnamed, order) })
const either = flow('placing', { trigger, graph: (order, step) => step(preferred, order) })

const partitions = [durablePartitions()]

it('the compiler refuses a profile whose presets share no transaction, and accepts the others', () => {
  const check = () => {
    const profiles = { local: [sqlite()], test: [memory()], workers: [durablePartitions()] }
    defineApp({ flows: [withPartition, either], profiles })
    // @ts-expect-error EXACT004: durable-dedupe has an object for each key, and states no transaction
    defineApp({ flows: [withPartition], profiles: { workers: [durableDedupe()] } })
    const kv = sqlite({ only: ['kv'] })
    const dedupe = memory({ only: ['dedupe'] })
    // @ts-expect-error EXACT004: two presets are two databases
    defineApp({ flows: [withPartition], profiles: { apart: [kv, dedupe] } })
    defineApp({ flows: [either], profiles: { workers: [durableDedupe()] } })
  }
  expect(check).toBeTypeOf('function')
})

it('preflight requires a partition on Durable Objects only', () => {
  const findings = (of: typeof without, providers: Parameters<typeof preflightProfile>[1]) =>
    preflightProfile([of], providers, [], { profile: 'workers' })
  const [found, ...more] = findings(without, partitions)
  expect(more).toEqual([])
  expect(found).toMatchObject({ code: 'EXACT004', location: { node: 'place', profile: 'workers' } })
  expect(found?.message).toMatch(/add idempotency\.partition/)
  expect(findings(withPartition, partitions)).toEqual([])
  expect(findings(without, [memory()])).toEqual([])
  expect(findings(withPartition, [memory()])).toEqual([])
})

it('the verdict of each profile names how the node is committed', () => {
  const verdicts = (of: typeof without | typeof either, providers: Parameters<typeof atomicVerdicts>[1]) =>
    atomicVerdicts([of], providers).map(({ verdict }) => verdict)
  expect(verdicts(withPartition, partitions)).toEqual(['one transaction in each partition'])
  expect(verdicts(withPartition, [memory()])).toEqual(['one transaction'])
  expect(verdicts(either, partitions)).toEqual(['unknown: never'])
  expect(verdicts(either, [memory()])).toEqual(['one transaction'])
})
