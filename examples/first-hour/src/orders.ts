/** Orders: accepted over HTTP, queued, then labelled by a carrier. Retries cover the carrier's short outages. */
import { flow, http, node, problem, queue } from '@flowport/flow'
import { toStandardJsonSchema } from '@valibot/to-json-schema'
import * as v from 'valibot'

const Order = toStandardJsonSchema(
  v.object({
    id: v.pipe(v.string(), v.minLength(1), v.maxLength(100)),
    item: v.pipe(v.string(), v.minLength(1), v.maxLength(200)),
    quantity: v.optional(v.pipe(v.number(), v.integer(), v.minValue(1)), 1),
  }),
)
const OrderId = toStandardJsonSchema(v.object({ id: v.string() }))
export const Placed = toStandardJsonSchema(
  v.object({
    id: v.string(),
    item: v.string(),
    quantity: v.number(),
    by: v.optional(v.string()),
    label: v.optional(v.string()),
  }),
)
const Label = v.object({ label: v.string() })

export const keyOf = (id: string) => `orders/${id}`

const place = node('place', {
  summary: 'Stores an order and queues its label',
  input: Order,
  output: Placed,
  uses: { kv: { access: 'write', consistency: 'strong' }, 'queue:labels': 'publish' },
  // Safe to repeat: the carrier returns the same label for the same order id.
  idempotency: { key: '/id', unknown: 'again', sink: 'keyed' },
  async run(order, { kv, 'queue:labels': labels, metadata }) {
    const by = metadata['principal']
    const placed = typeof by === 'string' ? { ...order, by } : order
    await kv.put(keyOf(order.id), { json: placed })
    await labels.send({ id: order.id })
    return placed
  },
})

const find = node('find-order', {
  input: OrderId,
  output: Placed,
  uses: { kv: { access: 'read', consistency: 'strong' } },
  async run({ id }, { kv }) {
    const placed = await kv.get(keyOf(id), { schema: Placed })
    if (placed === null) throw problem({ status: 404, code: 'NO_ORDER', title: 'There is no such order' })
    return placed
  },
})

const askCarrier = node('ask-carrier', {
  summary: 'Buys a label, one per order even when it is asked repeatedly',
  input: Placed,
  output: Placed,
  uses: { http: 'write', secrets: 'read' },
  idempotency: { key: '/id', unknown: 'again', sink: 'keyed' },
  async run(order, { http, secrets, idempotencyKey }) {
    const carrier = (await secrets.get('CARRIER_URL')).reveal()
    const response = await http.fetch(`${carrier}/labels`, {
      method: 'POST',
      headers: { 'content-type': 'application/json', 'idempotency-key': idempotencyKey ?? order.id },
      body: JSON.stringify({ order: order.id }),
    })
    return { ...order, ...v.parse(Label, await response.json()) }
  },
})

const keep = node('keep', {
  input: Placed,
  uses: { kv: { access: 'write', consistency: 'strong' } },
  idempotency: 'natural',
  async run(order, { kv }) {
    await kv.put(keyOf(order.id), { json: order })
  },
})

export const putOrder = flow('put-order', {
  summary: 'Accepts an order',
  trigger: http.put('/orders/:id', { input: Order, status: 202 }),
  graph: (order, step) => step(place, order),
})

export const getOrder = flow('get-order', {
  summary: 'Shows an order',
  trigger: http.get('/orders/:id', { input: OrderId }),
  graph: (order, step) => step(find, order),
})

export const labelOrder = flow('label-order', {
  summary: 'Asks the carrier for a label',
  trigger: queue('labels', { input: OrderId, maxAttempts: 5 }),
  graph: (order, step) => step(keep, step(askCarrier, step(find, order), { retry: { maxAttempts: 3 } })),
})
