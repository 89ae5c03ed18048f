/** `definePreset` turns drivers of one provider into a typed, configurable entry of a profile. */
import type { Static, TObject } from 'typebox'
import type { createBlobStore } from '../blob/blob-store.ts'
import type { BlobDriver } from '../blob/driver.ts'
import type { createCache } from '../cache/cache.ts'
import type { CacheDriver } from '../cache/driver.ts'
import type { Clock } from '../clock/contract.ts'
import type { createDatabase } from '../db/database.ts'
import type { DbDriver } from '../db/driver.ts'
import type { createDedupeStore } from '../dedupe/dedupe-store.ts'
import type { DedupeDriver } from '../dedupe/driver.ts'
import { CapabilityError, isKind } from '../error.ts'
import type { Domains, ResourceName } from '../guarantees/domains.ts'
import { type Hint, hintFor } from '../hints.ts'
import type { HttpDriver } from '../http/driver.ts'
import type { createHttp } from '../http/http-client.ts'
import type { createKeyValue } from '../kv/key-value.ts'
import type { Awaitable, KvDriver } from '../kv/driver.ts'
import type { Layer } from '../layer.ts'
import type { Logger } from '../logger.ts'
import { checkNumbers, type NumberRule } from '../numbers.ts'
import type { QueueDriver } from '../queue/driver.ts'
import type { createQueue } from '../queue/queue.ts'
import type { Resource } from '../resource/resource.ts'
import type { SecretsDriver } from '../secrets/driver.ts'
import type { createSecrets } from '../secrets/secrets.ts'
import type { StateDriver } from '../state/driver.ts'
import type { createDurableState } from '../state/state-store.ts'
import type { StorageDriver } from '../storage/driver.ts'
import type { createUriStorage } from '../storage/storage.ts'

/** The domains a preset can provide. The host supplies `clock` and `rng`: tests can replace them, profiles cannot. */
export type ProvidedDomain =
  | 'kv'
  | 'blob'
  | 'dedupe'
  | 'queue'
  | 'state'
  | 'cache'
  | 'storage'
  | 'db'
  | 'http'
  | 'secrets'

/**
 * The info a preset states for each domain, with its default options. The compiler reads this; preflight reads the info of
 * the opened driver, which knows its real options.
 */
export type Provides = { readonly [D in ProvidedDomain]?: Domains[D]['info'] }

/** Drivers of one opened provider. Queues are opened by name; the unnamed queue is `'default'`. */
export interface Drivers {
  readonly kv?: KvDriver
  readonly blob?: BlobDriver
  readonly dedupe?: DedupeDriver
  readonly queue?: (name: string) => QueueDriver
  readonly state?: StateDriver
  readonly cache?: CacheDriver
  readonly storage?: StorageDriver
  readonly db?: DbDriver
  readonly http?: HttpDriver
  readonly secrets?: SecretsDriver
  /** Closes the resources that the drivers share. Called after each driver's own `close`. */
  close?(): Awaitable<void>
}

/** The functions that create each domain's portable type from a driver. */
interface PortableMakers {
  readonly kv: typeof createKeyValue
  readonly blob: typeof createBlobStore
  readonly dedupe: typeof createDedupeStore
  readonly queue: typeof createQueue
  readonly state: typeof createDurableState
  readonly cache: typeof createCache
  readonly storage: typeof createUriStorage
  readonly db: typeof createDatabase
  readonly http: typeof createHttp
  readonly secrets: typeof createSecrets
}

/** Everything a host passes to a provider that it opens. */
export interface OpenContext {
  /** Validated variables: at least the variables of the provider's `env` schema. */
  readonly env: Readonly<Record<string, unknown>>
  readonly log: Logger
  readonly clock: Clock
  /** Bindings of the platform, such as a Worker's `env`; empty on platforms without bindings. */
  readonly bindings: Readonly<Record<string, unknown>>
  /** Names of the secrets the app reads. A preset that provides `secrets` returns only these. Default: all its secrets. */
  readonly secrets?: readonly string[]
  /** Layers outside the presets' layers, outermost first. With one, a host can observe every call. Default: no layers. */
  readonly layers?: readonly Layer[]
}

