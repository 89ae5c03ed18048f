/** A key-value driver over an OpenDAL operator: each entry a value in an envelope that holds its expiry and metadata. */
import type { Operator } from 'opendal'
import {
  CapabilityError,
  checkSize,
  type Clock,
  type DriverCall,
  type KvCapabilityInfo,
  type KvDriver,
  type KvDriverList,
  type KvDriverPage,
  type KvDriverPut,
  lifeSecondsRule,
  type Logger,
  numberFault,
  type StoredKvEntry,
  utf8Length,
} from '@flowport/capabilities'
import { Background } from './background.ts'
import { checkService } from './check.ts'
import { opendalKvInfo, type OpenDalKvInfoOptions } from './driver-info.ts'
import { pathFault } from './key.ts'
import { KvEntries, type KvHeader } from './kv-entries.ts'
import { knownService } from './known-services.ts'
import { Listing } from './listing.ts'
import { escapedNames, namesWithin } from './names.ts'
import { toPlace } from './native.ts'
import { checkedInteger } from './driver-options.ts'
import type { Place } from './place.ts'

export interface OpenDalKvOptions extends OpenDalKvInfoOptions {
  /** Folder the entries are in, such as `'kv/'`. Default: the root of the operator. */
  readonly folder?: string
  /**
   * Seconds between sweeps of expired entries, which a put starts in the background; 0 for none. Expired entries are
   * invisible in any case. Default 300.
   */
  readonly sweepEverySeconds?: number
  readonly log: Pick<Logger, 'warn'>
  readonly clock: Clock
}

export interface SweepOptions extends DriverCall {
  /** Most entries to look at, 1 to 100 000. Default 1000. */
  readonly maxKeys?: number
}

/** The result of a sweep. */
export interface Swept {
  readonly examined: number
  readonly removed: number
  /** Whether it came to the end, so that the next one starts over. */
  readonly complete: boolean
}

export interface OpenDalKvDriver extends KvDriver {
  /**
   * Removes entries that expired more than a minute ago, going on where the last sweep ended. A put of another process
   * that comes between looking at an entry and removing it is lost; one of this process waits.
   */
  sweep(options?: SweepOptions): Promise<Swept>
}

/** A key-value store over the operator. Times to live are kept or refused, never dropped. */
export function opendalKvDriver(operator: Operator, options: OpenDalKvOptions): OpenDalKvDriver {
  return new EnvelopeKvDriver(operator, options)
}

class EnvelopeKvDriver implements OpenDalKvDriver {
  readonly info: KvCapabilityInfo
  readonly #operator: Operator
  readonly #options: OpenDalKvOptions
  readonly #entries: KvEntries
  readonly #listing: Listing
  readonly #background: Background
  #sweptAt: number
  #sweepFrom: string | undefined

  constructor(operator: Operator, options: OpenDalKvOptions) {
    const { scheme, clock, folder = '', log } = options
    checkOptions(operator, options)
    this.#operator = operator
    this.#options = options
    this.#sweptAt = clock.now()
    const names = namesWithin(folder, escapedNames(null))
    this.#background = new Background(log, scheme)
    const staged = knownService(scheme).tree && operator.capability().rename
    this.#entries = new KvEntries({ operator, names, staged, clock, background: this.#background })
    this.#listing = new Listing({ operator, names, pathsAreKeys: false, now: () => clock.now() })
    this.info = opendalKvInfo(operator, options)
  }

  async get(key: string, { signal }: DriverCall): Promise<StoredKvEntry | null> {
    const where = at('get', key)
    const found = await this.#entries.read(key, where, signal)
    if (found === null) return null
    const { header, content } = found
    if (this.#entries.isOver(header)) {
      // Where entries cannot be listed, this is the only place that sees the dead ones.
      if (!this.info.features.list && this.#entries.isLongOver(header)) {
        this.#background.add(this.#entries.removeExpired(key, where), notRemoved)
      }
      return null
    }
    return {
      value: header.text ? decoder.decode(content) : new Uint8Array(content),
      metadata: header.metadata ?? undefined,
      expiresAt: header.expiresAt ?? undefined,
    }
  }

  async put(key: string, value: string | Uint8Array<ArrayBuffer>, put: KvDriverPut): Promise<undefined> {
    const where = at('put', key)
    const header = this.#headerFor(value, put, where)
    const content = typeof value === 'string' ? encoder.encode(value) : value
    checkSize(content.byteLength, this.info.limits.maxValueBytes, 'value', toPlace(where))
    await this.#entries.write(key, header, content, where, put.signal)
    this.#sweepSometimes()
    return undefined
  }

  async delete(key: string, { signal }: DriverCall): Promise<void> {
    await this.#entries.remove(key, at('delete', key), signal)
  }

