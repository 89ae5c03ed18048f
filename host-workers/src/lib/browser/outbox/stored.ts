/** An outbox's entry as it lies on disk, and as callers see it. */
import type { FailedOutboxEntry, OutboxEntry, RefusalAnswer } from './contract.ts'

export interface StoredEntry {
  /** The order of sending; given by the store. */
  readonly seq?: number
  readonly id: string
  /** Method, URL and key: what the request brings about. */
  readonly effect: string
  readonly key: string
  readonly method: string
  readonly url: string
  readonly headers: readonly (readonly [string, string])[]
  /** Large ones are blobs, whose bytes are not loaded with the entry. */
  readonly body: ArrayBuffer | Blob | null
  /** Of type and content of the body. Entries of earlier versions have none. */
  readonly fingerprint?: string
  readonly credentials: RequestCredentials
  readonly createdAt: number
  readonly state: 'pending' | 'failed'
  readonly attempts: number
  /** Attempts that a server or the browser refused: only they count against `maxAttempts`. */
  readonly refusals: number
  /** Milliseconds since the epoch; 0 for at once. */
  readonly nextAt: number
  /** Length of the pause that ends then, in milliseconds. Entries of earlier versions have none. */
  readonly pauseMs?: number
  /** Whether a server asked for the pause. */
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