/** A platform binding that a provider opens, such as a KV namespace of a Worker. Hosts check all bindings together. */
export interface BindingNeed {
  /** Its name among `OpenContext.bindings`. */
  readonly name: string
  /** Its kind and how to declare it, such as `a KV namespace (kv_namespaces)`. */
  readonly what: string
  /** Returns whether the bound value has this kind. */
  readonly fits: (binding: unknown) => boolean
}

/** Options that every preset accepts in addition to its own. */
export interface PresetOptions<D extends string = string> {
  /** Provides only these domains. Default: all domains of the preset. */
  readonly only?: readonly D[]
  /** Names the instances: `as: 'sessions'` binds `kv:sessions` instead of `kv`. */
  readonly as?: string
  /** Returns the layers to use. Receives the preset's default layers, outermost first. */
  readonly layers?: (defaults: readonly Layer[]) => readonly Layer[]
}

/** One entry of a profile. `P` maps each resource name to its stated info, as literal types. */
export interface Provider<P = unknown> {
  readonly preset: string
  /** Resource name to stated info. */
  readonly provides: P
  /** The variables it reads. */
  readonly env: TObject
  /** The platform bindings it opens; empty when it needs no bindings. */
  readonly bindings: readonly BindingNeed[]
  /** Whether the drivers retry on their own, so that a retry layer above would multiply the tries. */
  readonly nativeRetry: boolean
  readonly hints: readonly Hint[]
  /** The reason why `open` would refuse these variables, if it can be found without opening anything; else `null`. */
  check(env: Readonly<Record<string, unknown>>): string | null
  /** Opens the drivers and wraps them in layers. Throws `Misconfigured` when an option, variable or binding is missing. */
  open(context: OpenContext): Promise<OpenedProvider>
}

export interface OpenedProvider {
  readonly resources: ReadonlyMap<ResourceName, Resource & object>
  close(): Promise<void>
}

/** Makes the compiler refuse a domain of `P` that no preset can provide. */
type OnlyProvided<P> = { readonly [D in Exclude<keyof P, ProvidedDomain>]: never }

export interface PresetDefinition<Options, Env extends TObject, P extends Provides> {
  readonly name: string
  /** The variables the preset reads, with descriptions and defaults. Explicit options override variables. */
  readonly env: Env
  /** The info it states for each domain. */
  readonly provides: P & OnlyProvided<P>
  /** The platform bindings it opens. Default: no bindings. */
  bindings?(options: Options): readonly BindingNeed[]
  /** Whether the drivers retry on their own. Default false. */
  readonly nativeRetry?: boolean
  /**
   * The function that creates each domain's portable type, such as `{ kv: createKeyValue }`. A bundle contains only the
   * functions named here. Absent when `open` always fails, as on runtimes that the preset does not support.
   */
  readonly portable?: { readonly [D in keyof P & ProvidedDomain]: PortableMakers[D] }
  /**
   * Rules for its numeric options, such as `{ timeoutMs: timerRule(1) }`. A number outside its rule is `Misconfigured`,
   * reported together with the other configuration errors before anything is opened. Default: the preset checks its numbers.
   */
  readonly numbers?: { readonly [O in NumericOption<Options>]?: NumberRule }
  /**
   * Throws `Misconfigured` when options and variables do not suffice, as `open` would. Opens no connection: hosts and
   * `flowport check` call it to report all configuration errors together. Default: errors appear only in `open`.
   */
  check?(given: { readonly env: Static<Env>; readonly options: Options }): void
  /** Default layers, outermost first. */
  layers(context: { readonly log: Logger; readonly clock: Clock }): readonly Layer[]
  open(context: OpenContext & { readonly env: Static<Env>; readonly options: Options }): Awaitable<Drivers>
}

/** The names of the options that are numbers. */
type NumericOption<O> = {
  readonly [K in keyof O]-?: NonNullable<O[K]> extends number ? K : never
}[keyof O]

/** A preset: called with options it yields a provider. */
export type Preset<Options, P extends Provides> = <const O extends Options & PresetOptions<keyof P & string>>(
  options?: O,
) => Provider<Bound<P, O>>

