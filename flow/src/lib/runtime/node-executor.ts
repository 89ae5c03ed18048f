/** What running a node means: its context, its input checked, then ledger, retries and timeout around its handler. */
import {
  after,
  type Awaitable,
  type CallScope,
  CapabilityError,
  isCapabilityError,
  longestLifeMs,
  type ResourceBag,
  retryPause,
} from '@flowport/capabilities'
import type { StandardSchemaV1 } from '@standard-schema/spec'
import { toMilliseconds } from '../duration.ts'
import type { AnyFlow } from '../flow.ts'
import type { NodeVertex } from '../graph/graph.ts'
import type { Keyed } from '../idempotency.ts'
import { lastEventIdIn } from '../last-event-id.ts'
import type { AnyNode } from '../node.ts'
import { isOpaque, validate } from '../schema.ts'
import { transactional, whyNotAtomic } from '../atomic.ts'
import { refuseEffect, withTransaction } from './atomic-node.ts'
import { withLedger } from './ledger.ts'
import type { Attempts, Execute, HeldKey, KeyedExecute, RunView } from './run-view.ts'
import { ScopedRun } from './scoped-run.ts'

/** Compiles a vertex. `checkedAgainst` is the schema its value has already passed, if any. */
export function planNode(
  flow: AnyFlow,
  vertex: NodeVertex,
  checkedAgainst: StandardSchemaV1 | undefined,
  bag: ResourceBag,
): Execute {
  const { node, options, alias } = vertex
  const Context = contextClass(node, bag)
  const handler = node.handler as (input: unknown, context: object) => unknown
  const keyed = node.idempotency?.kind === 'keyed' ? node.idempotency : undefined
  const bare: KeyedExecute = (input, run, held) => handler(input, new Context(run, held))
  const around = (inner: Attempts): Attempts => {
    let each = inner
    if (options.timeout !== undefined) each = withTimeout(each, toMilliseconds(options.timeout), alias)
    if (options.retry === undefined) return each
    return withRetry(each, options.retry.maxAttempts, toMilliseconds(options.retry.backoff ?? 100))
  }
  let execute: Execute
  if (keyed === undefined) {
    const plain = around((input, run) => bare(input, run, undefined))
    execute = (input, run) => plain(input, run, undefined)
  } else {
    const ask = askerOf(keyed.unknown, Context)
    const place = `${flow.name}/${alias}`
    const guarded = { idempotency: keyed, place, store: bag.require('dedupe'), handler: bare, around }
    const atomic = atomicIn(bag, node, keyed, place)
    execute =
      atomic === null
        ? withLedger({ ...guarded, ask })
        : withTransaction({ ...guarded, isPartitioned: atomic.isPartitioned })
  }
  const { input } = node
  if (input === undefined || isOpaque(input) || input === checkedAgainst) return execute
  const what = `the input of "${alias}" does not fit`
  return (value, run) => {
    const checked = validate(input, value, what)
    return checked instanceof Promise
      ? checked.then((settled) => execute(settled, run))
      : execute(checked, run)
  }
}

/**
 * How the node's writes are committed with the record of its key; `null` where they are not.
 * @throws CapabilityError `EXACT004` when they must be and the stores of the bag are not in one database.
 */
function atomicIn(
  bag: ResourceBag,
  { uses }: AnyNode,
  { atomic, partitionOf }: Keyed,
  place: string,
): { readonly isPartitioned: boolean } | null {
  if (atomic === undefined) return null
  const found = transactional(uses, partitionOf !== undefined, (resource) => {
    const { info } = bag.control(resource)
    return typeof info === 'object' && info !== null ? info : null
  })
  if (found.kind === 'together') return found
  if (atomic === 'preferred') return null
  throw new CapabilityError('Misconfigured', whyNotAtomic(place, found) ?? '', { code: 'EXACT004' })
}

/**
 * One class per node: its getters look the run up, so making a context costs one small object, and a resource is
 * narrowed to the declared access and bound to the run only when the handler asks for it.
 */
