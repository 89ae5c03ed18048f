/** Rows of the key-value table as records, and how large they are. */
import { utf8Length } from '@flowport/capabilities'
import type { KvRecord } from './protocol.ts'

export type KvRow = {
  readonly expires_at: number | null
  readonly version: string
  readonly metadata: string | null
  readonly value: string | ArrayBuffer
}

export function entryOf({ expires_at: expiresAt, version, metadata, value }: KvRow): KvRecord {
  return { expiresAt, version, metadata, value: typeof value === 'string' ? value : new Uint8Array(value) }
}

/** Bytes an entry adds to an answer. */
export function recordBytes(key: string, { value, metadata }: KvRecord): number {
  return listedBytes(key, metadata) + (typeof value === 'string' ? utf8Length(value) : value.byteLength)
}

/** Bytes a listed key adds to an answer. */
export function listedBytes(key: string, metadata: string | null): number {
  return utf8Length(key) + (metadata === null ? 0 : utf8Length(metadata))
}
