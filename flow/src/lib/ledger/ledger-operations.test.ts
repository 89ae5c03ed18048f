import { createHash } from 'node:crypto'
import { createDedupeStore, ResourceBag, silentLogger } from '@flowport/capabilities'
import { memoryDedupeDriver } from '@flowport/capabilities/memory'
import { ManualClock } from '@flowport/capabilities/testing'
import { describe, expect, it } from 'vitest'
import * as z from 'zod'
import { defineApp } from '../app.ts'
import { flow } from '../flow.ts'
import { node } from '../node.ts'
import { createRuntime } from '../runtime/runtime.ts'
import { manual } from '../trigger.ts'
import { Addresses } from './addresses.ts'
import { type LedgerEvent, ledgerOperations } from './ledger-operations.ts'

const Order = z.object({ id: z.string() })
const Charge = z.object({ charge: z.string() })
let runs = 0
const charge = node('charge', {
  input: Order,
  output: Charge,
  uses: { http: 'write' },
  idempotency: { key: '/id', ttl: '1h', unknown: 'never' },
  run: ({ id }) => {
    runs += 1
    return { charge: `made for ${id}` }
  },
})
const orders = flow('orders', { trigger: manual({ input: Order }), graph: (it, step) => step(charge, it) })
const app = defineApp({ flows: [orders], profiles: {} })

/** A ledger in which the holder of order 7 was lost after its effect had begun. */
async function lost() {
  runs = 0
  const clock = new ManualClock()
  const dedupe = createDedupeStore(memoryDedupeDriver({ clock }))
  const begin = (key: string | Uint8Array) =>
    dedupe.begin(key, { leaseMs: 1000, fingerprint: '{"id":"7"}', started: true })
  const holder = await begin('orders/charge:7')
  if (holder.state !== 'fresh') return expect.fail('a new key must be fresh')
  await clock.advance(1001)
  const lines: unknown[] = []
  const events: LedgerEvent[] = []
  const ledger = ledgerOperations(app, {
    dedupe,
    clock,
    log: { warn: (...line: unknown[]) => void lines.push(line) },
    audit: (event) => void events.push(event),
  })
  const bag = ResourceBag.empty().with('dedupe', dedupe).with('clock', clock)
  const runtime = createRuntime(bag.with('http', {} as never), { log: silentLogger })
  const run = () => runtime.invoke(orders, { input: { id: '7' } })
  const runAs = (principal: string) => runtime.invoke(orders, { input: { id: '7' }, metadata: { principal } })
  const said = { fence: holder.fence, by: 'anna', why: 'asked the bank' }
  return { clock, dedupe, begin, ledger, events, lines, run, runAs, said, fence: holder.fence }
}

const address = { flow: 'orders', node: 'charge', id: '7' }

