/** What a storage runs on: its schemes, their credentials, and the stores they have opened. */
import type { PlainCapabilityInfo } from '../guarantees/info.ts'
import type { DriverCall } from '../kv/driver.ts'
import { silentLogger } from '../logger.ts'
import type { Clock } from '../clock/contract.ts'
import type { Logger } from '../logger.ts'
import { systemClock } from '../system/clock.ts'
import type { Env } from './credentials.ts'
import type { Credentials, StorageScheme } from './scheme.ts'
import { type Fallback, Stores } from './stores.ts'

export interface StorageDriverOptions<T extends readonly StorageScheme[] = readonly StorageScheme[]> {
  /** Each is an import of its own. */
  readonly schemes: T
  /** By provider. They win over the environment. Keep them out of the code. */
  readonly credentials?: CredentialsByProvider<T> | undefined
  /** Variables that give credentials which are not set, such as `process.env`. Default: none are read. */
  readonly env?: Env | undefined
  /**
   * By scheme: what keeps its files where the runtime has no such store, such as `{ opfs: memoryScheme() }`. The log warns,
   * once, and `describe()` tells. Default none: a scheme that is not available is an error; `opfs://` has a fallback of its own.
   */
  readonly fallback?: { readonly [S in T[number]['scheme']]?: StorageScheme } | undefined
  /** Default: nothing is logged but a warning on the console when the files of a scheme are kept elsewhere. */
  readonly log?: Logger | undefined
  /** Default: the system's. */
  readonly clock?: Clock | undefined
}

type ProviderOf<T extends readonly StorageScheme[]> = NonNullable<T[number]['provider']>

/** The providers whose credentials these schemes take, each with its fields. */
export type CredentialsByProvider<T extends readonly StorageScheme[]> = {
  readonly [P in ProviderOf<T>]?: CredentialsOf<T, P>
}

/** The fields that the schemes of a provider take. */
export type CredentialsOf<T extends readonly StorageScheme[], P> = Credentials<FieldsOf<T[number], P>>

type FieldsOf<S, P> = S extends { readonly provider?: infer Q; readonly fields?: infer F }
  ? [P] extends [Exclude<Q, undefined>]
    ? keyof NonNullable<F> & string
    : never
  : never

/** What is known of one scheme without asking its stores. */
export interface SchemeDescription {
  readonly scheme: string
  /** Whose credentials it takes. */
  readonly provider?: string
  /** Whether there are credentials of that provider; absent where it takes none. */
  readonly hasCredentials?: boolean
  /** What stands in for it, once that is so. */
  readonly fallback?: { readonly provider: string; readonly reason: string }
}

export interface StorageDriver {
  readonly info: PlainCapabilityInfo
  readonly stores: Stores
  describe(): readonly SchemeDescription[]
  check(call: DriverCall): void
  close(): Promise<void>
}

/** `Misconfigured` where schemes contradict each other, `InvalidInput` where credentials are wrong. Opens nothing. */
export function openStorageDriver<const T extends readonly StorageScheme[]>({
  schemes,
  credentials = {},
  env = {},
  fallback = {},
  log,
  clock = systemClock,
}: StorageDriverOptions<T>): StorageDriver {
  const stores = new Stores({
    schemes,
    env,
    fallback: given(fallback),
    log: log ?? silentLogger,
    warn: log ?? consoleWarnings,
    clock,
  })
  for (const [provider, fields] of Object.entries(credentials)) {
    if (fields !== undefined) stores.credentials.set(provider, fields)
  }
  const describe = () => stores.schemes.map((scheme) => described(scheme, stores))
  return {
    info: {
      provider: 'uri-storage',
      extensions: {
        'dev.flowport.storage.schemes': stores.schemes.map(({ scheme }) => scheme),
        // Read when it is asked for: a fallback shows itself at the first use of its scheme.
        get 'dev.flowport.storage.fallbacks'(): readonly Fallback[] {
          return [...stores.fallbacks]
        },
      },
    },
    stores,
    describe,
    // Each store is asked when it is used: which ones will be is not known before.
    check: () => undefined,
    close: () => stores.close(),
  }
}

/** Files that are kept elsewhere than an app believes are never kept there in silence. */
const consoleWarnings: Pick<Logger, 'warn'> = {
  warn: (fields, message) => globalThis.console.warn(message, fields),
}

function described({ scheme, provider }: StorageScheme, stores: Stores): SchemeDescription {
  const instead = stores.fallbacks.find((each) => each.scheme === scheme)
  return {
    scheme,
    ...(provider === undefined ? {} : { provider, hasCredentials: stores.credentials.has(provider) }),
    ...(instead === undefined ? {} : { fallback: { provider: instead.provider, reason: instead.reason } }),
  }
}

function given(fallback: Readonly<Record<string, StorageScheme | undefined>>): Record<string, StorageScheme> {
  return Object.fromEntries(
    Object.entries(fallback).flatMap(([scheme, other]) => (other === undefined ? [] : [[scheme, other]])),
  )
}
