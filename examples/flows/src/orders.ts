/** Orders: the charge is an effect that must happen once, despite retries, crashes and concurrent requests. */
import { flow, http, node } from '@flowport/flow'
import * as z from 'zod'
import { charge, countCharges } from './payments.ts'

const orderId = z.string().min(1).max(100)
const Order = z.object({ orderId, amountCents: z.number().int().positive().max(100_000_000) })
const Charged = z.object({ orderId, amountCents: z.number().int(), chargeId: z.string() })
const OrderId = z.object({ orderId })

const chargeOrder = node('charge', {
  summary: 'Charges an order, once per order id',
  input: Order,
  output: Charged,
  uses: { 'http:payments': 'write' },
  // The gateway charges on every call and cannot look up a charge by key. If its answer is lost, the outcome is unknown and a
  // person must settle it.
  idempotency: { key: '/orderId', unknown: 'never', begins: 'effect', ttl: '7d', lease: '10s' },
  async run({ orderId, amountCents }, { 'http:payments': gateway, idempotencyKey }) {
    const chargeId = await charge(gateway, { orderId, amountCents }, idempotencyKey ?? orderId)
    return { orderId, amountCents, chargeId }
  },
})

const count = node('count-charges', {
  input: OrderId,
  output: z.object({ orderId, charges: z.number().int() }),
  uses: { 'http:payments': 'read' },
  async run({ orderId }, { 'http:payments': gateway }) {
    return { orderId, charges: await countCharges(gateway, orderId) }
  },
})

const tags = ['orders']

export const postOrder = flow('post-order', {
  summary: 'Charges an order, at most once',
  tags,
  trigger: http.post('/orders', { input: Order, status: 201, idempotency: 'optional' }),
  graph: (order, step) => step(chargeOrder, order),
})

export const getOrder = flow('get-order', {
  summary: 'Shows how often the payment gateway has charged an order',
  tags,
  trigger: http.get('/orders/:orderId', { input: OrderId }),
  graph: (order, step) => step(count, order),
})
