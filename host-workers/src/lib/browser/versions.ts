/** Keeps the files of earlier versions while tabs of these versions are open. */
import type { ServiceWorkerScope } from './scope.ts'

/** State that is stored, because browsers stop the service worker between events. */
interface Kept {
  /** Name of the cache of the version that was activated last. */
  readonly active: string
  /** Names of earlier versions' caches, by id of a tab that was open when the next version took over. */
  readonly clients: Readonly<Record<string, string>>
}

export class Versions {
  readonly #scope: ServiceWorkerScope
  /** Prefix of the cache names of all versions. */
  readonly #prefix: string
  readonly #current: string
  readonly #paths = new Map<string, ReadonlySet<string>>()
  #kept: Kept | undefined
  #loading: Promise<void> | undefined
  #sweeping: Promise<void> | undefined

  constructor(scope: ServiceWorkerScope, prefix: string, current: string) {
    this.#scope = scope
    this.#prefix = prefix
    this.#current = current
  }

  /** Takes over from the previous version. Deletes the files of versions without open tabs. */
  async activate(): Promise<void> {
    await this.load()
    await this.sweep()
  }

  /**
   * Reads the stored state, one time per start of the service worker. The first start of a version also takes over, because
   * Chromium sends it requests of its tabs before the `activate` event.
   */
  load(): Promise<void> {
    return (this.#loading ??= this.#begin())
  }

  async #begin(): Promise<void> {
    const stored = await (await this.#scope.caches.open(this.#name)).match(this.#url)
    const kept = (await stored?.json().catch(() => undefined)) as Kept | undefined
    if (kept?.active === this.#current) return this.#know(kept)
    await this.#keep({ active: this.#current, clients: await this.#tabs(kept) })
  }

  /** Returns the version of each open tab: the version that was active until now, or an earlier one. */
  async #tabs(kept: Kept | undefined): Promise<Kept['clients']> {
    const others = await this.#others()
    // Earlier releases of this package stored no state: their youngest cache was in use.
    const before = kept?.active ?? others.at(-1)
    const clients: Record<string, string> = {}
    const open = await this.#scope.clients.matchAll({ includeUncontrolled: true, type: 'all' })
    for (const { id, url, type } of open) {
      const cache = kept?.clients[id] ?? before
      const isOurs = type !== 'serviceworker' && url.startsWith(this.#scope.registration.scope)
      if (isOurs && cache !== undefined && others.includes(cache)) clients[id] = cache
    }
    return clients
  }

  /**
   * Whether a tab uses an earlier version that has this file. Returns `undefined` before `load` has finished, because a service
   * worker must decide synchronously whether it answers.
   */
  has(clientId: string, url: string): boolean | undefined {
    if (this.#kept === undefined) return undefined
    const cache = this.#kept.clients[clientId]
    return cache !== undefined && this.#paths.get(cache)?.has(url) === true
  }

  /**
   * Resolves to the file of the tab's earlier version. Resolves to `undefined` for tabs of the current version, and for files
   * that the version lacks.
   */
  async match(clientId: string, url: string): Promise<Response | undefined> {
    await this.load()
    const cache = this.#kept?.clients[clientId]
    if (cache === undefined || cache === this.#current) return undefined
    return (await this.#scope.caches.open(cache)).match(url)
  }

  /** Deletes the files of versions whose last tab has closed. */
  async sweep(): Promise<void> {
    await this.load()
    if (this.#kept === undefined || Object.keys(this.#kept.clients).length === 0) return
    this.#sweeping ??= this.#sweep(this.#kept).finally(() => {
      this.#sweeping = undefined
    })
    await this.#sweeping
  }

  async #sweep({ active, clients }: Kept): Promise<void> {
    const entries = Object.entries(clients)
    const open = await Promise.all(entries.map(([id]) => this.#scope.clients.get(id)))
    const left = entries.filter((_entry, index) => open[index] !== undefined)
    if (left.length < entries.length) await this.#keep({ active, clients: Object.fromEntries(left) })
  }

  async #know(kept: Kept): Promise<void> {
    for (const cache of new Set(Object.values(kept.clients))) {
      if (this.#paths.has(cache)) continue
      const requests = await (await this.#scope.caches.open(cache)).keys()
      this.#paths.set(cache, new Set(requests.map(({ url }) => url)))
    }
    this.#kept = kept
  }

  async #keep(kept: Kept): Promise<void> {
    await (await this.#scope.caches.open(this.#name)).put(this.#url, Response.json(kept))
    const used = new Set([this.#current, ...Object.values(kept.clients)])
    const unused = (await this.#others()).filter((name) => !used.has(name))
    await Promise.all(unused.map((name) => this.#scope.caches.delete(name)))
    await this.#know(kept)
  }

  /** Resolves to the cache names of other versions, oldest first. */
  async #others(): Promise<readonly string[]> {
    const names = await this.#scope.caches.keys()
    return names.filter((name) => name.startsWith(this.#prefix) && name !== this.#current)
  }

  get #name(): string {
    return `flowport-versions ${this.#scope.registration.scope}`
  }

  get #url(): string {
    return new URL('flowport-versions.json', this.#scope.registration.scope).href
  }
}
