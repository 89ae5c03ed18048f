/** The outbox's entries in IndexedDB: on disk when a write resolves, and shared by all pages and the service worker. */
import { CapabilityError } from '@flowport/capabilities'
import { type DBSchema, type IDBPDatabase, openDB } from 'idb'
import type { StoredEntry } from './stored.ts'

interface Schema extends DBSchema {
  entries: {
    key: number
    value: StoredEntry
    indexes: { id: string; effect: string; state: [string, number] }
  }
}

export type Counts = Readonly<Record<StoredEntry['state'], number>>

export class OutboxStore {
  readonly #name: string
  #opening: Promise<IDBPDatabase<Schema>> | undefined

  constructor(name: string) {
    this.#name = name
  }

  /** Adds the entry. If an entry for the same effect exists, replaces it by the result of `merge` and returns that. */
  add(
    entry: StoredEntry,
    maxEntries: number,
    merge: (known: StoredEntry) => StoredEntry,
  ): Promise<StoredEntry> {
    return this.#write(async (entries) => {
      const known = await entries.index('effect').get(entry.effect)
      if (known !== undefined) {
        const merged = merge(known)
        if (merged !== known) await entries.put(merged)
        return merged
      }
      if ((await entries.count()) >= maxEntries) {
        throw new CapabilityError(
          'LimitExceeded',
          `the outbox holds ${maxEntries} requests: send or discard some, or raise maxEntries`,
        )
      }
      await entries.add(entry)
      return entry
    })
  }

  /** Resolves to the next entry to send. */
  first(): Promise<StoredEntry | undefined> {
    return this.#read((entries) => entries.index('state').get(all('pending')))
  }

  /** Resolves to the entries in the order they were queued. Large bodies are blobs and are not loaded. */
  list(state: StoredEntry['state']): Promise<readonly StoredEntry[]> {
    return this.#read((entries) => entries.index('state').getAll(all(state)))
  }

  counts(): Promise<Counts> {
    return this.#read(async (entries) => {
      const index = entries.index('state')
      const [pending, failed] = await Promise.all([index.count(all('pending')), index.count(all('failed'))])
      return { pending, failed }
    })
  }

  /**
   * Replaces the entry by the result of `change`; `null` deletes it. Resolves to `false` when the entry is missing or `change`
   * returns `undefined`.
   */
  update(id: string, change: (entry: StoredEntry) => StoredEntry | null | undefined): Promise<boolean> {
    return this.#write(async (entries) => {
      const entry = await entries.index('id').get(id)
      const changed = entry === undefined ? undefined : change(entry)
      if (entry?.seq === undefined || changed === undefined) return false
      await (changed === null ? entries.delete(entry.seq) : entries.put(changed))
      return true
    })
  }

  async close(): Promise<void> {
    const opening = this.#opening
    this.#opening = undefined
    const db = await opening?.catch(() => undefined)
    db?.close()
  }

  async #read<T>(work: (entries: Reading) => Promise<T>): Promise<T> {
    const transaction = await this.#begin((db) => db.transaction('entries'))
    try {
      return await work(transaction.store)
    } catch (error) {
      throw translated(error)
    }
  }

  async #write<T>(work: (entries: Entries) => Promise<T>): Promise<T> {
    const transaction = await this.#begin((db) =>
      db.transaction('entries', 'readwrite', { durability: 'strict' }),
    )
    // Also rejects when the work fails, whose own error is thrown below.
    transaction.done.catch(() => undefined)
    try {
      const result = await work(transaction.store)
      await transaction.done
      return result
    } catch (error) {
      throw translated(error)
    }
  }

  /**
   * Starts a transaction. Reopens a connection that the browser has closed, for example because the site's data was cleared.
   */
  async #begin<T>(start: (db: IDBPDatabase<Schema>) => T): Promise<T> {
    const opening = this.#open()
    try {
      return start(await opening)
    } catch (error) {
      if (error instanceof CapabilityError) throw error
      this.#opening = undefined
    }
    const db = await this.#open()
    try {
      return start(db)
    } catch (error) {
      throw translated(error)
    }
  }

  async #open(): Promise<IDBPDatabase<Schema>> {
    const forget = () => {
      this.#opening = undefined
    }
    this.#opening ??= openDB<Schema>(`flowport-outbox:${this.#name}`, 1, {
      upgrade(db) {
        const entries = db.createObjectStore('entries', { keyPath: 'seq', autoIncrement: true })
        entries.createIndex('id', 'id', { unique: true })
        entries.createIndex('effect', 'effect', { unique: true })
        entries.createIndex('state', ['state', 'seq'])
      },
      blocking: (_current, _wanted, event) => {
        forget()
        ;(event.target as IDBDatabase).close()
      },
      terminated: forget,
    })
    try {
      return await this.#opening
    } catch (error) {
      forget()
      throw translated(error)
    }
  }
}

type Reading = ReturnType<typeof readable>
type Entries = ReturnType<typeof writable>

function readable(db: IDBPDatabase<Schema>) {
  return db.transaction('entries').store
}

function writable(db: IDBPDatabase<Schema>) {
  return db.transaction('entries', 'readwrite').store
}

function all(state: StoredEntry['state']): IDBKeyRange {
  return IDBKeyRange.bound([state, 0], [state, Infinity])
}

function translated(error: unknown): unknown {
  if (error instanceof CapabilityError) return error
  const { name } = error as { readonly name?: unknown }
  if (name === 'QuotaExceededError')
    return new CapabilityError('LimitExceeded', 'the browser has no space left for the outbox', {
      cause: error,
    })
  return new CapabilityError('Unavailable', 'IndexedDB cannot store the outbox', { cause: error })
}
