/** The entries of an object for its own code: as the contract has them, but at once, since the code is where they are. */
import { CapabilityError, type StateEntry, utf8Length } from '@flowport/capabilities'
import type { ObjectStorage } from '../cloudflare/durable/object-state.ts'
import type { EntryTable } from './entry-table.ts'
import { durableStateLimits } from './limits.ts'

export class ObjectEntries {
  readonly #table: EntryTable
  readonly #storage: ObjectStorage

  constructor(table: EntryTable, storage: ObjectStorage) {
    this.#table = table
    this.#storage = storage
  }

  /** The value, or `null` when the key is absent. */
  get(key: string): unknown {
    const found = this.#table.get(key)
    return found === null ? null : (JSON.parse(found.value) as unknown)
  }

  /** Writes a JSON value; what JSON cannot say is `InvalidInput`. */
  put(key: string, value: unknown): void {
    const text = JSON.stringify(value) as string | undefined
    if (text === undefined) throw new CapabilityError('InvalidInput', 'the value cannot be written as JSON')
    const bytes = utf8Length(key) + utf8Length(text)
    if (bytes > durableStateLimits.maxEntryBytes) {
      const max = durableStateLimits.maxEntryBytes
      throw new CapabilityError('LimitExceeded', `the entry has ${bytes} bytes, the limit is ${max}`)
    }
    this.#table.put(key, text)
  }

  delete(key: string): void {
    this.#table.delete(key)
  }

  /** Entries whose keys begin with `prefix`, in UTF-8 byte order. Default: all of them, so mind how many there are. */
  *list(prefix = ''): Generator<StateEntry, void, void> {
    let after: string | null = null
    let more = true
    while (more) {
      const page = this.#table.list({ from: prefix, to: null, after, reverse: false }, 100)
      for (const { key, value } of page.entries) {
        if (!key.startsWith(prefix)) return
        yield { key, value: JSON.parse(value) as unknown }
        after = key
      }
      more = page.more
    }
  }

  /** All or none of what `work` writes. It must not be async: it would have ended before it began to wait. */
  transaction<T>(work: () => T): T {
    return this.#storage.transactionSync(work)
  }
}
