/** Runs an effectful node inside the dedupe ledger: once per key, with lease, fencing and a stored result. */
import { CapabilityError, controlOf, type DedupeStore } from '@flowport/capabilities'
import canonicalize from 'canonicalize'
import type { NodeIdempotency } from '../node.ts'
import type { Execute } from './node-executor.ts'
import type { RunView } from './run-host.ts'

type Keyed = Extract<NodeIdempotency, { kind: 'keyed' }>

/** Longest wait for another holder before the caller is told to come back. */
const maxWaitMs = 2_000

/** `execute`, at most once per key. `place` keeps keys of different nodes apart. */
export function withLedger(
  execute: (input: unknown, run: RunView, key: string) => unknown,
  idempotency: Keyed,
  place: string,
  store: DedupeStore,
): Execute {
  const { view } = controlOf('dedupe', store)
  return async (input, run) => {
    const key = `${place}:${keyFrom(idempotency, input, place)}`
    const ledger = view('write', run.scope) as DedupeStore
    const fingerprint = await fingerprintOf(input)
    const found = await take(ledger, key, fingerprint, idempotency.leaseMs, run)
    if (found.state === 'done') return found.result
    // From here on the effect may happen: what the ledger is told must not be lost to a caller that went away.
    const record = view('write', undefined) as DedupeStore
    const renewal = keepLease(record, key, found.token, idempotency.leaseMs, run)
    let result: unknown
    try {
      result = await execute(input, run, key)
    } catch (error) {
      clearInterval(renewal)
      await giveBack(record, key, found.token, run)
      throw error
    }
    clearInterval(renewal)
    const kept = await record.complete(key, found.token, result ?? null, idempotency.ttlMs)
    if (kept) return result
    throw new CapabilityError('ConditionNotMatch', 'another holder took this key over while the node ran', {
      capability: 'dedupe',
      operation: 'complete',
      code: 'IDEM_FENCED',
    })
  }
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
  | { readonly state: 'fresh'; readonly token: string }
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
    const begun = await ledger.begin(key, { leaseMs, fingerprint })
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

function keepLease(record: DedupeStore, key: string, token: string, leaseMs: number, run: RunView) {
  return setInterval(
    () => {
      record.renew(key, token, leaseMs).then(
        (held) => {
          if (!held)
            run.log.warn(
              { key },
              'an idempotency lease was lost while its node runs; its result will be refused',
            )
        },
        (error: unknown) => run.log.warn({ key, err: error }, 'an idempotency lease could not be renewed'),
      )
    },
    Math.max(leaseMs / 3, 1),
  )
}

/** A failed node's key goes back, so that a retry need not wait for the lease. */
async function giveBack(record: DedupeStore, key: string, token: string, run: RunView): Promise<void> {
  try {
    await record.release(key, token)
  } catch (error) {
    run.log.warn(
      { key, err: error },
      'an idempotency key could not be released; it is free again when its lease ends',
    )
  }
}

/** Short inputs stand for themselves; long ones are digested. Key order does not matter. */
async function fingerprintOf(input: unknown): Promise<string> {
  let text: string | undefined
  try {
    text = canonicalize(input)
  } catch (cause) {
    throw new CapabilityError('InvalidInput', 'the input of a node with an idempotency key must be JSON', {
      cause,
    })
  }
  if (text === undefined || text.length <= 200) return text ?? 'undefined'
  const digest = new Uint8Array(await crypto.subtle.digest('SHA-256', new TextEncoder().encode(text)))
  return `sha-256:${Array.from(digest, (byte) => byte.toString(16).padStart(2, '0')).join('')}`
}
