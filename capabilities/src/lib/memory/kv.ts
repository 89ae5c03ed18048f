/** A key-value driver over a `Map`: for tests, local runs and browsers. Gone with the process. */
import { compareUtf8, firstIndex } from '../byte-order.ts'
import type { Clock } from '../clock/contract.ts'
import { decodeCursor, encodeCursor } from '../cursor.ts'
import { CapabilityError } from '../error.ts'
import type { KvCapabilityInfo, KvLimits } from '../guarantees/info.ts'
import type { KvDriver, KvDriverList, KvDriverPage, KvDriverPut, StoredKvEntry } from '../kv/driver.ts'
import { checkSize, utf8Length } from '../limits.ts'
import { checkLimits, checkNumbers, countOrInfinityRule } from '../numbers.ts'
import { systemClock } from '../system/clock.ts'
import type { PutWrite, TransactionWrite } from '../transaction/changes.ts'
import { SortedKeys } from './sorted-keys.ts'
import { type MadeWrite, makeWrite, type MemoryStore } from './transaction.ts'

export interface MemoryKvOptions {
  /** Decides what has expired. Default the system clock. */
  readonly clock?: Clock
  /** Limits to state and enforce instead of the defaults. */
  readonly limits?: Partial<KvLimits>
  /** Most bytes of keys and values together, else `LimitExceeded`. Default: no bound but memory. */
  readonly maxBytes?: number
  /** States `info.transaction`: a ledger in memory that was given the same text commits writes to it. Default: none. */
  readonly transaction?: string
}

/** What `memoryKvDriver` states of itself, but for its limits. */
export type MemoryKvInfo = KvCapabilityInfo & {
  readonly provider: 'memory'
  readonly consistency: 'strong'
  readonly durability: 'ephemeral'
  readonly ttl: 'per_write'
  readonly features: {
    readonly list: true
    readonly metadata: true
    readonly conditional: true
    readonly bulk: true
  }
}

export const memoryKvLimits: KvLimits = {
  maxKeyBytes: 1024,
  maxValueBytes: 25 * 1024 * 1024,
  maxMetadataBytes: 1024,
  minTtlSeconds: 0,
  maxListKeys: 1000,
  maxBulkKeys: 1000,
}

/** A key-value store in memory. Every method is synchronous, so every write is atomic. */
export function memoryKvDriver(options: MemoryKvOptions = {}): KvDriver & { readonly info: MemoryKvInfo } {
  return new MemoryKvDriver(options)
}

interface Entry extends StoredKvEntry {
  readonly version: string
  /** JSON text of the metadata: each reader gets a copy of its own. */
  readonly metadataText: string | undefined
  /** Bytes counted against `maxBytes`; 0 without it. */
  readonly bytes: number
}

type KvWrite = Extract<TransactionWrite, { kind: 'put' | 'delete' }>

/** Expiring entries each write looks at, so that dead ones go without a timer and no write waits for all of them. */
const sweepSteps = 4

class MemoryKvDriver implements KvDriver, MemoryStore<KvWrite> {
  readonly info: MemoryKvInfo
  readonly #clock: Clock
  readonly #maxBytes: number
  readonly #entries = new Map<string, Entry>()
  readonly #sorted = new SortedKeys(this.#entries)
  readonly #expiring = new Set<string>()
  #sweeper: Iterator<string> | undefined
  #versions = 0
  #bytes = 0

  constructor({ clock = systemClock, limits = {}, maxBytes = Infinity, transaction }: MemoryKvOptions) {
    checkNumbers('memoryKvDriver', { maxBytes }, { maxBytes: countOrInfinityRule() })
    checkLimits('memoryKvDriver', limits)
    this.#clock = clock
    this.#maxBytes = maxBytes
    this.info = {
      provider: 'memory',
      consistency: 'strong',
      durability: 'ephemeral',
      ttl: 'per_write',
      limits: { ...memoryKvLimits, ...limits },
      features: { list: true, metadata: true, conditional: true, bulk: true },
      ...(transaction === undefined ? {} : { transaction }),
      extensions: {},
    }
  }

  get(key: string): StoredKvEntry | null {
    const entry = this.#visible(key)
    if (entry === undefined) return null
    return typeof entry.value === 'string' && entry.metadataText === undefined ? entry : copyOf(entry)
  }

  getMany(keys: readonly string[]): ReadonlyMap<string, StoredKvEntry> {
    const found = new Map<string, StoredKvEntry>()
    for (const key of keys) {
      const entry = this.get(key)
      if (entry !== null) found.set(key, entry)
    }
    return found
  }

