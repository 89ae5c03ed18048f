/** Key-value entries on OPFS: a file each, of value, metadata, version and expiry. */
import {
  CapabilityError,
  type Clock,
  type DriverCall,
  decodeCursor,
  encodeCursor,
  compareUtf8,
  type KvCapabilityInfo,
  type KvDriver,
  type KvDriverList,
  type KvDriverPage,
  type KvDriverPut,
  type StoredKvEntry,
} from '@flowport/capabilities'
import { uniqueIds } from '../platform/unique-ids.ts'
import { sortedKeys } from './encoded-keys.ts'
import { Entries } from './entries.ts'
import type { Home } from './home.ts'
import { translated } from './translate-error.ts'

interface Header {
  readonly version: string
  readonly isText: boolean
  readonly expiresAt?: number | undefined
  readonly metadata?: unknown
}

/** Headers read at once. */
const batchSize = 32

export class OpfsKvDriver implements KvDriver {
  readonly info: KvCapabilityInfo
  readonly #clock: Pick<Clock, 'now'>
  readonly #entries: Entries<Header>
  readonly #home: Home
  readonly #versions = uniqueIds()

  constructor(home: Home, info: KvCapabilityInfo, clock: Pick<Clock, 'now'>) {
    this.info = info
    this.#home = home
    this.#clock = clock
    this.#entries = new Entries(home, 'kv', (header) => !this.#isVisible(header))
  }

  get(key: string): Promise<StoredKvEntry | null> {
    return translated(this.#home, async () => {
      const entry = await this.#entries.read(key)
      if (entry === null || !this.#isVisible(entry.header)) return null
      const { isText, metadata, expiresAt, version } = entry.header
      return { value: isText ? decoder.decode(entry.bytes) : entry.bytes, metadata, expiresAt, version }
    })
  }

  put(key: string, value: string | Uint8Array<ArrayBuffer>, put: KvDriverPut): Promise<string> {
    const { expiresAt, metadata, ifAbsent, ifVersion, signal } = put
    return translated(this.#home, async () => {
      const isText = typeof value === 'string'
      const version = this.#versions.next()
      const isConditional = ifAbsent === true || ifVersion !== undefined
      const decide = async () => {
        const current = await this.#entries.read(key)
        const there = current !== null && this.#isVisible(current.header) ? current.header : null
        if (ifAbsent === true && there !== null)
          throw new CapabilityError('AlreadyExists', 'an entry is there already; it was left as it is')
        if (ifVersion !== undefined && there?.version !== ifVersion)
          throw new CapabilityError('ConditionNotMatch', 'the entry has another version; read it again')
      }
      const header = { version, isText, expiresAt, metadata }
      const bytes = isText ? encoder.encode(value) : value
      await this.#entries.write(key, header, bytes, signal, isConditional ? decide : undefined)
      return version
    })
  }

  delete(key: string, call: DriverCall): Promise<void> {
    return this.deleteMany([key], call)
  }

  deleteMany(keys: readonly string[], { signal }: DriverCall): Promise<void> {
    return translated(this.#home, () =>
      this.#entries.alone(signal, async () => {
        for (const key of keys) {
          signal?.throwIfAborted()
          await this.#entries.remove(key)
        }
      }),
    )
  }

  list({ prefix, cursor, limit, signal }: KvDriverList): Promise<KvDriverPage> {
    return translated(this.#home, async () => {
      const after = cursor === undefined ? '' : decodeCursor(cursor)
      const isAfter = (key: string) => cursor === undefined || compareUtf8(key, after) > 0
      const found = await sortedKeys(await this.#entries.folder(), prefix, isAfter)
      const keys: { key: string; expiresAt: number | undefined; metadata: unknown }[] = []
      for (let start = 0; start < found.length; start += batchSize) {
        signal?.throwIfAborted()
        const batch = found.slice(start, start + batchSize)
        const headers = await Promise.all(batch.map(({ handle }) => this.#entries.header(handle)))
        for (const [i, { key }] of batch.entries()) {
          const header = headers[i] ?? null
          if (header === null || !this.#isVisible(header)) continue
          // One more is known to follow: only now is it certain that the page is not the last.
          if (keys.length === limit) return { keys, cursor: encodeCursor(keys.at(-1)?.key ?? '') }
          keys.push({ key, expiresAt: header.expiresAt, metadata: header.metadata })
        }
      }
      return { keys }
    })
  }

  async check(): Promise<void> {
    await translated(this.#home, () => this.#home.check())
  }

  #isVisible({ expiresAt }: Header): boolean {
    return expiresAt === undefined || expiresAt > this.#clock.now()
  }
}

const encoder = new TextEncoder()
const decoder = new TextDecoder('utf-8', { ignoreBOM: true })
