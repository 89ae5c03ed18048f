/** `defineApp` puts flows and profiles together; a profile that cannot satisfy a flow does not compile. */
import type { Provider } from '@flowport/capabilities'
import type { AnyFlow } from './flow.ts'
import type { AllCarried, Carry, InFlow } from './graph/ref.ts'
import type { Needs } from './uses.ts'

export interface AppSpec<F extends readonly AnyFlow[], P extends Profiles> {
  /** Shown by hosts and in OpenAPI. Default `'flowport'`. */
  readonly name?: string
  /** Default `'0.0.0'`. */
  readonly version?: string
  readonly summary?: string
  readonly flows: F
  readonly profiles: P
  /** Names of the secrets that nodes may read; each must be set in the environment. Default none. */
  readonly secrets?: readonly string[]
  /** What the OpenAPI document says of the app beside its routes. */
  readonly openapi?: OpenApiInfo
}

export interface OpenApiInfo {
  /** The licence of the API, with an SPDX `identifier` or a `url`. Default: not said. */
  readonly license?: {
    readonly name: string
    readonly identifier?: string
    readonly url?: string
  }
  /** How callers identify themselves, as in OpenAPI: `{ bearer: { type: 'http', scheme: 'bearer' } }`. Hooks check it. */
  readonly securitySchemes?: Readonly<Record<string, SecurityScheme>>
  /** Schemes that every route asks for: `[{ bearer: [] }]`. Default: none is asked for. */
  readonly security?: readonly Readonly<Record<string, readonly string[]>>[]
}

/** https://spec.openapis.org/oas/v3.1.0#security-scheme-object */
export type SecurityScheme = { readonly description?: string } & (
  | { readonly type: 'http'; readonly scheme: string; readonly bearerFormat?: string }
  | { readonly type: 'apiKey'; readonly name: string; readonly in: 'query' | 'header' | 'cookie' }
  | { readonly type: 'openIdConnect'; readonly openIdConnectUrl: string }
  | { readonly type: 'mutualTLS' }
  | { readonly type: 'oauth2'; readonly flows: Readonly<Record<string, OAuthFlow>> }
)

export interface OAuthFlow {
  readonly authorizationUrl?: string
  readonly tokenUrl?: string
  readonly refreshUrl?: string
  readonly scopes: Readonly<Record<string, string>>
}

/** A profile lists the providers whose resources it binds. */
export type Profiles = Readonly<Record<string, readonly Provider[]>>

export interface App<F extends readonly AnyFlow[] = readonly AnyFlow[], P extends Profiles = Profiles> {
  readonly name: string
  readonly version: string
  readonly summary: string | undefined
  readonly flows: F
  readonly profiles: P
  readonly secrets: readonly string[]
  readonly openapi: OpenApiInfo
}

/** What a profile's providers state together, by resource name. */
type Offered<P> = P extends readonly Provider[]
  ? AllCarried<P[number] extends infer V ? (V extends Provider<infer X> ? Carry<X> : never) : never>
  : never

/** `unknown` when the profile satisfies every flow, else a sentence for each need that it does not satisfy. */
export type Check<F extends readonly AnyFlow[], P, Name> =
  FaultsOf<F, Offered<P>, Name & string> extends infer M ? ([M] extends [never] ? unknown : M) : never

type FaultsOf<F extends readonly AnyFlow[], O, Profile extends string> = {
  [I in keyof F]: FaultsOfFlow<NeedsOfFlow<F[I]>, O, Profile>
}[number]

type NeedsOfFlow<F> = F extends { readonly '~types'?: { readonly needs: infer N } } ? N : never

/** One comparison decides; only a profile that fails it is looked at resource by resource. */
type FaultsOfFlow<N, O, Profile extends string> = [O] extends [N]
  ? [Apart<N, O>] extends [never]
    ? never
    : `EXACT004: ${FlowText<N>} has an atomic node, and profile "${Profile}" binds no kv, queue and dedupe that are committed together: take them from one preset that states a transaction`
  : FaultOfResource<N, O, Profile, ResourceIn<N>>

