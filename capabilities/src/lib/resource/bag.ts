/** The resources of one profile by name, typed; closed in reverse order of their adding. */
import { asyncDispose } from '../async-dispose.ts'
import { CapabilityError } from '../error.ts'
import { type Domain, domainOf, type ResourceFor, type ResourceName } from '../guarantees/domains.ts'
import type { CallOptions } from '../kv/contract.ts'
import { controlOf, type ResourceControl } from './resource.ts'

/** What `describe()` tells of one resource. */
export interface ResourceDescription {
  readonly name: string
  readonly domain: Domain
  readonly provider: string
  /** Names of its layers, outermost first. */
  readonly layers: readonly string[]
  readonly info: unknown
}

interface Entry {
  readonly resource: object
  readonly control: ResourceControl
}

/** Types of a bag's contents: resource name to contract. */
export type BagContents = { readonly [N in ResourceName]?: unknown }

/** Build it with `ResourceBag.empty().with('kv', kv).with('kv:sessions', other)`. A bag never changes. */
export class ResourceBag<out Contents extends BagContents = BagContents> implements AsyncDisposable {
  /** Types only: what is known to be bound, so that a function can ask for `ResourceBag<{ kv: KeyValue }>`. */
  declare readonly '~contents'?: Contents
  readonly #entries: ReadonlyMap<string, Entry>
  readonly #closers: readonly (() => unknown)[]
  #closing: Promise<void> | undefined

  private constructor(entries: ReadonlyMap<string, Entry>, closers: readonly (() => unknown)[]) {
    this.#entries = entries
    this.#closers = closers
  }

  static empty(): ResourceBag<Record<never, never>> {
    return new ResourceBag(new Map(), [])
  }

  /** A bag that also holds `resource`. A name that is taken, or names no domain, is `Misconfigured`. */
  with<const N extends ResourceName, R extends ResourceFor<N>>(
    name: N,
    resource: R,
  ): ResourceBag<Contents & { readonly [K in N]: R }> {
    if (domainOf(name) === null || name.endsWith(':')) {
      throw new CapabilityError(
        'Misconfigured',
        `"${name}" is not a resource name: use a domain or "domain:name"`,
      )
    }
    if (this.#entries.has(name)) {
      throw new CapabilityError(
        'Misconfigured',
        `"${name}" is bound twice: give one of them a name, as "${name}:other"`,
      )
    }
    const control = controlOf(name, resource)
    const entries = new Map(this.#entries).set(name, { resource, control })
    return new ResourceBag(entries, [...this.#closers, () => control.close()])
  }

  /** A bag that also calls `close` when it is closed, in the reverse order of adding. */
  closing(close: () => unknown): ResourceBag<Contents> {
    return new ResourceBag(this.#entries, [...this.#closers, close])
  }

  has(name: string): boolean {
    return this.#entries.has(name)
  }

  /** The resource, or `undefined`. A named instance never falls back to the unnamed one. */
  get<const N extends ResourceName>(name: N): ResourceFor<N> | undefined {
    return this.#entries.get(name)?.resource as never
  }

  /** The resource, or `Misconfigured` with code `CAP101` naming what is bound. */
  require<const N extends ResourceName>(name: N): ResourceFor<N> {
    return this.#entry(name).resource as never
  }

  /** How the named resource is inspected, narrowed, checked. */
  control(name: string): ResourceControl {
    return this.#entry(name).control
  }

  /** The names, in the order of adding. */
  names(): readonly string[] {
    return [...this.#entries.keys()]
  }

  describe(): readonly ResourceDescription[] {
    return [...this.#entries].map(([name, { control }]) => ({
      name,
      domain: control.domain,
      provider: control.provider,
      layers: control.layers,
      info: control.info,
    }))
  }

  /** Asks every resource whether it can serve. Resolves one entry each; `error` is set where it cannot. */
  check(options?: CallOptions): Promise<readonly { readonly name: string; readonly error?: unknown }[]> {
    return Promise.all(
      [...this.#entries].map(async ([name, { control }]) => {
        try {
          await control.check(options)
          return { name }
        } catch (error) {
          return { name, error }
        }
      }),
    )
  }

  /** Closes everything, last added first, whatever fails; then throws what failed. Closing twice is closing once. */
  close(): Promise<void> {
    this.#closing ??= closeAll(this.#closers)
    return this.#closing
  }

  [asyncDispose](): Promise<void> {
    return this.close()
  }

  #entry(name: string): Entry {
    const entry = this.#entries.get(name)
    if (entry !== undefined) return entry
    const bound = [...this.#entries.keys()].join(', ') || 'nothing'
    throw new CapabilityError('Misconfigured', `"${name}" is not bound (bound: ${bound})`, { code: 'CAP101' })
  }
}

async function closeAll(closers: readonly (() => unknown)[]): Promise<void> {
  const failures: unknown[] = []
  for (const close of closers.toReversed()) {
    try {
      await close()
    } catch (error) {
      failures.push(error)
    }
  }
  if (failures.length === 1) throw failures[0]
  if (failures.length > 1)
    throw new AggregateError(failures, `${failures.length} resources did not close cleanly`)
}
