/** Runs an effectful node inside the dedupe ledger: once per key, with lease, fencing and a stored result. */
import {
  CapabilityError,
  controlOf,
  type DedupeStore,
  isCapabilityError,
  isKind,
} from '@flowport/capabilities'
import canonicalize from 'canonicalize'
import { isBlobRef } from '../blob-ref.ts'
import type { NodeIdempotency } from '../node.ts'
import { decodeResult, encodeResult, lostResult } from './kept-result.ts'
import { Lease, type Moment, momentOf } from './lease.ts'
import type { Execute, KeyedExecute, RunView } from './run-view.ts'
import { ScopedRun } from './scoped-run.ts'

type Keyed = Extract<NodeIdempotency, { kind: 'keyed' }>

/** Longest wait for another holder before the caller is told to come back. */
const maxWaitMs = 2_000

/**
 * `handler` at most once per key, with what is put `around` it. `place` keeps keys of different nodes apart. A key is given
 * back only when its handler has ended: one that took too long, and does its work after all, is done.
 */
export function withLedger(
  handler: KeyedExecute,
  around: (handler: KeyedExecute) => KeyedExecute,
  idempotency: Keyed,
  place: string,
  store: DedupeStore,
): Execute {
  const { view } = controlOf('dedupe', store)
  return async (input, run) => {
    const key = `${place}:${keyFrom(idempotency, input, place)}`
    const ledger = view('write', run.scope) as DedupeStore
    const fingerprint = await fingerprintOf(input, run)
    const found = await take(ledger, key, fingerprint, idempotency.leaseMs, run)
    if (found.state === 'done') return decodeResult(found.result)
    // From here on the effect may happen: what the ledger is told must not be lost to a caller that went away.
    const record = view('write', undefined) as DedupeStore
    const { token, fence, asked } = found
    const { ttlMs, leaseMs } = idempotency
    const { clock, log } = run
    const lease = new Lease({ ledger: record, key, token, leaseMs, clock, log, asked })
    const holder: Holder = { record, key, token, ttlMs, run, lease }
    const signal = AbortSignal.any([run.signal, lease.signal])
    const held = new ScopedRun(run, { signal, fence, beforeWrite: () => lease.check() })
    let last: Promise<unknown> | undefined
    const tracked: KeyedExecute = (value, view, given) => {
      last = Promise.resolve().then(() => handler(value, view, given))
      return last
    }
    let result: unknown
    try {
      result = await around(tracked)(input, held, key)
    } catch (error) {
      const ended = endOf(last, error, holder).finally(() => lease.stop())
      // Whoever was told of a timeout is not kept waiting for what still works.
      if (isTimeout(error)) run.whenWorkEnds(ended)
      else await ended
      throw error
    }
    lease.stop()
    await complete(holder, result)
    return result
  }
}

interface Holder {
  readonly record: DedupeStore
  readonly key: string
  readonly token: string
  readonly ttlMs: number
  readonly run: RunView
  readonly lease: Lease
}

/** The key goes back when the handler has failed. One that was only late is done: its effect has happened. */
async function endOf(last: Promise<unknown> | undefined, error: unknown, holder: Holder): Promise<void> {
  const { key, run } = holder
  if (last === undefined || !isTimeout(error)) return giveBack(holder)
  let result: unknown
  try {
    result = await last
  } catch {
    return giveBack(holder)
  }
  try {
    await complete(holder, result)
  } catch (failure) {
    run.log.warn({ key, err: failure }, 'the result of a node that was late could not be kept')
  }
}

/** Keeps the result. One that cannot be kept leaves a mark, so that the effect is not made again for it. */
async function complete({ record, key, token, ttlMs, run }: Holder, result: unknown): Promise<void> {
  let kept: boolean
  try {
    kept = await record.complete(key, token, encodeResult(result), ttlMs)
  } catch (error) {
    if (!isKind(error, 'InvalidInput', 'LimitExceeded')) throw error
    run.log.error(
      { key, err: error },
      'the result of a node cannot be kept: it is done, but nobody else will get it',
    )
    kept = await record.complete(key, token, lostResult, ttlMs)
  }
  if (kept) return
  throw new CapabilityError('ConditionNotMatch', 'another holder took this key over while the node ran', {
    capability: 'dedupe',
    operation: 'complete',
    code: 'IDEM_FENCED',
  })
}

