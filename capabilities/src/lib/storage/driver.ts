/** Opens the driver of a storage: its schemes, their credentials, and the stores they open. */
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
  /** The schemes of the storage. Each scheme is a separate import. */
  readonly schemes: T
  /** Credentials by provider. They override the environment. Keep them out of the code. */
  readonly credentials?: CredentialsByProvider<T> | undefined
  /** Variables that supply credentials not set here, such as `process.env`. Default: no variables are read. */
  readonly env?: Env | undefined
  /**
   * By scheme: the scheme that stores its files on a runtime that lacks its store, such as `{ opfs: memoryScheme() }`. The
   * log warns one time, and `describe()` lists the fallback. Default: no fallback, an unavailable scheme throws; `opfs://`
   * has its own fallback.
   */
  readonly fallback?: { readonly [S in T[number]['scheme']]?: StorageScheme } | undefined
  /** Default: no log, except a warning on the console when a fallback stores the files of a scheme. */
  readonly log?: Logger | undefined
  /** Default: the system clock. */
  readonly clock?: Clock | undefined
}

type ProviderOf<T extends readonly StorageScheme[]> = NonNullable<T[number]['provider']>

/** The providers whose credentials these schemes need, each with its fields. */
export type CredentialsByProvider<T extends readonly StorageScheme[]> = {
  readonly [P in ProviderOf<T>]?: CredentialsOf<T, P>
}

/** The credential fields that the schemes of a provider accept. */
export type CredentialsOf<T extends readonly StorageScheme[], P> = Credentials<FieldsOf<T[number], P>>

type FieldsOf<S, P> = S extends { readonly provider?: infer Q; readonly fields?: infer F }
  ? [P] extends [Exclude<Q, undefined>]
    ? keyof NonNullable<F> & string
    : never
  : never

/** One scheme's configuration, without a request to its stores. */
export interface SchemeDescription {
  readonly scheme: string
  /** The provider whose credentials it needs. */
  readonly provider?: string
  /** Whether the provider's credentials are complete; absent for a scheme without credentials. */
  readonly hasCredentials?: boolean
  /** The store used instead, after the scheme fell back to it. */
  readonly fallback?: { readonly provider: string; readonly reason: string }
}

export interface StorageDriver {
  readonly info: PlainCapabilityInfo
  readonly stores: Stores
  describe(): readonly SchemeDescription[]
  check(call: DriverCall): void
  close(): Promise<void>
}

/** Creates the driver, opens no store. `Misconfigured` for conflicting schemes, `InvalidInput` for bad credentials. */
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
        // A getter, because a fallback appears only at the first use of its scheme.
        get 'dev.flowport.storage.fallbacks'(): readonly Fallback[] {
          return [...stores.fallbacks]
        },
      },
    },
    stores,
    describe,
    // Nothing to check: which stores a URI will open is unknown until it is used.
    check: () => undefined,
    close: () => stores.close(),
  }
}

/** Receives fallback warnings without a logger: an app must learn that another store keeps its files. */
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
