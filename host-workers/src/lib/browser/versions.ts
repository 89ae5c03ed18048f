/** Keeps the files of earlier versions while tabs are open that were opened under them. */
import type { ServiceWorkerScope } from './scope.ts'

/** What outlives the service worker: browsers stop it between events. */
interface Kept {
  /** Cache of the version that was activated last. */
  readonly active: string
  /** Caches of earlier versions by the tabs that were open when the next version took over. */
  readonly clients: Readonly<Record<string, string>>
}

export class Versions {
  readonly #scope: ServiceWorkerScope
  /** Begins the names of the caches of all versions. */
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

  /** Takes over from the version before. Removes the files of versions that no open tab was opened under. */
  async activate(): Promise<void> {
    await this.load()
    await this.sweep()
  }

  /**
   * Reads what is kept, once in the life of the service worker. The first of a version takes over: Chromium hands it requests
   * of its tabs before it has told it that it is active.
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

  /** The tabs that are open were opened under the version that was active until now, or under an earlier one. */
  async #tabs(kept: Kept | undefined): Promise<Kept['clients']> {
    const others = await this.#others()
    // Earlier releases of this package wrote nothing down: the youngest cache was the one in use.
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
   * Whether a tab is answered from the files of an earlier version. `undefined` before `load` has ended: a service worker has
   * to decide at once what it answers.
   */
  has(clientId: string, url: string): boolean | undefined {
    if (this.#kept === undefined) return undefined
    const cache = this.#kept.clients[clientId]
    return cache !== undefined && this.#paths.get(cache)?.has(url) === true
  }

  /** The file as the tab's own version has it; `undefined` for tabs of the current version, and for files it does not have. */
  async match(clientId: string, url: string): Promise<Response | undefined> {
    await this.load()
    const cache = this.#kept?.clients[clientId]
    if (cache === undefined || cache === this.#current) return undefined
    return (await this.#scope.caches.open(cache)).match(url)
  }

  /** Removes the files of versions whose last tab has gone. */
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

  /** Caches of other versions, oldest first. */
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
