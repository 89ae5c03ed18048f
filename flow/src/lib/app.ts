/** `defineApp` puts flows and profiles together; a profile that cannot satisfy a flow does not compile. */
import type { Provider } from '@flowport/capabilities'
import type { AnyFlow, Flow } from './flow.ts'
import type { Intersection } from './graph/ref.ts'

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
}

/** What a profile's providers state together, by resource name. */
type Offered<P> = P extends readonly Provider[]
  ? Intersection<P[number] extends infer V ? (V extends Provider<infer X> ? X : never) : never>
  : never

/** One message per need that nothing is bound for. */
type Missing<N, O> = {
  [D in keyof N & string]: D extends keyof O ? never : `${D}: not bound`
}[keyof N & string]

/** One message per need that what is bound does not meet. */
type Weak<N, O> = {
  [D in keyof N & string]: D extends keyof O
    ? O[D] extends N[D]
      ? never
      : `${D}: offered guarantees are weaker than the flow needs`
    : never
}[keyof N & string]

type NeedsOfFlow<F> = F extends Flow<never, unknown, infer N> ? N : never

type CheckFlow<F, O> = F extends AnyFlow
  ? Finding<'CAP101', Missing<NeedsOfFlow<F>, O>> & Finding<'CAP102', Weak<NeedsOfFlow<F>, O>>
  : never

type Finding<C extends string, M> = [M] extends [never] ? unknown : { readonly [K in C]: M }

/** `unknown` when the profile satisfies every flow, else an object no profile is, which names what is missing. */
export type Check<F extends readonly AnyFlow[], P> = Intersection<
  { [I in keyof F]: CheckFlow<F[I], Offered<P>> }[number]
>

/** Declares an app. Every profile is checked against every flow by the compiler, and again when a host starts it. */
export function defineApp<const F extends readonly AnyFlow[], const P extends Profiles>(
  spec: AppSpec<F, P & { readonly [K in keyof P]: Check<F, P[K]> }>,
): App<F, P> {
  const { name = 'flowport', version = '0.0.0', summary, flows, profiles, secrets = [] } = spec
  return { name, version, summary, flows, profiles, secrets }
}

/** @throws TypeError for what `defineApp` has not made, such as a module in place of its default export. */
export function checkApp(app: Partial<App> | undefined): void {
  if (Array.isArray(app?.flows) && typeof app.profiles === 'object') return
  throw new TypeError(
    'this is no app: hand over what defineApp returned, such as the default export of app.ts',
  )
}
