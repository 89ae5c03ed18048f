/** The stores behind the URIs of one storage: opened when first used, once, closed when their credentials change. */
import type { Clock } from '../clock/contract.ts'
import { CapabilityError, isCapabilityError } from '../error.ts'
import type { Logger } from '../logger.ts'
import { CredentialBook, type Env } from './credentials.ts'
import type { OpenedStore, StorageScheme } from './scheme.ts'
import { schemeMap, unsupportedScheme } from './scheme-map.ts'
import { parseUri, type Place, placeOf } from './uri.ts'

export interface StoresOptions {
  readonly schemes: readonly StorageScheme[]
  readonly env: Env
  /** By scheme: what opens its stores where the runtime has none. */
  readonly fallback: Readonly<Record<string, StorageScheme>>
  readonly log: Logger
  /** Told of a scheme whose files are kept elsewhere. */
  readonly warn: Pick<Logger, 'warn'>
  readonly clock: Clock
}

/** A scheme that another stands in for. */
export interface Fallback {
  readonly scheme: string
  /** The provider of the store that is used instead, such as `'memory'`. */
  readonly provider: string
  readonly reason: string
}

/** A store in use. It stays open until it is released. */
export interface Lease {
  readonly store: OpenedStore
  readonly place: Place
  /** Of the scheme and the store's name: the same for every opening of it. */
  readonly id: string
  release(): void
  /** Another lease of this very store, though the URI may lead to a newer one by now. */
  retain(): Lease
}

interface Entry {
  readonly opening: Promise<OpenedStore>
  readonly provider: string | undefined
  users: number
  isRetired: boolean
}

export class Stores {
  readonly credentials: CredentialBook
  readonly fallbacks: Fallback[] = []
  readonly #schemes: ReadonlyMap<string, StorageScheme>
  readonly #options: StoresOptions
  readonly #entries = new Map<string, Entry>()
  readonly #retired = new Set<Entry>()
  #isClosed = false

  constructor(options: StoresOptions) {
    this.#options = options
    this.#schemes = schemeMap(options.schemes)
    for (const scheme of Object.keys(options.fallback)) {
      if (!this.#schemes.has(scheme))
        throw new CapabilityError(
          'Misconfigured',
          `the fallback for "${scheme}" is for no scheme of this storage`,
        )
    }
    this.credentials = new CredentialBook(options.schemes, options.env)
  }

  get schemes(): readonly StorageScheme[] {
    return [...this.#schemes.values()]
  }

  /** Where the URI points, without opening anything. `INVALID_URI` or `UNSUPPORTED_SCHEME` when that is nowhere. */
  locate(uri: unknown): { readonly scheme: StorageScheme; readonly place: Place } {
    const parsed = parseUri(uri)
    const scheme = this.#schemes.get(parsed.scheme)
    if (scheme === undefined) throw unsupportedScheme(parsed.scheme, [...this.#schemes.keys()])
    return { scheme, place: placeOf(parsed, scheme) }
  }

  /** The store a URI points into. Callers that come while it is being opened wait for the same one. */
  async lease(uri: unknown): Promise<Lease> {
    const { scheme, place } = this.locate(uri)
    if (this.#isClosed)
      throw new CapabilityError('Unavailable', 'the storage is closed', {
        retryable: 'never',
        code: 'STORAGE_CLOSED',
      })
    const id = JSON.stringify([scheme.scheme, place.store])
    const entry = this.#entries.get(id) ?? this.#opened(id, scheme, place.store)
    entry.users += 1
    try {
      return this.#leased(entry, await entry.opening, place, id)
    } catch (error) {
      entry.users -= 1
      this.#closeUnused(entry)
      throw error
    }
  }

  /** A lease of an entry that counts its user already. */
  #leased(entry: Entry, store: OpenedStore, place: Place, id: string): Lease {
    let isReleased = false
    return {
      store,
      place,
      id,
      release: () => {
        if (isReleased) return
        isReleased = true
        entry.users -= 1
        this.#closeUnused(entry)
      },
      retain: () => {
        entry.users += 1
        return this.#leased(entry, store, place, id)
      },
    }
  }

  /** The provider's stores are opened anew when they are next used; those in use are closed after it. */
  reopen(provider: string): void {
    for (const [id, entry] of this.#entries) {
      if (entry.provider !== provider) continue
      this.#entries.delete(id)
      this.#retired.add(entry)
      entry.isRetired = true
      this.#closeUnused(entry)
    }
  }

  /** Closes every store, also those in use. The first failure is thrown once all have been tried. */
  async close(): Promise<void> {
    this.#isClosed = true
    const entries = [...this.#entries.values(), ...this.#retired]
    this.#entries.clear()
    this.#retired.clear()
    const closed = await Promise.allSettled(entries.map(close))
    const failed = closed.find((each) => each.status === 'rejected')
    if (failed !== undefined) throw failed.reason
  }

  #opened(id: string, scheme: StorageScheme, store: string): Entry {
    const entry: Entry = {
      opening: this.#open(scheme, store),
      provider: scheme.provider,
      users: 0,
      isRetired: false,
    }
    this.#entries.set(id, entry)
    entry.opening.catch(() => {
      if (this.#entries.get(id) === entry) this.#entries.delete(id)
    })
    return entry
  }

  async #open(scheme: StorageScheme, store: string): Promise<OpenedStore> {
    const { env, log, clock, fallback } = this.#options
    const credentials = scheme.provider === undefined ? null : this.credentials.of(scheme.provider)
    this.credentials.check(scheme, credentials)
    try {
      const opened = await scheme.open(store, { credentials, env, log, clock })
      if (opened.fallback !== undefined) this.#tell({ scheme: scheme.scheme, ...opened.fallback }, opened)
      return opened
    } catch (error) {
      const other = fallback[scheme.scheme]
      if (other === undefined || !isAbsentHere(error)) throw error
      const opened = await other.open(store, { credentials: null, env, log, clock })
      this.#tell({ scheme: scheme.scheme, provider: opened.blob.info.provider, reason: error.reason }, opened)
      return opened
    }
  }

  #tell(fallback: Fallback, { blob }: OpenedStore): void {
    if (this.fallbacks.some(({ scheme }) => scheme === fallback.scheme)) return
    this.fallbacks.push(fallback)
    const loss = blob.info.durability === 'ephemeral' ? ', and are lost when this page or process ends' : ''
    this.#options.warn.warn(
      { ...fallback },
      `${fallback.scheme}:// is not available here; its files are kept by ${fallback.provider} instead${loss}: ${fallback.reason}`,
    )
  }

  #closeUnused(entry: Entry): void {
    if (!entry.isRetired || entry.users > 0 || !this.#retired.delete(entry)) return
    close(entry).catch((error: unknown) => {
      this.#options.log.warn({ err: error }, 'a store could not be closed after its credentials changed')
    })
  }
}

async function close({ opening }: Entry): Promise<void> {
  const opened = await opening.catch(() => null)
  await opened?.close?.()
}

function isAbsentHere(error: unknown): error is CapabilityError {
  return isCapabilityError(error) && (error.kind === 'Unsupported' || error.code === 'PRESET_UNSUPPORTED')
}
