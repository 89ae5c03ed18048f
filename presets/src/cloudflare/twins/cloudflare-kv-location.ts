/** One location of the KV twin: its cache of what was read there, absent keys too, over the central store. */
import { decodeCursor, encodeCursor } from '@flowport/capabilities'
import type { TwinEntry, TwinNamespace, TwinPage, TwinPutOptions } from './cloudflare-kv-namespace.ts'
import {
  checkBulkSize,
  checkCacheTtl,
  checkKey,
  checkKeyLength,
  checkKeys,
  checkLimit,
  checkSizes,
  expirationOf,
  type Method,
  refusal,
} from './cloudflare-kv-rules.ts'
import type { CentralStore, Nature, Stored, Version } from './cloudflare-kv-store.ts'

/** What the location saw, and until when it serves it without looking again. */
interface Cached {
  readonly version: Version | undefined
  readonly until: number
  /** Milliseconds it may at most be served after a newer version was written. */
  readonly bound: number
}

type ReadType = 'text' | 'json' | 'arrayBuffer' | 'stream'
type ReadOptions = ReadType | { readonly type?: ReadType | undefined; readonly cacheTtl?: number } | undefined

export class Location {
  readonly #name: string
  readonly #store: CentralStore
  readonly #nature: Nature
  readonly #cache = new Map<string, Cached>()

  constructor(name: string, store: CentralStore, nature: Nature) {
    this.#name = name
    this.#store = store
    this.#nature = nature
  }

