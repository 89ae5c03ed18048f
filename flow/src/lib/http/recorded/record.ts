/** An answer as the ledger keeps it: status, headers, and a small body or the place of a larger one. */
import { CapabilityError } from '@flowport/capabilities'
import type { HttpOutcome } from '../call.ts'

export interface AnswerRecord {
  readonly v: 1
  readonly status: number
  readonly headers: Readonly<Record<string, string>>
  readonly body: RecordedBody
  /** Milliseconds since the epoch. */
  readonly expiresAt: number
  /** Digest of the request's body, where that is streamed. */
  readonly request?: string
  /** The folder in which a stream was recorded, for those who followed it. */
  readonly folder?: string
}

export type RecordedBody =
  | { readonly kind: 'none' }
  | { readonly kind: 'text'; readonly text: string }
  | { readonly kind: 'base64'; readonly base64: string }
  | SegmentedBody

/** A body in the blob store. */
export interface SegmentedBody {
  readonly kind: 'segments'
  readonly folder: string
  readonly bytes: number
  /** Digest of the manifest, which holds the digests of the segments. */
  readonly digest: string
}

/**
 * Headers that belong to one request or one connection. Cookies are credentials: they go to the first caller only, and
 * into no store.
 */
const unrecorded = new Set([
  'connection',
  'content-length',
  'date',
  'idempotency-expires',
  'idempotency-recorded',
  'idempotency-replayed',
  'keep-alive',
  'server-timing',
  'set-cookie',
  'traceparent',
  'transfer-encoding',
  'x-request-id',
])

interface RecordFacts {
  readonly request: string | undefined
  readonly folder: string | undefined
}

export function recordOf(
  { status, headers }: Pick<HttpOutcome, 'status' | 'headers'>,
  body: RecordedBody,
  { expiresAt, request, folder }: Pick<AnswerRecord, 'expiresAt'> & RecordFacts,
): AnswerRecord {
  const kept = Object.entries(headers).filter(([name]) => !unrecorded.has(name))
  return {
    v: 1,
    status,
    headers: Object.fromEntries(kept),
    body,
    expiresAt,
    ...(request === undefined ? {} : { request }),
    ...(folder === undefined ? {} : { folder }),
  }
}

/** @throws CapabilityError `Corrupt` for a record in a form that this version of Flowport does not read. */
export function readRecord(result: unknown): AnswerRecord {
  if (typeof result === 'object' && result !== null && 'v' in result && result.v === 1)
    return result as AnswerRecord
  throw new CapabilityError('Corrupt', 'the recorded answer is not in a form that this version reads', {
    capability: 'dedupe',
    operation: 'begin',
    code: 'IDEM_RECORD_UNREADABLE',
    retryable: 'never',
  })
}

/** What the answer to a keyed request says about its record. */
export function expiryHeader(expiresAt: number): Readonly<Record<string, string>> {
  return { 'idempotency-expires': new Date(expiresAt).toUTCString() }
}

/** For an answer that is not recorded: a request with the same key runs again. */
export const notRecordedHeader = { 'idempotency-recorded': 'false' } as const

/** The headers of a replay. `base` are those of the request that asks now. */
export function replayHeaders(
  { headers, expiresAt }: Pick<AnswerRecord, 'headers' | 'expiresAt'>,
  base: Readonly<Record<string, string>>,
): Record<string, string> {
  return { ...base, ...headers, 'idempotency-replayed': 'true', ...expiryHeader(expiresAt) }
}
