/** The key-value store over one Durable Object: every method is one call to it. */
import {
  decodeCursor,
  type DriverCall,
  encodeCursor,
  type KvCapabilityInfo,
  type KvDriver,
  type KvDriverList,
  type KvDriverPage,
  type KvDriverPut,
  type StoredKvEntry,
} from '@flowport/capabilities'
import { callObject } from '../durable/call-object.ts'
import type { KvCalls, KvRecord } from './protocol.ts'

export class DurableKvDriver implements KvDriver {
  readonly info: KvCapabilityInfo
  readonly #stub: () => KvCalls

  /** @param stub A new stub of the store's object. */
  constructor(info: KvCapabilityInfo, stub: () => KvCalls) {
    this.info = info
    this.#stub = stub
  }

  async get(key: string, call: DriverCall): Promise<StoredKvEntry | null> {
    const record = await callObject(this.#stub, call, (kv) => kv.get(key))
    return record === null ? null : entryOf(record)
  }

  async getMany(keys: readonly string[], call: DriverCall): Promise<ReadonlyMap<string, StoredKvEntry>> {
    const entries = new Map<string, StoredKvEntry>()
    // One call, unless the entries do not fit in one answer.
    for (let start = 0; start < keys.length; ) {
      const rest = start === 0 ? keys : keys.slice(start)
      const { looked, found } = await callObject(this.#stub, call, (kv) => kv.getMany(rest))
      for (const record of found) entries.set(record.key, entryOf(record))
      start += looked
    }
    return entries
  }

  put(
    key: string,
    value: string | Uint8Array<ArrayBuffer>,
    { expiresAt, metadata, ifAbsent, ifVersion, signal }: KvDriverPut,
  ): Promise<string> {
    return callObject(this.#stub, { signal }, (kv) =>
      kv.put(key, value, {
        metadata: metadata === undefined || metadata === null ? null : JSON.stringify(metadata),
        expiresAt: expiresAt === undefined ? null : Math.ceil(expiresAt),
        ifAbsent: ifAbsent === true,
        ifVersion: ifVersion ?? null,
      }),
    )
  }

  delete(key: string, call: DriverCall): Promise<void> {
    return this.deleteMany([key], call)
  }

  async deleteMany(keys: readonly string[], call: DriverCall): Promise<void> {
    await callObject(this.#stub, call, (kv) => kv.deleteMany(keys))
  }

  async list({ prefix, cursor, limit, signal }: KvDriverList): Promise<KvDriverPage> {
    const after = cursor === undefined ? '' : decodeCursor(cursor)
    const { keys, more } = await callObject(this.#stub, { signal }, (kv) => kv.list(prefix, after, limit))
    return {
      keys: keys.map(({ key, metadata, expiresAt }) => ({
        key,
        metadata: parsed(metadata),
        expiresAt: expiresAt ?? undefined,
      })),
      cursor: more ? encodeCursor(keys.at(-1)?.key ?? '') : undefined,
    }
  }

  async check(call: DriverCall): Promise<void> {
    await callObject(this.#stub, call, (kv) => kv.check())
  }
}

function entryOf({ value, metadata, expiresAt, version }: KvRecord): StoredKvEntry {
  return {
    // Came over RPC, so it is a copy with a buffer of its own.
    value: value as string | Uint8Array<ArrayBuffer>,
    metadata: parsed(metadata),
    expiresAt: expiresAt ?? undefined,
    version,
  }
}

function parsed(metadata: string | null): unknown {
  return metadata === null ? undefined : (JSON.parse(metadata) as unknown)
}
