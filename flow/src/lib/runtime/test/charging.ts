/** A flow with one node that charges an order, run by processes that share a ledger. */
import { createDedupeStore, createKeyValue, type DedupeDriver, ResourceBag } from '@flowport/capabilities'
import { memoryDedupeDriver, memoryKvDriver } from '@flowport/capabilities/memory'
import { ManualClock } from '@flowport/capabilities/testing'
import * as z from 'zod'
import type { Duration } from '../../duration.ts'
import { flow } from '../../flow.ts'
import type { Idempotency } from '../../idempotency.ts'
import { type NodeContext, node } from '../../node.ts'
import { manual } from '../../trigger.ts'
import { createRuntime } from '../runtime.ts'

export const Order = z.object({ id: z.string(), amount: z.number() })
export type Order = z.output<typeof Order>
export const Charge = z.object({ charge: z.string() })
export type Charge = z.output<typeof Charge>

export interface Stores {
  readonly clock: ManualClock
  readonly ledger: DedupeDriver
  readonly entries: ReturnType<typeof memoryKvDriver>
}

export function memoryStores(): Stores {
  const clock = new ManualClock()
  return { clock, ledger: memoryDedupeDriver({ clock }), entries: memoryKvDriver({ clock }) }
}

export interface ChargingOptions {
  readonly idempotency: Idempotency<Order, Charge, { readonly kv: 'write' }>
  readonly run: (order: Order, context: NodeContext<{ readonly kv: 'write' }>) => Promise<Charge> | Charge
  readonly step?: {
    readonly timeout?: Duration
    readonly retry?: { readonly maxAttempts: number; readonly backoff: Duration }
  }
  /** Default: the stores' own, which is that of a process that lives. A clock that nobody moves is that of a dead one. */
  readonly clock?: ManualClock
}

/** One process: charges an order through the flow. */
export function charging(stores: Stores, { idempotency, run, step: options = {}, clock }: ChargingOptions) {
  const charge = node('charge', { input: Order, output: Charge, uses: { kv: 'write' }, idempotency, run })
  const charges = flow('charging', {
    trigger: manual({ input: Order }),
    graph: (order, step) => step(charge, order, options),
  })
  const bag = ResourceBag.empty()
    .with('dedupe', createDedupeStore(stores.ledger))
    .with('kv', createKeyValue(stores.entries, { clock: stores.clock }))
  const runtime = createRuntime(bag, { clock: clock ?? stores.clock })
  return (id = 'a') => runtime.invoke(charges, { input: { id, amount: 1 } })
}
