/** Workers KV over the binding of a Worker. Values are read as bytes, so that what was put comes back exactly. */
import {
  type Clock,
  decodeCursor,
  type DriverCall,
  encodeCursor,
  type KvDriver,
  type KvDriverGet,
  type KvDriverGetMany,
  type KvDriverList,
  type KvDriverPage,
  type KvDriverPut,
  type StoredKvEntry,
} from '@flowport/capabilities'
import type { KvNamespaceBinding } from './binding.ts'
import { canStartKey, checkCacheTtl, inParallel, untilAborted } from './calls.ts'
import { checkedDefaultTtl, platformExpiry } from './expiry.ts'
import { type CloudflareKvInfo, cloudflareKvInfo, withExtensions } from './info.ts'
import { readMany } from './read-many.ts'
import { translated } from './translate-error.ts'

export interface KvBindingOptions {
  /** Seconds to live of entries put without a time to live, at least 60. Default: they stay. */
  readonly defaultTtlSeconds?: number | undefined
  /** Ask `list` for the end of each entry that is read with metadata. Default false. */
  readonly readExpiry?: boolean | undefined
  readonly clock: Pick<Clock, 'now'>
}

/** A driver over a KV namespace. */
export class KvBindingDriver implements KvDriver {
  readonly info: CloudflareKvInfo
  readonly #namespace: KvNamespaceBinding
  readonly #defaultTtlSeconds: number | undefined
  readonly #readExpiry: boolean
  readonly #clock: Pick<Clock, 'now'>

  constructor(namespace: KvNamespaceBinding, options: KvBindingOptions) {
    const { readExpiry = false, clock } = options
    this.#namespace = namespace
    this.#defaultTtlSeconds = checkedDefaultTtl(options.defaultTtlSeconds)
    this.#readExpiry = readExpiry
    this.#clock = clock
    this.info = withExtensions(cloudflareKvInfo, {
      'com.cloudflare.kv.expiryOnRead': readExpiry,
      'com.cloudflare.kv.defaultTtlSeconds': this.#defaultTtlSeconds ?? null,
    })
  }

  get(key: string, call: KvDriverGet): Promise<StoredKvEntry | null> {
    checkCacheTtl(call.cacheTtlSeconds)
    const expiry = this.#readExpiry && call.withMetadata !== false
    return this.#run(call, async () => {
      const [{ value, metadata }, expiresAt] = await Promise.all([
        this.#namespace.getWithMetadata(key, { type: 'arrayBuffer', ...cacheTtl(call) }),
        expiry ? this.#expiryOf(key) : undefined,
      ])
      if (value === null) return null
      return { value: new Uint8Array(value), metadata: metadata ?? undefined, expiresAt }
    })
  }

  getMany(keys: readonly string[], call: KvDriverGetMany): Promise<ReadonlyMap<string, StoredKvEntry>> {
    checkCacheTtl(call.cacheTtlSeconds)
    const options = { type: 'text', ...cacheTtl(call) } as const
    return readMany(keys, call, {
      texts: (some) => this.#run(call, () => this.#namespace.get(some, options)),
      entry: (key) => this.get(key, { ...call, withMetadata: false }),
    })
  }

  put(key: string, value: string | Uint8Array<ArrayBuffer>, put: KvDriverPut): Promise<undefined> {
    const expiry = platformExpiry(put.expiresAt, this.#defaultTtlSeconds, this.#clock.now())
    const { metadata } = put
    return this.#run(put, async () => {
      await this.#namespace.put(key, value, { ...expiry, ...(metadata === undefined ? {} : { metadata }) })
      return undefined
    })
  }

  delete(key: string, call: DriverCall): Promise<void> {
    return this.#run(call, () => this.#namespace.delete(key))
  }

  /** The binding deletes one key at a time; given an array it deletes nothing, without a word. */
  deleteMany(keys: readonly string[], call: DriverCall): Promise<void> {
    return inParallel(keys, call, (key) => this.delete(key, call))
  }

  async list({ prefix, cursor, limit, ...call }: KvDriverList): Promise<KvDriverPage> {
    // The platform takes any text for a cursor; wrapped, a wrong one is told from a right one.
    const from = cursor === undefined ? {} : { cursor: decodeCursor(cursor) }
    if (!canStartKey(prefix)) return { keys: [] }
    const page = await this.#run(call, () => this.#namespace.list({ prefix, limit, ...from }))
    return {
      keys: page.keys.map(({ name, expiration, metadata }) => ({
        key: name,
        expiresAt: expiration === undefined ? undefined : expiration * 1000,
        metadata,
      })),
      cursor: page.list_complete ? undefined : encodeCursor(page.cursor ?? ''),
    }
  }

  /** Reads a key that is not there: the answer is cached at the location, so asking often is cheap. */
  async check(call: DriverCall): Promise<void> {
    await this.get('flowport:check', { ...call, withMetadata: false })
  }

  /** The key itself is the first that starts with it. */
  async #expiryOf(key: string): Promise<number | undefined> {
    const { keys } = await this.#namespace.list({ prefix: key, limit: 1 })
    const [first] = keys
    return first?.name === key && first.expiration !== undefined ? first.expiration * 1000 : undefined
  }

  #run<T>(call: DriverCall, run: () => Promise<T>): Promise<T> {
    return translated(() => untilAborted(run(), call))
  }
}

function cacheTtl({ cacheTtlSeconds }: KvDriverGet): { cacheTtl?: number } {
  return cacheTtlSeconds === undefined ? {} : { cacheTtl: cacheTtlSeconds }
}
