/** Orders placed by an atomic node over `durable-partitions`: a counter, and a row for each order, all in one partition. */
import { type Clock, openProviders, silentLogger } from '@flowport/capabilities'
import { createRuntime, flow, manual, node, problem } from '@flowport/flow'
import { durablePartitions } from '@flowport/presets/durable-partitions'
import * as z from 'zod'

const Order = z.object({ shop: z.string(), id: z.string() })
type Order = z.output<typeof Order>

const place = node('place', {
  input: Order,
  uses: { kv: 'write' },
  idempotency: { key: '/id', atomic: true, partition: '/shop' },
  async run({ shop, id }, { kv }) {
    const count = Number((await kv.get(`${shop}/count`)) ?? 0) + 1
    await kv.put(`${shop}/count`, String(count))
    if (id.startsWith('refused'))
      throw problem({ status: 409, code: 'SOLD_OUT', title: 'Sold out', details: { count } })
    await kv.put(`${shop}/row/${id}`, 'placed', { ifAbsent: true })
    return count
  },
})
const placing = flow('placing', {
  trigger: manual({ input: Order }),
  graph: (order, step) => step(place, order),
})

export async function openOrders(bindings: Readonly<Record<string, unknown>>, clock: Clock) {
  const context = { env: {}, log: silentLogger, bindings }
  const bag = await openProviders([durablePartitions()], { clock, others: new Map() }, context)
  const runtime = createRuntime(bag, { clock })
  return {
    place: (order: Order) => runtime.invoke(placing, { input: order }),
    /** Returns the counter and the number of rows and records. */
    async counts(shop: string, ids: readonly string[]) {
      const kv = bag.require('kv')
      const dedupe = bag.require('dedupe')
      const states = await Promise.all(ids.map((id) => dedupe.look(`@${shop}/placing/place:${id}`)))
      const { keys } = await dedupe.unknowns()
      return {
        counter: Number((await kv.get(`${shop}/count`)) ?? 0),
        rows: (await kv.list({ prefix: `${shop}/row/` })).keys.length,
        records: states.filter(({ state }) => state === 'done').length,
        unknown: keys.length,
      }
    },
  }
}