  /** The binding of an invocation that may make so many calls. */
  view(operations: number): TwinNamespace {
    let left = operations
    const counted = async <T>(run: () => T | Promise<T>): Promise<T> => {
      if (left <= 0) throw new Error('Too many API requests by single Worker invocation.')
      left -= 1
      return run()
    }
    const view = {
      get: (keys: string | string[], options: ReadOptions) =>
        counted(() => {
          const value = (entry: TwinEntry<unknown>) => entry.value
          if (typeof keys === 'string') return value(this.#entry(keys, options))
          return new Map([...this.#entries(keys, options)].map(([key, entry]) => [key, value(entry)]))
        }),
      getWithMetadata: (keys: string | string[], options: ReadOptions) =>
        counted(() => (typeof keys === 'string' ? this.#entry(keys, options) : this.#entries(keys, options))),
      put: (...args: Parameters<TwinNamespace['put']>) => counted(() => this.#put(...args)),
      delete: (key: string) => counted(() => this.#delete(key)),
      list: (...args: Parameters<TwinNamespace['list']>) => counted(() => this.#list(...args)),
    }
    return view as TwinNamespace
  }

  #entry(key: string, options: ReadOptions): TwinEntry<unknown> {
    const { type = 'text', cacheTtl } = optionsOf(options)
    checkKey('GET', key)
    checkCacheTtl('GET', cacheTtl)
    const stored = this.#read(key, cacheTtl)
    return {
      value: stored === null ? null : inForm(stored, type),
      metadata: metadataOf(stored),
      cacheStatus: null,
    }
  }

  #entries(keys: string[], options: ReadOptions): Map<string, TwinEntry<unknown>> {
    const { type = 'text', cacheTtl } = optionsOf(options)
    if (type !== 'text' && type !== 'json') {
      throw refusal('GET_BULK', 400, `"${type}" is not a valid type. Use "json" or "text"`)
    }
    checkKeys(keys)
    checkCacheTtl('GET_BULK', cacheTtl)
    let total = 0
    const found = keys.map((key) => {
      const stored = this.#read(key, cacheTtl)
      total += stored?.bytes.byteLength ?? 0
      const value = stored === null ? null : inForm(stored, type)
      return [key, { value, metadata: metadataOf(stored), cacheStatus: null }] as const
    })
    checkBulkSize(total)
    return new Map(found)
  }

  /** From the cache while that may be served, else from the store; the answer is cached, absence too. */
  #read(key: string, cacheTtl: number | undefined): Stored | null {
    const { clock, rng, staleMs, minStaleMs } = this.#nature
    const now = clock.now()
    const cached = this.#cache.get(key)
    if (cached !== undefined && now < cached.until && !this.#isOverdue(key, cached)) {
      return this.#store.alive(cached.version?.stored)
    }
    const version = this.#store.seen(key, this.#name)
    const longest = cacheTtl === undefined ? staleMs : cacheTtl * 1000
    const shortest = Math.min(minStaleMs, longest)
    const until = now + shortest + rng.float() * (longest - shortest)
    this.#cache.set(key, { version, until, bound: Math.max(staleMs, longest) })
    return this.#store.alive(version?.stored)
  }

  #isOverdue(key: string, { version, bound }: Cached): boolean {
    return this.#store.isOverdue(key, version?.number ?? 0, bound)
  }

  async #put(
    key: string,
    value: Parameters<TwinNamespace['put']>[1],
    options: TwinPutOptions = {},
  ): Promise<void> {
    checkKey('PUT', key)
    const metadata =
      options.metadata === undefined || options.metadata === null
        ? undefined
        : JSON.stringify(options.metadata)
    const bytes = await bytesOf(value)
    checkSizes(bytes, metadata)
    const expiration = expirationOf(options, this.#nature.clock.now())
    this.#write('PUT', key, { bytes, metadata, expiration })
  }

  /** Given an array, the binding takes it for its text, which is rarely the name of a key: it then deletes nothing. */
  #delete(key: string | readonly string[]): void {
    const name = key.toString()
    checkKey('DELETE', name)
    this.#write('DELETE', name, null)
  }

  #write(method: 'PUT' | 'DELETE', key: string, stored: Stored | null): void {
    const version = this.#store.write(method, key, stored, this.#name)
    if (version.seenFirstAt === this.#name) this.#cache.delete(key)
  }

  #list({ prefix, cursor, limit = 1000 }: Parameters<TwinNamespace['list']>[0] = {}): TwinPage {
    const { rng, shortPages } = this.#nature
    checkLimit(limit)
    checkKeyLength('LIST', prefix ?? '')
    const after = placeOf('LIST', cursor ?? '')
    const keys = this.#store.keys(this.#name, prefix ?? '', after)
    const isShort = rng.float() < shortPages
    const page = keys.slice(0, isShort ? rng.int(0, Math.min(limit, keys.length)) : limit)
    const listed = page.map(([name, { expiration, metadata }]) => ({
      name,
      ...(expiration === undefined ? {} : { expiration }),
      ...(metadata === undefined ? {} : { metadata: JSON.parse(metadata) as unknown }),
    }))
    if (!isShort && page.length === keys.length)
      return { list_complete: true, keys: listed, cacheStatus: null }
    const place = encodeCursor(page.at(-1)?.[0] ?? after)
    return { list_complete: false, keys: listed, cursor: place, cacheStatus: null }
  }
}

function optionsOf(options: ReadOptions): { type?: ReadType | undefined; cacheTtl?: number } {
  return typeof options === 'string' ? { type: options } : (options ?? {})
}

function placeOf(method: Method, cursor: string): string {
  if (cursor === '') return ''
  try {
    return decodeCursor(cursor)
  } catch {
    throw refusal(method, 400, 'Invalid cursor')
  }
}

function inForm({ bytes }: Stored, type: ReadType): unknown {
  if (type === 'arrayBuffer') return bytes.slice().buffer
  if (type === 'stream') return new Blob([bytes]).stream()
  const text = new TextDecoder().decode(bytes)
  return type === 'json' ? (JSON.parse(text) as unknown) : text
}

function metadataOf(stored: Stored | null): unknown {
  return stored?.metadata === undefined ? null : (JSON.parse(stored.metadata) as unknown)
}

async function bytesOf(
  value: string | ArrayBuffer | ArrayBufferView | ReadableStream,
): Promise<Uint8Array<ArrayBuffer>> {
  return new Uint8Array(await new Response(value as BodyInit).arrayBuffer())
}