describe('ledgerOperations', () => {
  it('lists unknown keys by flow, node and key, and keys of something else as they are', async () => {
    const { ledger, begin, clock, fence } = await lost()
    await begin('orders/unheard:7')
    await begin(new Uint8Array([7]))
    await clock.advance(1001)
    const { keys, cursor } = await ledger.list()
    expect(cursor).toBeNull()
    expect(keys).toHaveLength(3)
    expect(keys).toContainEqual({ key: 'orders/charge:7', address, fence, sinceMs: 1002 })
    expect(keys.filter((one) => one.address === null)).toHaveLength(2)
    expect((await ledger.list({ limit: 2 })).cursor).not.toBeNull()
  })

  it('finds a key in a partition by its address, with the partition, and by its text', async () => {
    const { ledger, begin, clock } = await lost()
    const key = '@acme/orders/charge:9'
    await begin(key)
    await clock.advance(1001)
    const within = { flow: 'orders', node: 'charge', id: '9', partition: 'acme' }
    expect((await ledger.list()).keys).toContainEqual(expect.objectContaining({ key, address: within }))
    for (const given of [within, key])
      expect(await ledger.show(given)).toMatchObject({ key, address: within, state: 'unknown' })
  })

  it('shows a key by its address and by its text', async () => {
    const { ledger, fence } = await lost()
    const shown = { key: 'orders/charge:7', address, state: 'unknown', fingerprint: '{"id":"7"}', fence }
    expect(await ledger.show(address)).toMatchObject(shown)
    expect(await ledger.show('orders/charge:7')).toMatchObject(shown)
    expect(await ledger.show({ ...address, id: '8' })).toMatchObject({ state: 'free' })
    await expect(ledger.show({ ...address, node: 'refund' })).rejects.toMatchObject({
      kind: 'NotFound',
      message: expect.stringContaining('orders/charge'),
    })
  })

  it('settled as done, the next run gets the result without making the effect', async () => {
    const { ledger, run, said, events, lines, clock } = await lost()
    const settled = await ledger.settle(address, {
      ...said,
      outcome: { done: { charge: 'ch_1' }, caller: null },
    })
    expect(settled).toMatchObject({ address, key: 'orders/charge:7', outcome: 'done' })
    expect(await run()).toEqual({ charge: 'ch_1' })
    expect(runs).toBe(0)
    expect(events.map(({ phase }) => phase)).toEqual(['taken over', 'settled'])
    expect(events[0]).toMatchObject({ address, by: 'anna', why: 'asked the bank', at: clock.now() })
    expect(lines).toHaveLength(2)
    expect(JSON.stringify(lines)).toContain('LEDGER_SETTLED')
    expect(JSON.stringify(lines)).not.toContain('ch_1')
    // The result is kept as long as the node keeps its own.
    await clock.advance(3_600_000)
    expect(await ledger.show(address)).toMatchObject({ state: 'free' })
  })

  it('settled as not done, the next run makes the effect', async () => {
    const { ledger, run, said } = await lost()
    await ledger.settle('orders/charge:7', { ...said, outcome: { notDone: true } })
    expect(await run()).toEqual({ charge: 'made for 7' })
    expect(runs).toBe(1)
  })

  it('a result the node cannot have is refused before anything is taken over', async () => {
    const { ledger, said, fence } = await lost()
    for (const done of [{ charge: 7 }, null, 'ch_1']) {
      await expect(
        ledger.settle(address, { ...said, outcome: { done, caller: null } }),
      ).rejects.toMatchObject({
        kind: 'InvalidInput',
        code: 'LEDGER_RESULT',
        message: expect.stringContaining('orders/charge'),
      })
    }
    expect(await ledger.show(address)).toMatchObject({ state: 'unknown', fence })
  })

  it('a result is for the principal whose request it was, and for runs without a caller', async () => {
    const { ledger, said, runAs, run } = await lost()
    const done = { charge: 'ch_1' }
    for (const caller of [undefined, '']) {
      const outcome = caller === undefined ? { done } : { done, caller }
      await expect(ledger.settle(address, { ...said, outcome })).rejects.toMatchObject({
        code: 'LEDGER_CALLER',
      })
    }
    await ledger.settle(address, { ...said, outcome: { done, caller: 'ann' } })
    expect(await runAs('ann')).toEqual(done)
    await expect(runAs('bob')).rejects.toMatchObject({ cause: { code: 'IDEM_TAKEN' } })
    expect(await run()).toEqual(done)
  })

  it('a fence that was overtaken and a key that is settled are refused', async () => {
    const { ledger, said, dedupe, fence } = await lost()
    const taken = await dedupe.takeOver('orders/charge:7', { fence, leaseMs: 1000 })
    await dedupe.abandon('orders/charge:7', taken?.token ?? '')
    const settle = (seen: number) =>
      ledger.settle(address, { ...said, fence: seen, outcome: { notDone: true } })
    await expect(settle(fence)).rejects.toMatchObject({ code: 'LEDGER_FENCE' })
    await settle(taken?.fence ?? 0)
    await expect(settle(taken?.fence ?? 0)).rejects.toMatchObject({ code: 'LEDGER_NOT_UNKNOWN' })
  })

  it('a key of the app’s own is settled with any JSON, which begin gives unchanged', async () => {
    const { ledger, begin, clock, said } = await lost()
    const own = new Uint8Array([1, 2])
    await begin(own)
    await clock.advance(1001)
    const [found] = (await ledger.list()).keys.filter(({ key }) => key instanceof Uint8Array)
    const outcome = { done: { $: 1 } }
    await ledger.settle(own, { ...said, fence: found?.fence ?? 0, outcome })
    expect(await begin(own)).toEqual({ state: 'done', result: { $: 1 } })
  })
})