function isTimeout(error: unknown): boolean {
  return isCapabilityError(error) && error.code === 'TIME015'
}

function keyFrom({ keyOf, keyText }: Keyed, input: unknown, place: string): string {
  const key = keyOf(input)
  if ((typeof key === 'string' && key !== '') || typeof key === 'number') return String(key)
  throw new CapabilityError(
    'InvalidInput',
    `the idempotency key of "${place}" (${keyText}) is not a non-empty text`,
    {
      code: 'IDEM_KEY',
    },
  )
}

type Taken =
  | { readonly state: 'fresh'; readonly token: string; readonly fence: number; readonly asked: Moment }
  | { readonly state: 'done'; readonly result: unknown }

/** Takes the key, or waits a little for its holder to finish. */
async function take(
  ledger: DedupeStore,
  key: string,
  fingerprint: string,
  leaseMs: number,
  run: RunView,
): Promise<Taken> {
  const giveUpAt = run.clock.now() + maxWaitMs
  for (let wait = 10; ; wait = Math.min(wait * 2, 250)) {
    const asked = momentOf(run.clock)
    const begun = await ledger.begin(key, { leaseMs, fingerprint })
    if (begun.state === 'fresh') return { ...begun, asked }
    // Only keys of another version can be unknown: this runtime begins no effect in the ledger yet. It takes them over.
    if (begun.state === 'unknown') {
      const taken = await ledger.begin(key, { leaseMs, fingerprint, over: begun.fence })
      if (taken.state === 'fresh') return { ...taken, asked }
      if (taken.state === 'done') return taken
      continue
    }
    if (begun.state !== 'in_flight') return begun
    const pauseMs = Math.min(wait, begun.retryAfterMs)
    if (run.clock.now() + pauseMs > Math.min(giveUpAt, run.deadline ?? giveUpAt)) {
      throw new CapabilityError('Unavailable', 'the same request is being worked on; ask again later', {
        capability: 'dedupe',
        operation: 'begin',
        code: 'IDEM_IN_FLIGHT',
        retryAfterMs: begun.retryAfterMs,
      })
    }
    await run.clock.sleep(pauseMs, { signal: run.signal })
  }
}

/** A failed node's key goes back, so that a retry need not wait for the lease. */
async function giveBack({ record, key, token, run, lease }: Holder): Promise<void> {
  // Another holder may have the key; what this one did is for that one to find out.
  if (lease.isLost) return
  try {
    await record.release(key, token)
  } catch (error) {
    run.log.warn(
      { key, err: error },
      'an idempotency key could not be released; it is free again when its lease ends',
    )
  }
}

/** An upload that is sent again is another version of its object, and the same request. */
function withoutVersions(input: unknown): unknown {
  if (typeof input !== 'object' || input === null) return input
  if (Array.isArray(input)) return input.map(withoutVersions)
  if (isBlobRef(input)) return { ...input, etag: undefined, lastModified: undefined }
  if (Object.getPrototypeOf(input) !== Object.prototype) return input
  return Object.fromEntries(Object.entries(input).map(([name, value]) => [name, withoutVersions(value)]))
}

/** Short inputs stand for themselves; long ones are digested. Key order does not matter. */
async function fingerprintOf(input: unknown, { digest: digestOf }: RunView): Promise<string> {
  let text: string | undefined
  try {
    text = canonicalize(withoutVersions(input))
  } catch (cause) {
    // JSON of a client can always be written: the flow has made this value.
    throw new CapabilityError('Unexpected', 'the input of a node with an idempotency key must be JSON', {
      code: 'IDEM_INPUT_NOT_JSON',
      cause,
    })
  }
  if (text === undefined || text.length <= 200) return text ?? 'undefined'
  const digest = await digestOf(new TextEncoder().encode(text))
  return `sha-256:${Array.from(digest, (byte) => byte.toString(16).padStart(2, '0')).join('')}`
}
