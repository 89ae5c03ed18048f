/** Orders: the charge is an effect that must happen once, whatever is retried, crashes or races. */
import { flow, http, node } from '@flowport/flow'
import * as z from 'zod'
import { charge, countCharges } from './fake-gateway.ts'

const orderId = z.string().min(1).max(100)
const Order = z.object({ orderId, amountCents: z.number().int().positive().max(100_000_000) })
const Charged = z.object({ orderId, amountCents: z.number().int(), chargeId: z.string() })
const OrderId = z.object({ orderId })

const chargeOrder = node('charge', {
  summary: 'Charges an order, once per order id',
  input: Order,
  output: Charged,
  uses: { kv: { access: 'write', consistency: 'strong', durability: 'durable', features: ['conditional'] } },
  // The gateway makes one charge per key, so that asking it again is safe.
  idempotency: { key: '/orderId', unknown: 'again', sink: 'keyed', ttl: '7d' },
  async run({ orderId, amountCents }, { kv, idempotencyKey }) {
    const { chargeId } = await charge(kv, orderId, amountCents, idempotencyKey ?? orderId)
    return { orderId, amountCents, chargeId }
  },
})

const count = node('count-charges', {
  input: OrderId,
  output: z.object({ orderId, charges: z.number().int() }),
  uses: { kv: { access: 'read', consistency: 'strong' } },
  async run({ orderId }, { kv }) {
    return { orderId, charges: await countCharges(kv, orderId) }
  },
})

const tags = ['orders']

export const postOrder = flow('post-order', {
  summary: 'Charges an order, at most once',
  tags,
  trigger: http.post('/orders', { input: Order, status: 201 }),
  graph: (order, step) => step(chargeOrder, order),
})

export const getOrder = flow('get-order', {
  summary: 'Tells how many charges were made for an order',
  tags,
  trigger: http.get('/orders/:orderId', { input: OrderId }),
  graph: (order, step) => step(count, order),
})