describe('the owner of a key that is settled', () => {
  /** The holder of order 7, begun for the owner, is lost. */
  async function lostFor(owner: string | undefined, key = 'orders/charge:7') {
    const parts = await lost()
    const { dedupe, clock, said } = parts
    await dedupe.forget('orders/charge:7')
    const request = { leaseMs: 1000, fingerprint: '{"id":"7"}', started: true }
    const held = await dedupe.begin(key, { ...request, ...(owner === undefined ? {} : { owner }) })
    if (held.state !== 'fresh') return expect.fail('a forgotten key must be fresh')
    await clock.advance(1001)
    return { ...parts, said: { ...said, fence: held.fence } }
  }
  const ann = createHash('sha256').update('ann').digest('hex')
  const done = { charge: 'ch_1' }

  it('gets the result, whether the settlement names the caller or leaves it out', async () => {
    for (const named of [{}, { caller: 'ann' }]) {
      const { ledger, runAs, run, said } = await lostFor(ann)
      await ledger.settle(address, { ...said, outcome: { done, ...named } })
      expect(await runAs('ann')).toEqual(done)
      expect(await run()).toEqual(done)
      await expect(runAs('bob')).rejects.toMatchObject({ cause: { code: 'IDEM_TAKEN' } })
    }
  })

  it('is never another one: a settlement that names somebody else, or everyone, is refused', async () => {
    for (const caller of ['bob', '', null]) {
      const { ledger, said } = await lostFor(ann)
      const settled = ledger.settle(address, { ...said, outcome: { done, caller } })
      await expect(settled).rejects.toMatchObject({ code: 'LEDGER_CALLER' })
      expect((await ledger.show(address)).state).toBe('unknown')
    }
  })

  it('is nobody for a request without a principal: the result is for everyone, and a name is refused', async () => {
    const { ledger, runAs, said } = await lostFor('nobody')
    const named = ledger.settle(address, { ...said, outcome: { done, caller: 'ann' } })
    await expect(named).rejects.toMatchObject({ code: 'LEDGER_CALLER' })
    await ledger.settle(address, { ...said, outcome: { done } })
    expect(await runAs('ann')).toEqual(done)
    expect(await runAs('bob')).toEqual(done)
  })

  it('is kept for a key whose node the settling app does not have', async () => {
    const { ledger, dedupe, said } = await lostFor(ann, 'orders/former:7')
    await ledger.settle('orders/former:7', { ...said, outcome: { done } })
    const found = await dedupe.look('orders/former:7')
    expect(found).toMatchObject({ state: 'done', owner: ann, result: { owner: ann, value: done } })
  })
})

describe('addresses', () => {
  it('of nodes whose names begin alike, and of keys with colons, are told apart', () => {
    const it = node('x', {
      input: Order,
      uses: { http: 'write' },
      idempotency: { key: '/id', unknown: 'never' },
      run: (order) => order,
    })
    const named = (name: string) =>
      flow(name, { trigger: manual({ input: Order }), graph: (order, step) => step(it, order) })
    const addresses = new Addresses({ flows: [named('a'), named('ab')] })
    expect(addresses.of('a/x:1:2')?.address).toEqual({ flow: 'a', node: 'x', id: '1:2' })
    expect(addresses.of('ab/x:a/x:1')?.address).toEqual({ flow: 'ab', node: 'x', id: 'a/x:1' })
    for (const other of ['a/y:1', 'a/x', ':', '', 'b:a/x:1']) expect(addresses.of(other)).toBeNull()
  })
})
