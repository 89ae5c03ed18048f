/** Sends pending entries one after the other. A Web Lock ensures that only one page or service worker sends at a time. */
import { type Clock, isCapabilityError, type Logger, retryPause } from '@flowport/capabilities'
import { outboxHeader } from '../scope.ts'
import type { FlushResult, RefusalAnswer } from './contract.ts'
import type { OutboxOptions } from './options.ts'
import { isStretched, leftMs } from './pauses.ts'
import { keyHeader, toRequest } from './request.ts'
import type { OutboxStore } from './store.ts'
import { type StoredEntry, shown } from './stored.ts'
import { type Watch, watchSending } from './unanswered.ts'
import { type Verdict, verdictOf } from './verdict.ts'

export interface SenderParts {
  readonly store: OutboxStore
  readonly lock: string
  readonly clock: Clock
  readonly log: Logger
  /** Called after every change of an entry or of `isSending`. */
  readonly changed: () => void
}

export interface SendOptions {
  /** Whether to skip pauses, except pauses that a server asked for. Default false. */
  readonly hurry?: boolean
  readonly signal?: AbortSignal
}

export interface Sender {
  /** Sends entries in order, until one must wait. Waits for another page that is sending. */
  run(options?: SendOptions): Promise<FlushResult>
  /**
   * Resolves to the milliseconds until the first entry may be sent (0 or less means now), or to `null` when nothing is pending.
   */
  nextInMs(): Promise<number | null>
  /** Whether this sender is sending. */
  readonly isSending: boolean
}

/** Maximum length of a stored problem, in characters. */
const maxProblemLength = 500
/** Maximum length of a stored refusal's text, in characters. */
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
          const entry = await next()
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

  /**
   * Returns the next entry to send. If the clock was set back, restarts the entry's pause, so that the pause does not get
   * longer.
   */
  async function next(): Promise<StoredEntry | undefined> {
    const entry = await store.first()
    const now = clock.now()
    if (entry === undefined || !isStretched(entry, now, maxPauseMs)) return entry
    const set = (it: StoredEntry) => ({ ...it, nextAt: now + leftMs(it, now, maxPauseMs) })
    await store.update(entry.id, set)
    return set(entry)
  }

  async function nextInMs(): Promise<number | null> {
    const entry = await next()
    return entry === undefined ? null : leftMs(entry, clock.now(), maxPauseMs)
  }

  /** Sends an entry one time, and stores the outcome. */
  async function attempt(entry: StoredEntry): Promise<Verdict> {
    const watch = options.send === undefined ? watchSending() : null
    const sent: Sent = { url: null }
    let response: Response
    try {
      response = await within(timeoutMs, answerTo(entry, sent))
    } catch (error) {
      const found = await unanswered(error, watch, sent)
      log.info({ err: error, ...facts(entry) }, `an outbox request did not get through: ${found.problem}`)
      return settle(entry, lasting(entry, found), null, found.isRefused)
    } finally {
      watch?.end()
    }
    const verdict = verdictOf(response, clock.now())
    if (verdict.outcome === 'sent') await hand(entry, response)
    return settle(entry, lasting(entry, verdict), response, true)
  }

  /** Returns the verdict, or a failure when the entry has reached `maxAttempts` refusals. */
  function lasting(entry: StoredEntry, verdict: Verdict & { readonly isRefused?: boolean }): Verdict {
    const isLast =
      verdict.outcome === 'retry' && verdict.isRefused !== false && entry.refusals + 1 >= maxAttempts
    return isLast ? { outcome: 'failed', problem: `${verdict.problem}, ${maxAttempts} times` } : verdict
  }

  async function answerTo(entry: StoredEntry, sent: Sent): Promise<Response> {
    const request = await toRequest(entry)
    const prepared = prepare === undefined ? request : await prepare(request.clone())
    const headers = new Headers(prepared.headers)
    headers.set(keyHeader, request.headers.get(keyHeader) ?? '')
    if (isOwnOrigin(prepared.url)) headers.set(outboxHeader, '1')
    const ready = new Request(prepared, {
      headers,
      redirect: 'manual',
      signal: AbortSignal.timeout(timeoutMs),
    })
    sent.url = ready.url
    return send(ready)
  }

  async function hand(entry: StoredEntry, response: Response): Promise<void> {
    try {
      // The lock is held while `onAnswer` runs, so the time limit ends a deadlock of an `onAnswer` that waits for the outbox.
      await within(timeoutMs, Promise.resolve(onAnswer?.(shown(entry), response)))
    } catch (error) {
      log.error({ err: error, ...facts(entry) }, 'onAnswer of the outbox failed')
    }
  }

  async function settle(
    entry: StoredEntry,
    verdict: Verdict,
    response: Response | null,
    isRefused: boolean,
  ): Promise<Verdict> {
    const answer = verdict.outcome === 'failed' && response !== null ? await answerOf(response) : null
    if (response !== null && response.body !== null && !response.bodyUsed && !response.body.locked)
      await response.body.cancel().catch(() => undefined)
    await store.update(entry.id, (now) =>
      now.state === 'pending' ? settled(now, verdict, isRefused, answer) : undefined,
    )
    if (verdict.outcome === 'failed')
      log.warn(facts(entry), `an outbox request failed for good: ${verdict.problem}`)
    return verdict
  }

  function settled(
    entry: StoredEntry,
    verdict: Verdict,
    isRefused: boolean,
    answer: RefusalAnswer | null,
  ): StoredEntry | null {
    if (verdict.outcome === 'sent') return null
    const attempts = entry.attempts + 1
    const { problem } = verdict
    if (verdict.outcome === 'failed')
      return { ...entry, attempts, problem, state: 'failed', failedAt: clock.now(), answer, nextAt: 0 }
    const { retryAfterMs } = verdict
    const rule = { attempt: attempts, baseMs: firstPauseMs, maxMs: maxPauseMs, random: random() }
    const pauseMs = Math.ceil(retryPause({ ...rule, askedMs: retryAfterMs ?? 0 }))
    return {
      ...entry,
      attempts,
      refusals: entry.refusals + (isRefused ? 1 : 0),
      problem,
      nextAt: clock.now() + pauseMs,
      pauseMs,
      isAsked: retryAfterMs !== null,
    }
  }

  return {
    run,
    nextInMs,
    get isSending() {
      return isSending
    },
  }
}

