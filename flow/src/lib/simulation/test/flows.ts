/** Flows under simulation: an order charged at a sink of each kind, under each policy. */
import * as z from 'zod'
import { flow } from '../../flow.ts'
import type { UnknownAnswer } from '../../idempotency.ts'
import { node } from '../../node.ts'
import { manual } from '../../trigger.ts'
import { createSink, type Sink, type SinkKind } from '../sink.ts'

const Order = z.object({ orderId: z.string() })
const Charged = z.object({ chargeId: z.string() })

export interface OrderOptions {
  readonly sink: SinkKind
  readonly unknown: 'never' | 'again' | 'ask'
  readonly begins?: 'handler' | 'effect'
}

/** An order that is charged once, and its gateway. The step retries by itself, as careful users have it. */
export function orderFlow({ sink, unknown, begins = 'effect' }: OrderOptions) {
  const gateway = createSink({ kind: sink, name: 'gateway' })
  const charge = node('charge', {
    input: Order,
    output: Charged,
    uses: { kv: 'write' },
    idempotency: {
      key: '/orderId',
      lease: '1s',
      begins,
      unknown:
        unknown === 'ask'
          ? ({ idempotencyKey, fencingToken }) => ask(gateway, idempotencyKey, fencingToken)
          : unknown,
    },
    async run(_order, { effect, idempotencyKey, fencingToken }) {
      return { chargeId: await effect(() => gateway.make(idempotencyKey, fencingToken)) }
    },
  })
  const order = flow('order', {
    trigger: manual({ input: Order }),
    graph: (input, step) => step(charge, input, { retry: { maxAttempts: 3, backoff: '20ms' } }),
  })
  return { order, gateway }
}

async function ask(
  gateway: Sink,
  key: string,
  fencingToken: number,
): Promise<UnknownAnswer<{ chargeId: string }>> {
  const receipt = await gateway.ask(key, fencingToken)
  if (receipt !== null) return { done: { chargeId: receipt } }
  if (gateway.kind === 'fencing') return { notDone: 'fenced' }
  return gateway.kind === 'closing' ? { notDone: 'closed' } : 'unknown'
}
