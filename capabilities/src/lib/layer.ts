/** Layers wrap every operation of a capability. `createPipeline` composes them; the driver is the next stop. */
import { appliedOf, withApplied } from './applied.ts'
import { cancelled } from './cancelled.ts'
import { type CapabilityError, toCapabilityError } from './error.ts'
import type { Domain } from './guarantees/domains.ts'
import type { BlobDriver } from './blob/driver.ts'
import type { CacheDriver } from './cache/driver.ts'
import type { DedupeDriver } from './dedupe/driver.ts'
import type { Awaitable, KvDriver } from './kv/driver.ts'
import { type Operation, operations } from './operations.ts'
import type { StateDriver } from './state/driver.ts'
import { anySignal } from './stream.ts'
import type { TransactionScope } from './transaction/changes.ts'

/** One operation on its way through the layers. */
export interface Call extends Operation {
  /** The resource's name in the bag, such as `kv` or `kv:sessions`. */
  readonly capability: string
  readonly operation: string
  readonly key: string | undefined
  /** 1 for the first try. */
  readonly attempt: number
  readonly signal: AbortSignal | undefined
  /** Milliseconds since the epoch after which the caller no longer needs an answer. */
  readonly deadline: number | undefined
  /** Whether the caller retries on its own: retry layers then do not retry the call. */
  readonly isRetried?: boolean
  /** The streamed body that this call reads. After a first read (`touched`), the call cannot be replayed. */
  readonly body?: { readonly touched: boolean } | undefined
}

/** Passes the call to the next layer. Pass a changed copy to change the call: `next({ ...call, attempt: 2 })`. */
export type Next<T> = (call: Call) => Promise<T>

/** Wraps the operations or the driver of a resource. In a list of layers, the first is the outermost. */
export interface Layer {
  readonly name: string
  /** Wraps each operation. */
  around?<T>(call: Call, next: Next<T>): Promise<T>
  /** Wraps the driver, for changes to arguments and answers, such as a key prefix. */
  readonly wrap?: DriverWraps
}

/** A layer's driver wrappers by domain. The driver of an absent domain stays unchanged. */
export interface DriverWraps {
  readonly kv?: (driver: KvDriver) => KvDriver
  readonly blob?: (driver: BlobDriver) => BlobDriver
  readonly dedupe?: (driver: DedupeDriver) => DedupeDriver
  readonly state?: (driver: StateDriver) => StateDriver
  readonly cache?: (driver: CacheDriver) => CacheDriver
}

/** Everything a run passes to the calls made for it. */
export interface CallScope {
  readonly signal?: AbortSignal | undefined
  /** Milliseconds since the epoch. */
  readonly deadline?: number | undefined
  /**
   * Wraps each write of these calls: it can refuse or delay the write, and observes its outcome. `database` is the store's
   * `info.transaction` when the `transaction` below created its driver, else `undefined`.
   */
  readonly aroundWrite?: <T>(
    domain: Domain,
    write: () => Promise<T>,
    database: string | undefined,
  ) => Promise<T>
  /** Creates the drivers these calls use for key-value stores and for sending to queues. Default: the stores' own drivers. */
  readonly transaction?: TransactionScope | undefined
  /** Whether the caller retries on its own: the resource's retry layers then do not retry these calls. */
  readonly isRetried?: boolean | undefined
}

interface BoundCall extends Call {
  readonly execute: (call: Call) => Awaitable<unknown>
}

/** Sends one operation through the layers to `execute`, which calls the driver. */
export interface Pipeline {
  readonly capability: string
  readonly layers: readonly string[]
  /** Whether no layer wraps calls. A hot path may then call its driver directly, unless its scope has `aroundWrite`. */
  readonly isBare: boolean
  run<T>(
    operation: string,
    key: string | undefined,
    options: CallScope | undefined,
    scope: CallScope | undefined,
    execute: (call: Call) => Awaitable<T>,
    body?: { readonly touched: boolean },
  ): Promise<T>
}

/**
 * Composes the layers of one resource.
 *
 * @param database The store's `info.transaction`. Passed by portable types whose driver a scope's `transaction` can replace.
 */