  put(
    key: string,
    value: string | Uint8Array<ArrayBuffer>,
    { expiresAt, metadata, ifAbsent, ifVersion }: KvDriverPut,
  ): string {
    const before = this.#visible(key)
    if (ifAbsent === true && before !== undefined) {
      throw new CapabilityError('AlreadyExists', 'an entry is there already; it was left as it is')
    }
    if (ifVersion !== undefined && before?.version !== ifVersion) {
      throw new CapabilityError('ConditionNotMatch', 'the entry has another version; read it again')
    }
    this.#versions += 1
    const version = String(this.#versions)
    this.#write({ key, value, expiresAt, metadata, version }, before)
    if (this.#expiring.size > 0) this.#sweepSome()
    return version
  }

  [makeWrite](write: KvWrite): MadeWrite {
    const { key } = write
    const before = this.#visible(key)
    if (write.kind === 'delete') this.delete(key)
    else this.#write(write, before)
    const undo = () => {
      this.delete(key)
      if (before !== undefined) this.#set(key, before, undefined)
    }
    return { undo }
  }

  delete(key: string): void {
    const entry = this.#entries.get(key)
    if (entry === undefined) return
    this.#entries.delete(key)
    this.#sorted.remove(key)
    this.#bytes -= entry.bytes
    if (entry.expiresAt !== undefined) this.#expiring.delete(key)
  }

  deleteMany(keys: readonly string[]): void {
    for (const key of keys) this.delete(key)
  }

  list({ prefix, cursor, limit }: KvDriverList): KvDriverPage {
    const after = cursor === undefined ? undefined : decodeCursor(cursor)
    const sorted = this.#sorted.sorted()
    const start = firstIndex(
      sorted,
      (key) => compareUtf8(key, prefix) >= 0 && (after === undefined || compareUtf8(key, after) > 0),
    )
    const now = this.#clock.now()
    const keys: { key: string; expiresAt?: number | undefined; metadata?: unknown }[] = []
    for (let i = start; i < sorted.length; i++) {
      const key = sorted[i] as string
      if (!key.startsWith(prefix)) break
      const entry = this.#entries.get(key)
      if (entry === undefined || (entry.expiresAt !== undefined && entry.expiresAt <= now)) continue
      if (keys.length === limit) return { keys, cursor: encodeCursor(keys.at(-1)?.key ?? '') }
      keys.push({ key, expiresAt: entry.expiresAt, metadata: metadataOf(entry) })
    }
    return { keys }
  }

  #write(
    { key, value, expiresAt, metadata, version }: Omit<PutWrite, 'kind' | 'store'>,
    before: Entry | undefined,
  ): void {
    const metadataText = metadata === undefined || metadata === null ? undefined : JSON.stringify(metadata)
    this.#checkLimits(key, value, metadataText)
    const bytes = this.#reserve(key, value, before?.bytes ?? 0)
    this.#set(key, { value, expiresAt, version, metadataText, bytes }, before)
  }

  #set(key: string, entry: Entry, before: Entry | undefined): void {
    this.#bytes += entry.bytes - (before?.bytes ?? 0)
    this.#entries.set(key, entry)
    if (before === undefined) this.#sorted.add(key)
    if (entry.expiresAt !== undefined) this.#expiring.add(key)
    else if (before?.expiresAt !== undefined) this.#expiring.delete(key)
  }

  #visible(key: string): Entry | undefined {
    const entry = this.#entries.get(key)
    if (entry?.expiresAt === undefined || entry.expiresAt > this.#clock.now()) return entry
    this.delete(key)
    return undefined
  }

  #checkLimits(key: string, value: string | Uint8Array, metadataText: string | undefined): void {
    const { maxKeyBytes, maxValueBytes, maxMetadataBytes } = this.info.limits
    const where = { capability: 'kv', operation: 'put', key }
    if (key.length * 3 > maxKeyBytes) checkSize(utf8Length(key), maxKeyBytes, 'key', where)
    if (value.length * 3 > maxValueBytes) checkSize(sizeOf(value), maxValueBytes, 'value', where)
    if (metadataText !== undefined) checkSize(utf8Length(metadataText), maxMetadataBytes, 'metadata', where)
  }

  /** The bytes the entry will count, once there is room for them beside everything but the `replaced` bytes. */
  #reserve(key: string, value: string | Uint8Array, replaced: number): number {
    if (this.#maxBytes === Infinity) return 0
    const bytes = utf8Length(key) + sizeOf(value)
    if (this.#bytes - replaced + bytes > this.#maxBytes) this.#sweepAll()
    if (this.#bytes - replaced + bytes > this.#maxBytes) {
      throw new CapabilityError(
        'LimitExceeded',
        `the store is full: it holds at most ${this.#maxBytes} bytes`,
        {
          details: { limit: 'maxBytes', max: this.#maxBytes },
        },
      )
    }
    return bytes
  }

  #sweepSome(): void {
    for (let step = 0; step < sweepSteps; step++) {
      this.#sweeper ??= this.#expiring.values()
      const next = this.#sweeper.next()
      if (next.done === true) {
        this.#sweeper = undefined
        return
      }
      this.#visible(next.value)
    }
  }

  #sweepAll(): void {
    for (const key of this.#expiring) this.#visible(key)
  }
}

function copyOf(entry: Entry): StoredKvEntry {
  return {
    value: typeof entry.value === 'string' ? entry.value : entry.value.slice(),
    metadata: metadataOf(entry),
    expiresAt: entry.expiresAt,
    version: entry.version,
  }
}

function metadataOf({ metadataText }: Entry): unknown {
  return metadataText === undefined ? undefined : (JSON.parse(metadataText) as unknown)
}

function sizeOf(value: string | Uint8Array): number {
  return typeof value === 'string' ? utf8Length(value) : value.byteLength
}