type FlowText<N> = N extends InFlow<infer Name> ? `flow "${Name}"` : 'a flow'

/** The resources of needs: all names but those that begin with `~`. */
type ResourceIn<N> = Exclude<keyof N & string, `~${string}`>

type FaultOfResource<N, O, Profile extends string, D extends string> = D extends keyof N
  ? D extends keyof O
    ? O[D] extends N[D]
      ? never
      : `CAP102: ${FlowText<N>}${WeakNodes<N, O, D>} needs "${D}" with ${LacksOf<N[D], O[D]>}, which profile "${Profile}" does not offer; flowport check names presets that do`
    : `CAP101: ${FlowText<N>}${NodesWith<N, D>} needs "${D}", which profile "${Profile}" does not bind; flowport check names presets that do`
  : never

/** What an offer lacks, such as `consistency strong`. */
type LacksOf<Need, Offer> = {
  [G in keyof Need & string]: G extends keyof Offer
    ? Offer[G] extends Need[G]
      ? never
      : LackText<G, Need[G], Offer[G]>
    : LackText<G, Need[G], unknown>
}[keyof Need & string]

type LackText<G extends string, Wanted, Offered> = G extends 'features'
  ? `the feature ${FeaturesLacking<Wanted, Offered>}`
  : IsUnion<Wanted> extends true
    ? G
    : Wanted extends string
      ? `${G} ${Wanted}`
      : G

/** Of several levels a text would be made for each. */
type IsUnion<T, All = T> = T extends unknown ? ([All] extends [T] ? false : true) : never

type FeaturesLacking<Wanted, Offered> = {
  [F in keyof Wanted & string]: F extends keyof Offered ? (Offered[F] extends Wanted[F] ? never : F) : F
}[keyof Wanted & string]

/** The first node that uses a resource, as text; nothing where the trigger asks for it. */
type NodesWith<N, D extends string> = NodeText<
  N extends { readonly '~by'?: infer B }
    ? { [K in keyof B]: D extends keyof B[K] ? K : never }[keyof B]
    : never
>

/** The nodes whose own need a profile does not meet. */
type WeakNodes<N, O, D extends string> = NodeText<
  N extends { readonly '~by'?: infer B }
    ? { [K in keyof B]: D extends keyof B[K] ? (O extends Needs<Pick<B[K], D>> ? never : K) : never }[keyof B]
    : never
>

type NodeText<K> = [K] extends [never] ? '' : `, node "${K & string}"`

/** The stores that cannot be committed together with the ledger, where a node must be atomic. */
type Apart<N, O> = N extends { readonly '~together'?: infer T }
  ? {
      [D in keyof T & string]: [TransactionOf<O, D>] extends [TransactionOf<O, 'dedupe'> & string] ? never : D
    }[keyof T & string]
  : never

/** The transaction that is stated under the name; `false` where none is, which nothing is committed with. */
type TransactionOf<O, D extends string> = O extends {
  readonly [K in D]: { readonly transaction: infer T extends string }
}
  ? T
  : false

/** Declares an app. Every profile is checked against every flow by the compiler, and again when a host starts it. */
export function defineApp<const F extends readonly AnyFlow[], const P extends Profiles>(
  spec: AppSpec<F, P & { readonly [K in keyof P]: Check<F, P[K], K> }>,
): App<F, P> {
  const { name = 'flowport', version = '0.0.0', summary, flows, profiles, secrets = [], openapi = {} } = spec
  return { name, version, summary, flows, profiles, secrets, openapi }
}

/** @throws TypeError for what `defineApp` has not made, such as a module in place of its default export. */
export function checkApp(app: Partial<App> | undefined): void {
  if (Array.isArray(app?.flows) && typeof app.profiles === 'object') return
  throw new TypeError(
    'this is no app: hand over what defineApp returned, such as the default export of app.ts',
  )
}
