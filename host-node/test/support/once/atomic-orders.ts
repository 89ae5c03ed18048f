/**
 * Orders over a SQLite file. An atomic node writes a counter, a row and a message for each order; a node whose effect begins
 * with its first write stores a row for each.
 */
import { type Clock, openProviders, type Queue, silentLogger } from '@flowport/capabilities'
import { createRuntime, flow, manual, node } from '@flowport/flow'
import { sqlite } from '@flowport/presets/sqlite'
import * as z from 'zod'

const Order = z.object({ id: z.string() })

const place = node('place', {
  input: Order,
  uses: { kv: 'write', queue: 'publish' },
  idempotency: { key: '/id', atomic: true },
  async run({ id }, { kv, queue }) {
    const count = Number((await kv.get('count')) ?? 0) + 1
    await kv.put('count', String(count))
    await kv.put(`row/${id}`, 'placed', { ifAbsent: true })
    await queue.send({ ship: id })
    return count
  },
})
const placing = flow('placing', {
  trigger: manual({ input: Order }),
  graph: (order, step) => step(place, order),
})

const note = node('note', {
  input: Order,
  uses: { kv: 'write' },
  idempotency: { key: '/id', unknown: 'never', begins: 'effect' },
  async run({ id }, { kv }) {
    await kv.get(`row/${id}`)
    await kv.put(`row/${id}`, 'noted', { ifAbsent: true })
    return id
  },
})
const noting = flow('noting', {
  trigger: manual({ input: Order }),
  graph: (order, step) => step(note, order),
})

/** Opens a separate app over the file. */
export async function openOrders(path: string, clock: Clock) {
  const context = { env: {}, log: silentLogger, bindings: {} }
  const host = { clock, others: new Map() }
  const bag = await openProviders([sqlite({ path, synchronous: 'NORMAL' })], host, context)
  const runtime = createRuntime(bag, { clock })
  return {
    place: (id: string) => runtime.invoke(placing, { input: { id } }),
    note: (id: string) => runtime.invoke(noting, { input: { id } }),
    /** Returns whether each order has a row, and the state of its note's key. */
    async notes(ids: readonly string[]) {
      const kv = bag.require('kv')
      const dedupe = bag.require('dedupe')
      const look = async (id: string) => ({
        hasRow: (await kv.get(`row/${id}`)) !== null,
        state: (await dedupe.look(`noting/note:${id}`)).state,
      })
      return Promise.all(ids.map(look))
    },
    /** Returns the counter and the number of rows, records and messages. Receives the messages. */
    async counts(ids: readonly string[]) {
      const kv = bag.require('kv')
      const dedupe = bag.require('dedupe')
      const queue: Queue = bag.require('queue')
      const states = await Promise.all(ids.map((id) => dedupe.look(`placing/place:${id}`)))
      return {
        counter: Number((await kv.get('count')) ?? 0),
        rows: (await kv.list({ prefix: 'row/' })).keys.length,
        records: states.filter(({ state }) => state === 'done').length,
        messages: (await queue.receive({ limit: 100, leaseMs: 1 })).length,
        unknown: states.filter(({ state }) => state === 'unknown').length,
      }
    },
    close: () => bag.close(),
  }
}
