/** An outbox entry as stored on disk, and its conversion to the form that callers see. */
import type { FailedOutboxEntry, OutboxEntry, RefusalAnswer } from './contract.ts'

export interface StoredEntry {
  /** Position in the sending order, assigned by the store. */
  readonly seq?: number
  readonly id: string
  /** Method, URL and key, which together identify the request's effect. */
  readonly effect: string
  readonly key: string
  readonly method: string
  readonly url: string
  readonly headers: readonly (readonly [string, string])[]
  /** A large body is a blob, whose bytes are not loaded with the entry. */
  readonly body: ArrayBuffer | Blob | null
  /** Hash of the body's type and content. Missing in entries of earlier versions. */
  readonly fingerprint?: string
  readonly credentials: RequestCredentials
  readonly createdAt: number
  readonly state: 'pending' | 'failed'
  readonly attempts: number
  /** Number of attempts that a server or the browser refused. Only these count against `maxAttempts`. */
  readonly refusals: number
  /** Time of the next attempt, in milliseconds since the epoch. 0 means now. */
  readonly nextAt: number
  /** Length of the pause before `nextAt`, in milliseconds. Missing in entries of earlier versions. */
  readonly pauseMs?: number
  /** Whether the server asked for the pause. */
  readonly isAsked: boolean
  readonly problem: string | null
  readonly failedAt: number | null
  readonly answer: RefusalAnswer | null
}

export function shown(entry: StoredEntry): OutboxEntry {
  const { id, key, method, url, headers, body, createdAt, attempts, problem, nextAt } = entry
  return {
    id,
    key,
    method,
    url,
    headers: Object.fromEntries(headers),
    bodyBytes: body === null ? 0 : body instanceof Blob ? body.size : body.byteLength,
    createdAt: new Date(createdAt),
    attempts,
    ...(problem === null ? {} : { problem }),
    ...(nextAt === 0 ? {} : { nextAttemptAt: new Date(nextAt) }),
  }
}

export function shownFailed(entry: StoredEntry): FailedOutboxEntry {
  const { failedAt, createdAt, answer } = entry
  return {
    ...shown(entry),
    failedAt: new Date(failedAt ?? createdAt),
    ...(answer === null ? {} : { answer }),
  }
}
