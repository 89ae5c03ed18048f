/** Simulated processes that charge through one ledger: they can die, stop, and lose the ledger's answers. */
import {
  type Clock,
  CapabilityError,
  createDedupeStore,
  type Layer,
  openProviders,
  ResourceBag,
  silentLogger,
} from '@flowport/capabilities'
import { memoryDedupeDriver } from '@flowport/capabilities/memory'
import { ManualClock } from '@flowport/capabilities/testing'
import { createRuntime, flow, type GuardedIdempotency, manual, node, type NodeContext } from '@flowport/flow'
import { sqlite } from '@flowport/presets/sqlite'
import { join } from 'node:path'
import * as z from 'zod'
import { tempFolder } from '../temp-folder.ts'
import type { Charge } from './sinks.ts'

export const leaseMs = 10_000
const Order = z.object({ id: z.string() })
const Charged = z.object({ charge: z.string() })

export type Handler = (context: NodeContext<Record<never, never>>) => Promise<Charge>
export type Policy = Pick<GuardedIdempotency<{ id: string }, Charge>, 'unknown' | 'begins'>

export interface World {
  readonly clock: ManualClock
  /** Binds the ledger as a separate process would, over the shared store. */
  bag(layers: readonly Layer[]): Promise<ResourceBag>
  close(): Promise<void>
}

export function memoryWorld(): World {
  const clock = new ManualClock()
  const driver = memoryDedupeDriver({ clock })
  return {
    clock,
    bag: async (layers) => ResourceBag.empty().with('dedupe', createDedupeStore(driver, { layers })),
    close: async () => {},
  }
}

/** A world in which every process opens the SQLite file separately. */
export function sqliteWorld(): World {
  const clock = new ManualClock()
  const path = join(tempFolder(), 'ledger.sqlite')
  const opened: ResourceBag[] = []
  return {
    clock,
    async bag(layers) {
      const provider = sqlite({ path, clock, synchronous: 'NORMAL', layers: () => layers })
      const context = { env: {}, log: silentLogger, clock, bindings: {} }
      const bag = await openProviders([provider], { clock, others: new Map() }, context)
      opened.push(bag)
      return bag
    },
    async close() {
      for (const bag of opened.splice(0)) await bag.close()
    },
  }
}

export interface ProcessOptions {
  readonly policy: Policy
  readonly handler: Handler
  readonly retry?: number
  /** Default: the world's clock. A process with a clock that never advances is dead: it renews no leases. */
  readonly clock?: Clock
  readonly layers?: readonly Layer[]
}

/** Returns a process that charges the order `a`. Each call resolves to the charge, or to the error's code. */
export async function processOf(
  world: World,
  { policy, handler, retry, clock = world.clock, layers = [] }: ProcessOptions,
): Promise<() => Promise<string>> {
  const charge = node('charge', {
    input: Order,
    output: Charged,
    idempotency: { key: '/id', lease: leaseMs, ...policy },
    run: (_, context) => handler(context),
  })
  const options = retry === undefined ? {} : { retry: { maxAttempts: retry, backoff: 0 } }
  const charging = flow('charging', {
    trigger: manual({ input: Order }),
    graph: (order, step) => step(charge, order, options),
  })
  const runtime = createRuntime(await world.bag(layers), { clock })
  return () =>
    runtime.invoke(charging, { input: { id: 'a' } }).then(
      (answer) => (answer as Charge).charge,
      (error: { cause: { code?: string; message: string } }) => error.cause.code ?? error.cause.message,
    )
}

/** A layer that loses the answer of the first call of one operation of the ledger. */
export function losesAnswerOf(operation: string, retryable: 'never' | 'temporary' = 'never'): Layer {
  let isLost = false
  return {
    name: 'loses an answer',
    async around(call, next) {
      const answer = await next(call)
      if (call.operation !== operation || isLost) return answer
      isLost = true
      throw new CapabilityError('Unavailable', 'the answer was lost', { retryable, applied: 'unknown' })
    },
  }
}

/** Advances the clock until the promise settles, for at most a minute. */
export async function whileTimePasses<T>({ clock }: World, promise: Promise<T>): Promise<T> {
  let isSettled = false
  const outcome = promise.finally(() => {
    isSettled = true
  })
  outcome.catch(() => undefined)
  for (let step = 0; step < 1_200 && !isSettled; step++) await clock.advance(50)
  return outcome
}
