/** The key-value store over partitions: each key lies in the object of the partition it names. */
import {
  decodeCursor,
  type DriverCall,
  type KvCapabilityInfo,
  type KvDriver,
  type KvDriverList,
  type KvDriverPage,
  type KvDriverPut,
  keyPartitions,
  type StoredKvEntry,
} from '@flowport/capabilities'
import { callObject } from '../cloudflare/durable/call-object.ts'
import type { Outcome } from '../cloudflare/durable/outcome.ts'
import { pageOf, storedBeside, toStoredEntry } from '../cloudflare/durable-ledger/kv-rows.ts'
import { listGroups } from './list-groups.ts'
import type { PartitionCalls } from './protocol.ts'

/** Objects that one call asks at the same time. */
const objectsAtOnce = 16

export interface PartitionKvDriverOptions {
  readonly info: KvCapabilityInfo
  /** A new stub of the partition's object. */
  readonly stubOf: (partition: string) => PartitionCalls
  /** A new stub of the object that lists the partitions. */
  readonly directory: () => PartitionCalls
  /** Where partitions find that object. */
  readonly directoryPlace: () => string
}

export class PartitionKvDriver implements KvDriver {
  readonly info: KvCapabilityInfo
  readonly partitions = keyPartitions
  readonly #options: PartitionKvDriverOptions

  constructor(options: PartitionKvDriverOptions) {
    this.info = options.info
    this.#options = options
  }

  async get(key: string, call: DriverCall): Promise<StoredKvEntry | null> {
    const record = await this.#ask(keyPartitions.of(key), call, (object) => object.get(key))
    return record === null ? null : toStoredEntry(record)
  }

  async getMany(keys: readonly string[], call: DriverCall): Promise<ReadonlyMap<string, StoredKvEntry>> {
    const entries = new Map<string, StoredKvEntry>()
    await eachOf(byPartition(keys), async ([partition, own]) => {
      // One call, unless the entries do not fit in one answer.
      for (let start = 0; start < own.length; ) {
        const { looked, found } = await this.#ask(partition, call, (object) =>
          object.getMany(own.slice(start)),
        )
        for (const record of found) entries.set(record.key, toStoredEntry(record))
        start += looked
      }
    })
    return entries
  }

  put(
    key: string,
    value: string | Uint8Array<ArrayBuffer>,
    { expiresAt, metadata, ifAbsent, ifVersion, signal }: KvDriverPut,
  ): Promise<string> {
    return this.#ask(keyPartitions.of(key), { signal }, (object) =>
      object.put(key, value, {
        ...storedBeside({ metadata, expiresAt }),
        ifAbsent: ifAbsent === true,
        ifVersion: ifVersion ?? null,
        directory: this.#options.directoryPlace(),
      }),
    )
  }

  delete(key: string, call: DriverCall): Promise<void> {
    return this.deleteMany([key], call)
  }

  async deleteMany(keys: readonly string[], call: DriverCall): Promise<void> {
    await eachOf(byPartition(keys), async ([partition, own]) => {
      await this.#ask(partition, call, (object) => object.deleteMany(own))
    })
  }

  async list({ prefix, cursor, limit, signal }: KvDriverList): Promise<KvDriverPage> {
    const after = cursor === undefined ? '' : decodeCursor(cursor)
    const ask = <T>(partition: string, of: (object: PartitionCalls) => Promise<Outcome<T>>) =>
      this.#ask(partition, { signal }, of)
    const partition = keyPartitions.ofPrefix(prefix)
    if (partition !== null) return pageOf(await ask(partition, (object) => object.list(prefix, after, limit)))
    return listGroups({
      after,
      limit,
      groups: (from, isIncluded, most) =>
        callObject(this.#options.directory, { signal }, (object) =>
          object.groups(prefix, from, isIncluded, most),
        ),
      keys: (group, from, most) => ask(keyPartitions.of(group), (object) => object.list(group, from, most)),
    })
  }

  async check(call: DriverCall): Promise<void> {
    await callObject(this.#options.directory, call, (object) => object.check())
  }

  #ask<T>(
    partition: string,
    call: DriverCall,
    ask: (object: PartitionCalls) => Promise<Outcome<T>>,
  ): Promise<T> {
    return callObject(() => this.#options.stubOf(partition), call, ask)
  }
}

function byPartition(keys: readonly string[]): readonly (readonly [string, readonly string[]])[] {
  const parts = new Map<string, string[]>()
  for (const key of keys) {
    const partition = keyPartitions.of(key)
    const part = parts.get(partition)
    if (part === undefined) parts.set(partition, [key])
    else part.push(key)
  }
  return [...parts]
}

/** Does `work` for each, a bounded number at once. Rejects with the first error, once all that began has ended. */
async function eachOf<T>(all: readonly T[], work: (one: T) => Promise<void>): Promise<void> {
  for (let start = 0; start < all.length; start += objectsAtOnce) {
    const ended = await Promise.allSettled(all.slice(start, start + objectsAtOnce).map(work))
    for (const end of ended) if (end.status === 'rejected') throw end.reason
  }
}
