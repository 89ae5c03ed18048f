/** Workers KV over Cloudflare's REST API, for Node: https://developers.cloudflare.com/api/resources/kv/ */
import {
  type Clock,
  CapabilityError,
  chunks,
  type DriverCall,
  type KvDriver,
  type KvDriverGet,
  type KvDriverGetMany,
  type KvDriverList,
  type KvDriverPage,
  type KvDriverPut,
  type StoredKvEntry,
} from '@flowport/capabilities'
import { canStartKey, checkCacheTtl, inParallel } from './calls.ts'
import { checkedDefaultTtl, platformExpiry } from './expiry.ts'
import { type CloudflareKvInfo, cloudflareKvRestInfo, withExtensions } from './info.ts'
import { readMany } from './read-many.ts'
import { RestClient, type RestClientOptions } from './rest-client.ts'
import { isAbsentKey } from './rest-error.ts'
import { listPage } from './rest-list.ts'

export interface KvRestOptions extends RestClientOptions {
  /** Seconds to live of entries put without a time to live, at least 60. Default: they stay. */
  readonly defaultTtlSeconds?: number | undefined
  readonly clock: Pick<Clock, 'now'>
}

/** A driver over the API of one namespace. */
export class KvRestDriver implements KvDriver {
  readonly info: CloudflareKvInfo
  readonly #client: RestClient
  readonly #defaultTtlSeconds: number | undefined
  readonly #clock: Pick<Clock, 'now'>

  constructor(options: KvRestOptions) {
    this.#client = new RestClient(options)
    this.#defaultTtlSeconds = checkedDefaultTtl(options.defaultTtlSeconds)
    this.#clock = options.clock
    this.info = withExtensions(cloudflareKvRestInfo, {
      'com.cloudflare.kv.defaultTtlSeconds': this.#defaultTtlSeconds ?? null,
    })
  }

  /** Value and metadata are two requests: a write between them may show in one of them only. */
  async get(key: string, call: KvDriverGet): Promise<StoredKvEntry | null> {
    // The API reads past the caches, but a flow that is refused on Workers is refused here too.
    checkCacheTtl(call.cacheTtlSeconds)
    const [value, metadata] = await Promise.all([
      this.#client.bytes(`/values/${encodeURIComponent(key)}`, call.signal).catch(nullWhenAbsent),
      call.withMetadata === false ? undefined : this.#metadata(key, call),
    ])
    if (value === null) return null
    const expiration = Number(value.headers.get('expiration') ?? Number.NaN)
    return {
      value: new Uint8Array(value.body),
      metadata,
      expiresAt: Number.isFinite(expiration) ? expiration * 1000 : undefined,
    }
  }

  getMany(keys: readonly string[], call: KvDriverGetMany): Promise<ReadonlyMap<string, StoredKvEntry>> {
    checkCacheTtl(call.cacheTtlSeconds)
    return readMany(keys, call, {
      texts: async (some) => {
        const { result } = await this.#client.json(
          '/bulk/get',
          post({ keys: some, type: 'text' }),
          call.signal,
        )
        return new Map(Object.entries((result as { values?: Record<string, string | null> }).values ?? {}))
      },
      entry: (key) => this.get(key, { ...call, withMetadata: false }),
    })
  }

  async put(key: string, value: string | Uint8Array<ArrayBuffer>, put: KvDriverPut): Promise<undefined> {
    const expiry = platformExpiry(put.expiresAt, this.#defaultTtlSeconds, this.#clock.now())
    const query = new URLSearchParams()
    if ('expiration' in expiry) query.set('expiration', String(expiry.expiration))
    if ('expirationTtl' in expiry) query.set('expiration_ttl', String(expiry.expirationTtl))
    const search = query.size === 0 ? '' : `?${query.toString()}`
    const init = { method: 'PUT', ...bodyOf(value, put.metadata) }
    await this.#client.json(`/values/${encodeURIComponent(key)}${search}`, init, put.signal)
  }

  async delete(key: string, { signal }: DriverCall): Promise<void> {
    await this.#client
      .json(`/values/${encodeURIComponent(key)}`, { method: 'DELETE' }, signal)
      .catch(nullWhenAbsent)
  }

  deleteMany(keys: readonly string[], call: DriverCall): Promise<void> {
    return inParallel(chunks(keys, this.info.limits.maxBulkKeys), call, async (chunk) => {
      const { result } = await this.#client.json('/bulk/delete', post(chunk), call.signal)
      const left = (result as { unsuccessful_keys?: readonly string[] } | null)?.unsuccessful_keys ?? []
      if (left.length === 0) return
      throw new CapabilityError(
        'Unavailable',
        `${left.length} of ${chunk.length} keys were not deleted; try again`,
        {
          details: { unsuccessful: left.length },
        },
      )
    })
  }

  async list(list: KvDriverList): Promise<KvDriverPage> {
    return canStartKey(list.prefix) ? listPage(this.#client, list) : { keys: [] }
  }

  /** Asks for the namespace: proves the token, the account and the namespace, and costs no operation on it. */
  async check({ signal }: DriverCall): Promise<void> {
    await this.#client.json('', {}, signal)
  }

  async #metadata(key: string, { signal }: DriverCall): Promise<unknown> {
    const answer = await this.#client
      .json(`/metadata/${encodeURIComponent(key)}`, {}, signal)
      .catch(nullWhenAbsent)
    return answer?.result ?? undefined
  }
}

function nullWhenAbsent(error: unknown): null {
  if (isAbsentKey(error)) return null
  throw error
}

/** The value as it is, or as a form when metadata goes with it. */
function bodyOf(value: string | Uint8Array<ArrayBuffer>, metadata: unknown): RequestInit {
  if (metadata === undefined) return { body: value, headers: { 'content-type': 'application/octet-stream' } }
  const form = new FormData()
  form.set('value', new Blob([value]))
  form.set('metadata', JSON.stringify(metadata))
  return { body: form }
}

function post(body: unknown): RequestInit {
  return { method: 'POST', body: JSON.stringify(body), headers: { 'content-type': 'application/json' } }
}
