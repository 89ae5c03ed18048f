/** The key-value store over one Durable Object: every method is one call to it. */
import {
  decodeCursor,
  type DriverCall,
  type KvCapabilityInfo,
  type KvDriver,
  type KvDriverList,
  type KvDriverPage,
  type KvDriverPut,
  type StoredKvEntry,
} from '@flowport/capabilities'
import { callObject } from '../durable/call-object.ts'
import { pageOf, storedBeside, toStoredEntry } from './kv-rows.ts'
import type { KvCalls } from './protocol.ts'

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
    return record === null ? null : toStoredEntry(record)
  }

  async getMany(keys: readonly string[], call: DriverCall): Promise<ReadonlyMap<string, StoredKvEntry>> {
    const entries = new Map<string, StoredKvEntry>()
    // One call, unless the entries do not fit in one answer.
    for (let start = 0; start < keys.length; ) {
      const rest = start === 0 ? keys : keys.slice(start)
      const { looked, found } = await callObject(this.#stub, call, (kv) => kv.getMany(rest))
      for (const record of found) entries.set(record.key, toStoredEntry(record))
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
        ...storedBeside({ metadata, expiresAt }),
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
    return pageOf(await callObject(this.#stub, { signal }, (kv) => kv.list(prefix, after, limit)))
  }

  async check(call: DriverCall): Promise<void> {
    await callObject(this.#stub, call, (kv) => kv.check())
  }
}