/** `P` reduced to the domains of `only`, with the resource names that `as` sets. */
export type Bound<P, O> = {
  readonly [D in Chosen<P, O> as O extends { readonly as: infer A extends string } ? `${D}:${A}` : D]: P[D &
    keyof P]
}

type Chosen<P, O> = O extends { readonly only: readonly (infer D extends keyof P & string)[] }
  ? D
  : keyof P & string

/**
 * Declares a preset.
 * @throws TypeError for a domain that no preset can provide.
 */
export function definePreset<Options extends object, Env extends TObject, const P extends Provides>(
  definition: PresetDefinition<Options, Env, P>,
): Preset<Options, P> {
  const { name: preset, env, nativeRetry = false } = definition
  const all = Object.keys(definition.provides).map((domain) => checkDomain(preset, domain))
  const numbers: Readonly<Record<string, NumberRule>> = { ...definition.numbers }
  return (options) => {
    const chosen: PresetOptions = options ?? {}
    const domains = all.filter((domain) => chosen.only?.includes(domain) ?? true)
    const nameOf = (domain: ProvidedDomain): ResourceName =>
      chosen.as === undefined ? domain : `${domain}:${chosen.as}`
    return {
      preset,
      env,
      bindings: definition.bindings?.((options ?? {}) as Options) ?? [],
      nativeRetry,
      provides: Object.fromEntries(
        domains.map((domain) => [nameOf(domain), definition.provides[domain]]),
      ) as never,
      hints: domains.flatMap((domain) => accesses[domain].flatMap((access) => hintFor(domain, access) ?? [])),
      check(variables) {
        try {
          checkNumbers(`preset "${preset}"`, { ...options }, numbers)
          definition.check?.({ env: variables as Static<Env>, options: (options ?? {}) as Options })
          return null
        } catch (error) {
          if (isKind(error, 'Misconfigured')) return error.message
          throw error
        }
      },
      async open(context) {
        checkNumbers(`preset "${preset}"`, { ...options }, numbers)
        const drivers = await definition.open({
          ...context,
          env: context.env as Static<Env>,
          options: (options ?? {}) as Options,
        })
        const close = async () => {
          await drivers.close?.()
        }
        try {
          const defaults = definition.layers(context)
          const own = chosen.layers?.(defaults) ?? defaults
          const layers = context.layers === undefined ? own : [...context.layers, ...own]
          const resources = domains.map((domain) => {
            const name = nameOf(domain)
            const queue = chosen.as ?? 'default'
            const driver = domain === 'queue' ? drivers.queue?.(queue) : drivers[domain]
            const make = definition.portable?.[domain as keyof P & ProvidedDomain] as Maker | undefined
            const resource =
              driver === undefined ? undefined : make?.(driver, { name, layers, clock: context.clock })
            if (resource !== undefined) return [name, resource] as const
            const message = `preset "${preset}" states ${domain} but opened no driver for it, or does not say what makes it`
            throw new CapabilityError('Misconfigured', message)
          })
          return { resources: new Map(resources), close }
        } catch (error) {
          await close()
          throw error
        }
      },
    }
  }
}

function checkDomain(preset: string, domain: string): ProvidedDomain {
  if (Object.hasOwn(accesses, domain)) return domain as ProvidedDomain
  throw new TypeError(
    `preset "${preset}" cannot provide "${domain}": a preset provides ${Object.keys(accesses).join(', ')}`,
  )
}

const accesses: Readonly<Record<ProvidedDomain, readonly string[]>> = {
  kv: ['read', 'write'],
  blob: ['read', 'write'],
  dedupe: ['write'],
  queue: ['publish', 'consume'],
  state: ['read', 'write'],
  cache: ['read', 'write'],
  storage: ['read', 'write'],
  db: ['write'],
  http: ['read', 'write'],
  secrets: ['read'],
}

/** Any function of `PortableMakers`; the domain decides which driver it receives. */
type Maker = (driver: unknown, options: PortableOptions) => Resource & object

interface PortableOptions {
  readonly name: string
  readonly layers: readonly Layer[]
  readonly clock: Clock
}