/** URL of the request, or `null` until it is passed to `send`. */
interface Sent {
  url: string | null
}

/** Returns the verdict on an attempt without an answer. */
async function unanswered(
  error: unknown,
  watch: Watch | null,
  { url }: Sent,
): Promise<Exclude<Verdict, { readonly outcome: 'sent' }> & { readonly isRefused: boolean }> {
  const problem = problemOf(error)
  if (isCapabilityError(error) && error.retryable === 'never')
    return { outcome: 'failed', problem, isRefused: true }
  const retry = { outcome: 'retry', retryAfterMs: null } as const
  // The body's blob cannot be read: the disk is damaged, or the site's data was cleared.
  if (isNamed(error, 'NotReadableError', 'NotFoundError'))
    return { ...retry, problem: `its body cannot be read from the disk: ${problem}`, isRefused: true }
  const isOpaque = error instanceof TypeError && watch !== null && url !== null
  const why = isOpaque ? await watch.refusal(url) : null
  return { ...retry, problem: why ?? problem, isRefused: why !== null }
}

function isNamed(error: unknown, ...names: readonly string[]): boolean {
  return error instanceof DOMException && names.includes(error.name)
}

async function answerOf(response: Response): Promise<RefusalAnswer | null> {
  if (response.type === 'opaqueredirect') return null
  const text = await response.text().catch(() => '')
  const { status, headers } = response
  return { status, contentType: headers.get('content-type'), body: text.slice(0, maxAnswerBytes) }
}

/** Rejects with `TimeoutError` after `timeoutMs`. The work itself is not cancelled. */
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

/** Facts for the log. Leaves out the query, which may contain personal data. */
function facts({ id, method, url }: StoredEntry) {
  return { id, method, url: url.replace(/[?#].*$/s, '') }
}

function isOwnOrigin(url: string): boolean {
  return new URL(url).origin === globalThis.location.origin
}

function problemOf(error: unknown): string {
  if (!(error instanceof Error)) return 'it could not be sent'
  // Shortened, because the text is stored on disk and an error of the app may quote anything.
  return error.name === 'TimeoutError' ? 'no answer in time' : error.message.slice(0, maxProblemLength)
}
