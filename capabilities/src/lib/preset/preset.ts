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

/** The domains a preset can provide. `clock` and `rng` are the host's own: tests exchange them, profiles do not. */
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
 * What a preset states of each domain it provides, with its default options. The compiler reads this; preflight reads the
 * info of the opened driver, which knows its real options.
 */
export type Provides = { readonly [D in ProvidedDomain]?: Domains[D]['info'] }

/** Drivers of one opened provider. Queues are made by name; the unnamed one is `'default'`. */
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
  /** Closes what the drivers share; called after their own `close`. */
  close?(): Awaitable<void>
}

/** What makes the portable type of each domain. */
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

/** What a host lends a provider while it opens. */
export interface OpenContext {
  /** Validated variables: at least those of the provider's `env` schema. */
  readonly env: Readonly<Record<string, unknown>>
  readonly log: Logger
  readonly clock: Clock
  /** Bindings of the platform, such as a Worker's `env`; empty where there are none. */
  readonly bindings: Readonly<Record<string, unknown>>
  /** Names of the secrets the app reads: a preset that provides `secrets` gives out no others. Default: all it has. */
  readonly secrets?: readonly string[]
  /** Layers around those of the presets, outermost first. A host can observe every call with one. Default: no layers. */
  readonly layers?: readonly Layer[]
}

/** A binding of the platform that a provider opens, such as a KV namespace of a Worker. Hosts check all of them at once. */
export interface BindingNeed {
  /** Its name among `OpenContext.bindings`. */
  readonly name: string
  /** What it must be, and how it is declared, such as `a KV namespace (kv_namespaces)`. */
  readonly what: string
  /** Whether what is bound can be it. */
  readonly fits: (binding: unknown) => boolean
}

/** Options every preset takes beside its own. */
export interface PresetOptions<D extends string = string> {
  /** Provide only these domains. Default: all the preset has. */
  readonly only?: readonly D[]
  /** Names the instances: `as: 'sessions'` binds `kv:sessions` instead of `kv`. */
  readonly as?: string
  /** Changes the layers; it is given the preset's own, outermost first. */
  readonly layers?: (defaults: readonly Layer[]) => readonly Layer[]
}

/** One entry of a profile. `P` maps resource names to what is stated of them, as literal types. */
export interface Provider<P = unknown> {
  readonly preset: string
  /** Resource name to stated info. */
  readonly provides: P
  /** The variables it reads. */
  readonly env: TObject
  /** The bindings of the platform it opens; empty where it needs none. */
  readonly bindings: readonly BindingNeed[]
  /** Whether the drivers retry by themselves, so that a retry layer above would multiply. */
  readonly nativeRetry: boolean
  readonly hints: readonly Hint[]
  /** Why `open` would refuse these variables, as far as it is known before anything is opened; else `null`. */
  check(env: Readonly<Record<string, unknown>>): string | null
  /** Opens the drivers and wraps them in layers. Fails with `Misconfigured` when something is missing. */
  open(context: OpenContext): Promise<OpenedProvider>
}

export interface OpenedProvider {
  readonly resources: ReadonlyMap<ResourceName, Resource & object>
  close(): Promise<void>
}

/** `P`, with every domain that no preset can provide refused by the compiler. */
type OnlyProvided<P> = { readonly [D in Exclude<keyof P, ProvidedDomain>]: never }

export interface PresetDefinition<Options, Env extends TObject, P extends Provides> {
  readonly name: string
  /** The variables the preset reads, with descriptions and defaults. Explicit options win over them. */
  readonly env: Env
  /** What it states of each domain. */
  readonly provides: P & OnlyProvided<P>
  /** The bindings of the platform it opens. Default none. */
  bindings?(options: Options): readonly BindingNeed[]
  /** Default false. */
  readonly nativeRetry?: boolean
  /**
   * What makes the portable type of each domain it provides, such as `{ kv: createKeyValue }`: a bundle holds those named
   * here and no others. Absent where `open` always fails, as on runtimes that cannot have the preset.
   */
  readonly portable?: { readonly [D in keyof P & ProvidedDomain]: PortableMakers[D] }
  /**
   * What fits its numeric options, such as `{ timeoutMs: timerRule(1) }`. Any other number is `Misconfigured`, reported with
   * everything else that is wrong before anything is opened. Default: numbers are the preset's own business.
   */
  readonly numbers?: { readonly [O in NumericOption<Options>]?: NumberRule }
  /**
   * Fails with `Misconfigured` where options and variables do not suffice, as `open` would. Connects to nothing: hosts and
   * `flowport check` ask it beside everything else that may be wrong. Default: nothing is known before `open`.
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

/** `P` with only the chosen domains, under the chosen names. */
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

/** Any of the makers: which driver goes to which is decided by the domain. */
type Maker = (driver: unknown, options: PortableOptions) => Resource & object

interface PortableOptions {
  readonly name: string
  readonly layers: readonly Layer[]
  readonly clock: Clock
}