  async list({ prefix, cursor, limit, signal }: KvDriverList): Promise<KvDriverPage> {
    const where: Place = { capability: 'kv', operation: 'list' }
    this.#checkList(where)
    const page = await this.#listing.page({ prefix, cursor, limit, signal }, where)
    const found = await this.#entries.headers(
      page.keys.map(({ key }) => key),
      where,
      signal,
    )
    const keys = found
      .filter(({ header }) => !this.#entries.isOver(header))
      .map(({ key, header: { expiresAt, metadata } }) => ({
        key,
        expiresAt: expiresAt ?? undefined,
        metadata: metadata ?? undefined,
      }))
    return { keys, cursor: page.cursor }
  }

  async sweep({ maxKeys = 1000, signal }: SweepOptions = {}): Promise<Swept> {
    const where: Place = { capability: 'kv', operation: 'sweep' }
    checkedInteger('maxKeys', maxKeys, 1, 100_000)
    this.#checkList(where)
    this.#sweptAt = this.#options.clock.now()
    const page = await this.#listing.page(
      { prefix: '', cursor: this.#sweepFrom, limit: maxKeys, signal },
      where,
    )
    this.#sweepFrom = page.cursor
    const keys = page.keys.map(({ key }) => key)
    let removed = 0
    for (const { key, header } of await this.#entries.headers(keys, where, signal)) {
      if (!this.#entries.isLongOver(header)) continue
      if (await this.#entries.removeExpired(key, { ...where, key })) removed += 1
    }
    return { examined: keys.length, removed, complete: page.cursor === undefined }
  }

  async check({ signal }: DriverCall): Promise<void> {
    await checkService(this.#operator, { capability: 'kv', operation: 'check' }, signal)
  }

  /** Waits for sweeps and for the clean-up after aborted puts. */
  async close(): Promise<void> {
    await this.#background.settled()
  }

  #headerFor(value: string | Uint8Array, put: KvDriverPut, where: Place): KvHeader {
    const { expiresAt, metadata, ifAbsent, ifVersion } = put
    const { provider, limits } = this.info
    const unsupported = (what: string) =>
      new CapabilityError('Unsupported', `${provider} ${what}`, toPlace(where))
    if (ifAbsent === true || ifVersion !== undefined) throw unsupported('has no conditional writes')
    const { ttl, clock } = this.#options
    if (expiresAt !== undefined && ttl !== 'per_write') {
      throw unsupported(`has no time to live per write (ttl: ${this.info.ttl})`)
    }
    if (metadata !== undefined && metadata !== null) {
      checkSize(utf8Length(JSON.stringify(metadata)), limits.maxMetadataBytes, 'metadata', toPlace(where))
    }
    return {
      kind: 'kv',
      text: typeof value === 'string',
      expiresAt: typeof ttl === 'object' ? clock.now() + ttl.namespaceDefault * 1000 : (expiresAt ?? null),
      metadata: metadata ?? null,
    }
  }

  #sweepSometimes(): void {
    const { sweepEverySeconds = 300, clock } = this.#options
    if (sweepEverySeconds === 0 || !this.info.features.list) return
    if (clock.now() - this.#sweptAt < sweepEverySeconds * 1000) return
    this.#sweptAt = clock.now()
    this.#background.add(this.sweep(), notRemoved)
  }

  #checkList(where: Place): void {
    if (this.info.features.list) return
    throw new CapabilityError('Unsupported', `${this.info.provider} cannot list keys`, toPlace(where))
  }
}

const notRemoved = 'expired entries could not be removed'

function checkOptions(operator: Operator, options: OpenDalKvOptions): void {
  const { scheme, ttl, folder = '', sweepEverySeconds = 300 } = options
  checkedInteger('sweepEverySeconds', sweepEverySeconds, 0, 86_400)
  const ttlFault = typeof ttl === 'object' ? numberFault(ttl.namespaceDefault, lifeSecondsRule) : null
  if (ttlFault !== null) throw misconfigured(`ttl.namespaceDefault ${ttlFault}`)
  if (folder !== '' && (!folder.endsWith('/') || pathFault(folder.slice(0, -1)) !== null)) {
    throw misconfigured('folder must be a path that ends with "/", such as "kv/"')
  }
  const can = operator.capability()
  if (can.read && can.write && can.delete) return
  throw misconfigured(`the service "${scheme}" cannot be written to: it cannot hold a key-value store`)
}

function at(operation: string, key: string): Place & { readonly key: string } {
  return { capability: 'kv', operation, key }
}

function misconfigured(reason: string): CapabilityError {
  return new CapabilityError('Misconfigured', reason, { code: 'OPENDAL_OPTION' })
}

const encoder = new TextEncoder()
// A byte order mark belongs to the text.
const decoder = new TextDecoder('utf-8', { ignoreBOM: true })
