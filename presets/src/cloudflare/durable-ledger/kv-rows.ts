/** Rows of the key-value table as records and as what a driver answers, and how large they are. */
import { encodeCursor, type KvDriverPage, type StoredKvEntry, utf8Length } from '@flowport/capabilities'
import type { KvListed, KvRecord } from './protocol.ts'

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

/** What an object keeps beside a value. */
export function storedBeside({
  metadata,
  expiresAt,
}: {
  readonly metadata?: unknown
  readonly expiresAt?: number | undefined
}): Pick<KvRecord, 'metadata' | 'expiresAt'> {
  return {
    metadata: metadata === undefined || metadata === null ? null : JSON.stringify(metadata),
    expiresAt: expiresAt === undefined ? null : Math.ceil(expiresAt),
  }
}

export function toStoredEntry({ value, metadata, expiresAt, version }: KvRecord): StoredKvEntry {
  return {
    // Came over RPC, so it is a copy with a buffer of its own.
    value: value as string | Uint8Array<ArrayBuffer>,
    metadata: parsed(metadata),
    expiresAt: expiresAt ?? undefined,
    version,
  }
}

export function pageOf({ keys, more }: KvListed): KvDriverPage {
  return {
    keys: keys.map(({ key, metadata, expiresAt }) => ({
      key,
      metadata: parsed(metadata),
      expiresAt: expiresAt ?? undefined,
    })),
    cursor: more ? encodeCursor(keys.at(-1)?.key ?? '') : undefined,
  }
}

function parsed(metadata: string | null): unknown {
  return metadata === null ? undefined : (JSON.parse(metadata) as unknown)
}