export function createPipeline(
  domain: Domain,
  capability: string,
  layers: readonly Layer[],
  database?: string,
): Pipeline {
  const table: Readonly<Record<string, Operation>> = operations[domain]
  const enter = layers.reduceRight<Next<unknown>>(enclose, atDriver)
  return {
    capability,
    layers: layers.map(({ name }) => name),
    isBare: enter === atDriver,
    run<T>(
      operation: string,
      key: string | undefined,
      options: CallScope | undefined,
      scope: CallScope | undefined,
      execute: (call: Call) => Awaitable<T>,
      body?: { readonly touched: boolean },
    ): Promise<T> {
      const spec = table[operation] as Operation
      const call: BoundCall = {
        capability,
        operation,
        key,
        effect: spec.effect,
        replayable: spec.replayable,
        attempt: 1,
        signal: anySignal(options?.signal, scope?.signal),
        deadline: options?.deadline ?? scope?.deadline,
        isRetried: scope?.isRetried === true,
        body,
        execute,
      }
      if (spec.effect === 'write' && scope?.aroundWrite !== undefined) {
        const replaced = scope.transaction === undefined ? undefined : database
        const written = scope.aroundWrite(domain, () => begin<T>(enter, call), replaced)
        return written.catch((error: unknown) => {
          throw toCapabilityError(error, { capability, operation, key })
        })
      }
      return begin<T>(enter, call)
    },
  }
}

function begin<T>(enter: Next<unknown>, call: Call): Promise<T> {
  const answer = enter(call) as Promise<T>
  immediate = undefined
  return answer
}

/** The latest answer that a driver gave synchronously, while it passes through the layers on its way out of `run`. */
let immediate: Promise<unknown> | undefined

/**
 * Whether `answer`, just returned by `next`, is the driver's synchronous answer: the call has succeeded, so a layer can
 * return it unchanged and save a timer, a clock read or a promise. `false` gives no information.
 */
export function isImmediate(answer: Promise<unknown>): boolean {
  return answer === immediate
}

/** Whether the call can be repeated safely. */
export function isReplayable(call: Call): boolean {
  return call.replayable && call.body?.touched !== true
}

/** Wraps the driver with the `wrap` of every layer; the first layer is the outermost. */
export function wrapDriver<D extends keyof DriverWraps>(
  domain: D,
  driver: Parameters<NonNullable<DriverWraps[D]>>[0],
  layers: readonly Layer[],
): Parameters<NonNullable<DriverWraps[D]>>[0] {
  return layers.reduceRight((inner, { wrap }) => {
    const around = wrap?.[domain] as ((driver: typeof inner) => typeof inner) | undefined
    return around === undefined ? inner : around(inner)
  }, driver)
}

function enclose(next: Next<unknown>, layer: Layer): Next<unknown> {
  if (layer.around === undefined) return next
  const around: NonNullable<Layer['around']> = layer.around.bind(layer)
  return (call) => {
    try {
      return around(call, next)
    } catch (error) {
      // The layers outside expect a promise, also from a layer that throws synchronously.
      return Promise.reject(toCapabilityError(error, call))
    }
  }
}

/** Calls the driver. Not `async`: a driver that answers synchronously costs one promise and no wait. */
function atDriver(call: Call): Promise<unknown> {
  if (call.signal?.aborted) return Promise.reject(cancelled(call, 'no'))
  let answer: Awaitable<unknown>
  try {
    answer = (call as BoundCall).execute(call)
  } catch (error) {
    return Promise.reject(failure(error, call))
  }
  if (typeof answer === 'object' && answer !== null && 'then' in answer) {
    return Promise.resolve(answer).then(undefined, (error: unknown) => {
      throw failure(error, call)
    })
  }
  immediate = Promise.resolve(answer)
  return immediate
}

/** Returns the error of a call whose driver threw or rejected. */
export function failure(
  error: unknown,
  call: Pick<Call, 'capability' | 'operation' | 'key' | 'signal' | 'effect'>,
): CapabilityError {
  const failed = call.signal?.aborted ? cancelled(call, appliedOf(error)) : toCapabilityError(error, call)
  // A failed read has changed nothing.
  return call.effect === 'read' ? withApplied(failed, 'no') : failed
}