function contextClass(
  node: AnyNode,
  bag: ResourceBag,
): new (
  run: RunView,
  held: HeldKey | undefined,
) => object {
  const isAtomic = node.idempotency?.kind === 'keyed' && node.idempotency.atomic !== undefined
  class Context {
    readonly #run: RunView
    readonly #held: HeldKey | undefined

    constructor(run: RunView, held: HeldKey | undefined) {
      this.#run = run
      this.#held = held
    }

    static scopeOf(context: Context): CallScope {
      return context.#run.scope
    }

    get signal() {
      return this.#run.signal
    }
    get log() {
      return this.#run.log
    }
    get metadata() {
      return this.#run.metadata
    }
    get deadline() {
      return this.#run.deadline
    }
    get lastEventId() {
      return lastEventIdIn(this.#run.metadata)
    }
    get idempotencyKey() {
      return this.#held?.key
    }
    get fencingToken() {
      return this.#held?.fence
    }
    get effect() {
      if (isAtomic) return refuseEffect
      return this.#held?.effect ?? makeAtOnce
    }
  }
  for (const { resource, access } of node.uses) {
    const { view } = bag.control(resource)
    Object.defineProperty(Context.prototype, resource, {
      enumerable: true,
      get(this: Context) {
        return view(access, Context.scopeOf(this))
      },
    })
  }
  return Context
}

/** Calls the function that asks the sink with what a handler gets, and with the input beside it. */
function askerOf(
  unknown: Keyed['unknown'],
  Context: ReturnType<typeof contextClass>,
): KeyedExecute | undefined {
  if (typeof unknown !== 'function') return undefined
  class Question extends Context {
    readonly input: unknown

    constructor(input: unknown, run: RunView, held: HeldKey | undefined) {
      super(run, held)
      this.input = input
    }
  }
  return (input, run, held) => unknown(new Question(input, run, held))
}

/** `effect()` of a node without a key. */
async function makeAtOnce<T>(make: () => Awaitable<T>): Promise<T> {
  return make()
}

function withTimeout(execute: Attempts, timeoutMs: number, alias: string): Attempts {
  return (input, run, guard) => {
    const controller = new AbortController()
    const scoped = new ScopedRun(run, { signal: () => AbortSignal.any([run.signal, controller.signal]) })
    return new Promise((resolve, reject) => {
      const work = Promise.resolve().then(() => execute(input, scoped, guard))
      const stop = after(run.clock, timeoutMs, () => {
        const error = new CapabilityError('Timeout', `"${alias}" took longer than its ${timeoutMs} ms`, {
          code: 'TIME015',
        })
        controller.abort(error)
        reject(error)
        // It may be deaf to its signal: the stores it works on are not closed under it.
        run.whenWorkEnds(work.then(nothing, nothing))
      })
      void work.then(resolve, reject).finally(stop)
    })
  }
}

const nothing = () => undefined

/**
 * Tries again on temporary errors, with full jitter, while the run lives and the idempotency key allows it. The retry layers
 * of the node's resources leave its calls alone meanwhile.
 */
function withRetry(execute: Attempts, maxAttempts: number, backoffMs: number): Attempts {
  return async (input, run, guard) => {
    const owning = new ScopedRun(run, { signal: () => run.signal, isRetried: true })
    for (let attempt = 1; ; attempt++) {
      try {
        return await execute(input, owning, guard)
      } catch (error) {
        // What took too long may still be at it: its effect must not be made a second time beside it.
        const isLate = guard !== undefined && isCapabilityError(error) && error.code === 'TIME015'
        const temporary = isCapabilityError(error) && error.retryable === 'temporary' && !isLate
        if (!temporary || attempt >= maxAttempts || run.signal.aborted) throw error
        if (guard?.mayRetry() === false) throw error
        const { retryAfterMs: askedMs } = error
        const random = run.rng.float()
        const delayMs = retryPause({ attempt, baseMs: backoffMs, maxMs: longestLifeMs, askedMs, random })
        if (run.deadline !== undefined && run.clock.now() + delayMs >= run.deadline) throw error
        await run.clock.sleep(delayMs, { signal: run.signal })
      }
    }
  }
}
