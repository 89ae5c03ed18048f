/** A key-value driver inside a transaction: it keeps its writes back, reads them back, and records what it read. */
import { compareUtf8 } from '../byte-order.ts'
import { decodeCursor, encodeCursor } from '../cursor.ts'
import { CapabilityError } from '../error.ts'
import type {
  KvDriver,
  KvDriverGet,
  KvDriverGetMany,
  KvDriverList,
  KvDriverPage,
  KvDriverPut,
  StoredKvEntry,
} from '../kv/driver.ts'
import { pageText, type PutWrite, type TransactionRead, type TransactionWrite } from './changes.ts'

/** What the transaction lends to each of its stores. */
export interface Collector {
  version(): string
  /** Throws once the transaction is over. */
  checkOpen(): void
  /** Throws for a key, or a prefix, of another partition than the transaction's. */
  checkPlace(store: KvDriver, key: string, isPrefix: boolean): void
  reading(read: TransactionRead): void
  writing(): void
}

export class CollectedKv implements KvDriver {
  readonly #store: KvDriver
  readonly #clock: { now(): number }
  readonly #collector: Collector
  /** The version each key was first read with. */
  readonly #seen = new Map<string, string | null>()
  /** `null` for an entry that is to be deleted. */
  readonly #own = new Map<string, PutWrite | null>()

  constructor(store: KvDriver, clock: { now(): number }, collector: Collector) {
    this.#store = store
    this.#clock = clock
    this.#collector = collector
  }

  get info() {
    return this.#store.info
  }

  /** The writes, one for each key. */
  writes(): readonly TransactionWrite[] {
    return [...this.#own].map(([key, put]) => put ?? { kind: 'delete', store: this.#store, key })
  }

  async get(key: string, call: KvDriverGet): Promise<StoredKvEntry | null> {
    this.#collector.checkOpen()
    this.#collector.checkPlace(this.#store, key, false)
    const own = this.#own.get(key)
    if (own !== undefined) return this.#visible(own)
    const found = await this.#store.get(key, { ...call, withMetadata: true, cacheTtlSeconds: undefined })
    this.#saw(key, found)
    return found
  }

  async getMany(
    keys: readonly string[],
    { signal }: KvDriverGetMany,
  ): Promise<ReadonlyMap<string, StoredKvEntry>> {
    const entries = new Map<string, StoredKvEntry>()
    for (const key of keys) {
      const entry = await this.get(key, { signal })
      if (entry !== null) entries.set(key, entry)
    }
    return entries
  }

  /** Conditions are checked against what the transaction sees, and hold again when it is committed. */
  async put(
    key: string,
    value: string | Uint8Array<ArrayBuffer>,
    { expiresAt, metadata, ifAbsent, ifVersion, signal }: KvDriverPut,
  ): Promise<string> {
    this.#collector.checkPlace(this.#store, key, false)
    if (ifAbsent === true || ifVersion !== undefined) {
      const found = await this.get(key, { signal })
      // Looked at again: another call of the same node may have written it meanwhile.
      const own = this.#own.get(key)
      const before = own === undefined ? found : this.#visible(own)
      if (ifAbsent === true && before !== null)
        throw new CapabilityError('AlreadyExists', 'an entry is there already; it was left as it is')
      if (ifVersion !== undefined && before?.version !== ifVersion)
        throw new CapabilityError('ConditionNotMatch', 'the entry has another version; read it again')
    }
    this.#collector.writing()
    const version = this.#collector.version()
    this.#own.set(key, { kind: 'put', store: this.#store, key, value, version, expiresAt, metadata })
    return version
  }

  delete(key: string): void {
    this.#collector.checkPlace(this.#store, key, false)
    this.#collector.writing()
    this.#own.set(key, null)
  }

  /** A page of the store's keys, with the transaction's own writes among them. The cursor encodes the last key. */
  async list({ prefix, cursor, limit, signal }: KvDriverList): Promise<KvDriverPage> {
    this.#collector.checkOpen()
    this.#collector.checkPlace(this.#store, prefix, true)
    const { list } = this.#store
    if (list === undefined) throw new CapabilityError('Unsupported', 'the store cannot list keys')
    const asked = { prefix, cursor, limit }
    const page = await list.call(this.#store, { ...asked, signal })
    this.#collector.reading({ kind: 'page', store: this.#store, list: asked, text: pageText(page) })
    if (this.#own.size === 0) return page
    const after = cursor === undefined ? undefined : decodeCursor(cursor)
    const end = page.cursor === undefined ? undefined : page.keys.at(-1)?.key
    const isWithin = (key: string) =>
      key.startsWith(prefix) &&
      (after === undefined || compareUtf8(key, after) > 0) &&
      (end === undefined || compareUtf8(key, end) <= 0)
    const added = [...this.#own].flatMap(([key, put]) => {
      const entry = put === null || !isWithin(key) ? null : this.#visible(put)
      return entry === null ? [] : [{ key, expiresAt: entry.expiresAt, metadata: entry.metadata }]
    })
    const keys = [...page.keys.filter(({ key }) => !this.#own.has(key)), ...added]
      .toSorted((a, b) => compareUtf8(a.key, b.key))
      .slice(0, limit)
    const isCut = keys.length < page.keys.filter(({ key }) => !this.#own.has(key)).length + added.length
    if (isCut) return { keys, cursor: encodeCursor(keys.at(-1)?.key ?? '') }
    return { keys, cursor: page.cursor }
  }

  /** @throws CapabilityError when the key was read before and has changed since: the transaction cannot be committed. */
  #saw(key: string, found: StoredKvEntry | null): void {
    const version = found?.version ?? null
    const seen = this.#seen.get(key)
    if (seen === undefined) {
      this.#seen.set(key, version)
      this.#collector.reading({ kind: 'entry', store: this.#store, key, version })
    } else if (seen !== version) {
      throw new CapabilityError('ConditionNotMatch', 'the entry changed while the transaction read it')
    }
  }

  #visible(put: PutWrite | null): StoredKvEntry | null {
    if (put === null) return null
    const { value, metadata, expiresAt, version } = put
    if (expiresAt !== undefined && expiresAt <= this.#clock.now()) return null
    return { value: typeof value === 'string' ? value : value.slice(), metadata, expiresAt, version }
  }
}
