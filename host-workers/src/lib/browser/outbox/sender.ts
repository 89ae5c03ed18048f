/** Sends what waits, one entry after the other. Only one page or service worker is at it at a time: the lock says which. */
import type { Clock, Logger } from '@flowport/capabilities'
import { outboxHeader } from '../scope.ts'
import type { FlushResult, RefusalAnswer } from './contract.ts'
import type { OutboxOptions } from './options.ts'
import { keyHeader, toRequest } from './request.ts'
import type { OutboxStore } from './store.ts'
import { type StoredEntry, shown } from './stored.ts'
import { backoffMs, type Verdict, verdictOf } from './verdict.ts'

export interface SenderParts {
  readonly store: OutboxStore
  readonly lock: string
  readonly clock: Clock
  readonly log: Logger
  /** Called after every entry that has changed. */
  readonly changed: () => void
}

export interface SendOptions {
  /** Do not wait out pauses, except those a server asked for. Default false. */
  readonly hurry?: boolean
  readonly signal?: AbortSignal
}

export interface Sender {
  /** Resolves when all has been sent that may be sent now. Waits for another page that is sending. */
  run(options?: SendOptions): Promise<FlushResult>
  /** Whether this one is sending. */
  readonly isSending: boolean
}

/** Longest text of a refusal that is kept, in bytes. */
const maxAnswerBytes = 64 * 1024

export function createSender(parts: SenderParts, options: OutboxOptions): Sender {
  const { store, lock, clock, log, changed } = parts
  const { maxAttempts = 20, firstPauseMs = 1_000, maxPauseMs = 300_000, random = Math.random } = options
  const { prepare, onAnswer, timeoutMs = 60_000 } = options
  const send = options.send ?? ((request: Request) => fetch(request))
  let isSending = false

  async function run({ hurry = false, signal }: SendOptions = {}): Promise<FlushResult> {
    const lockOptions: LockOptions = signal === undefined ? {} : { signal }
    const done = { sent: 0, failed: 0 }
    await navigator.locks.request(lock, lockOptions, async () => {
      isSending = true
      changed()
      try {
        for (;;) {
          const entry = await store.first()
          if (entry === undefined || signal?.aborted === true) break
          if (entry.nextAt > clock.now() && (entry.isAsked || !hurry)) break
          const { outcome } = await attempt(entry)
          changed()
          if (outcome === 'retry') break
          done[outcome] += 1
        }
      } finally {
        isSending = false
        changed()
      }
    })
    const { pending } = await store.counts()
    return { ...done, pending }
  }

  /** Sends an entry once, and writes down what became of it. */
  async function attempt(entry: StoredEntry): Promise<Verdict> {
    let response: Response
    try {
      response = await within(timeoutMs, answerTo(entry))
    } catch (error) {
      const problem = problemOf(error)
      log.info({ err: error, ...facts(entry) }, `an outbox request did not get through: ${problem}`)
      return settle(entry, { outcome: 'retry', problem, retryAfterMs: null }, null)
    }
    const verdict = verdictOf(response, clock.now())
    if (verdict.outcome === 'sent') await hand(entry, response)
    const isLast = verdict.outcome === 'retry' && entry.refusals + 1 >= maxAttempts
    if (!isLast) return settle(entry, verdict, response)
    return settle(entry, { outcome: 'failed', problem: `${verdict.problem}, ${maxAttempts} times` }, response)
  }

  async function answerTo(entry: StoredEntry): Promise<Response> {
    const request = toRequest(entry)
    const prepared = prepare === undefined ? request : await prepare(request.clone())
    const headers = new Headers(prepared.headers)
    headers.set(keyHeader, request.headers.get(keyHeader) ?? '')
    if (isOwnOrigin(prepared.url)) headers.set(outboxHeader, '1')
    const signal = AbortSignal.timeout(timeoutMs)
    return send(new Request(prepared, { headers, redirect: 'manual', signal }))
  }

  async function hand(entry: StoredEntry, response: Response): Promise<void> {
    try {
      // While it works nobody else sends: one that waits for the outbox itself must not wait for ever.
      await within(timeoutMs, Promise.resolve(onAnswer?.(shown(entry), response)))
    } catch (error) {
      log.error({ err: error, ...facts(entry) }, 'onAnswer of the outbox failed')
    }
  }

  async function settle(entry: StoredEntry, verdict: Verdict, response: Response | null): Promise<Verdict> {
    const answer = verdict.outcome === 'failed' && response !== null ? await answerOf(response) : null
    if (response !== null && response.body !== null && !response.bodyUsed && !response.body.locked)
      await response.body.cancel().catch(() => undefined)
    await store.update(entry.id, (now) =>
      now.state === 'pending' ? settled(now, verdict, response !== null, answer) : undefined,
    )
    if (verdict.outcome === 'failed')
      log.warn(facts(entry), `an outbox request failed for good: ${verdict.problem}`)
    return verdict
  }

  function settled(
    entry: StoredEntry,
    verdict: Verdict,
    isAnswered: boolean,
    answer: RefusalAnswer | null,
  ): StoredEntry | null {
    if (verdict.outcome === 'sent') return null
    const attempts = entry.attempts + 1
    const { problem } = verdict
    if (verdict.outcome === 'failed')
      return { ...entry, attempts, problem, state: 'failed', failedAt: clock.now(), answer, nextAt: 0 }
    const { retryAfterMs } = verdict
    const pauseMs = Math.max(retryAfterMs ?? 0, backoffMs(attempts, firstPauseMs, maxPauseMs, random))
    return {
      ...entry,
      attempts,
      refusals: entry.refusals + (isAnswered ? 1 : 0),
      problem,
      nextAt: clock.now() + pauseMs,
      isAsked: retryAfterMs !== null,
    }
  }

  return {
    run,
    get isSending() {
      return isSending
    },
  }
}

async function answerOf(response: Response): Promise<RefusalAnswer | null> {
  if (response.type === 'opaqueredirect') return null
  const text = await response.text().catch(() => '')
  const { status, headers } = response
  return { status, contentType: headers.get('content-type'), body: text.slice(0, maxAnswerBytes) }
}

/** What takes too long goes on by itself; whoever waited for it is let go. */
async function within<T>(timeoutMs: number, work: Promise<T>): Promise<T> {
  let timer: ReturnType<typeof setTimeout> | undefined
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(reject, timeoutMs, new DOMException('it took too long', 'TimeoutError'))
  })
  try {
    return await Promise.race([work, late])
  } finally {
    clearTimeout(timer)
  }
}

/** Without the query, which may hold what is nobody's business. */
function facts({ id, method, url }: StoredEntry) {
  return { id, method, url: url.replace(/[?#].*$/s, '') }
}

function isOwnOrigin(url: string): boolean {
  return new URL(url).origin === globalThis.location.origin
}

function problemOf(error: unknown): string {
  if (!(error instanceof Error)) return 'it could not be sent'
  return error.name === 'TimeoutError' ? 'no answer in time' : error.message
}
