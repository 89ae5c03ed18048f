/** What a node declares in `uses`, what it is handed for it, and what that asks of a profile. */
import {
  type Accepted,
  type AccessFor,
  type Domain,
  type DomainOf,
  type Domains,
  domainOf,
  type Guarantee,
  levels,
  type Requirement,
  type ResourceName,
} from '@flowport/capabilities'

/** One use: an access, or an access with requirements on guarantees and features. */
export type Use<D extends Domain> = AccessFor<D> | UseSpec<D>

export type UseSpec<D extends Domain> = { readonly access: AccessFor<D> } & {
  readonly [G in Domains[D]['guarantees']]?: Requirement<G>
} & { readonly features?: readonly (keyof Domains[D]['features'] & string)[] }

/** Resource name to use: `{ kv: 'read', 'blob:photos': { access: 'write', durability: 'durable' } }`. */
export type Uses = { readonly [N in ResourceName]?: Use<DomainOf<N>> }

/** Uses as they are written, right or wrong; editors still offer the names that are right. `CheckedUses` finds what is wrong. */
export type AnyUses = { readonly [N in ResourceName]?: Use<DomainOf<N>> | (string & {}) | object }

/** `unknown` for uses that are right, else a sentence for each name or value that is wrong. */
export type CheckedUses<Name extends string, U> = [UseFaults<U>] extends [never]
  ? unknown
  : `node "${Name}": uses ${UseFaults<U>}`

type UseFaults<U> = { [N in keyof U & string]: UseFault<N, U[N]> }[keyof U & string]

type UseFault<N extends string, V> = N extends ResourceName
  ? V extends AccessFor<DomainOf<N>>
    ? never
    : V extends string
      ? `"${N}" with the access "${V}", which it does not have`
      : FieldFaults<N, DomainOf<N>, V>
  : `"${N}", which is no resource; there are ${ResourceNames}`

type FieldFaults<N extends string, D extends Domain, V> =
  | (V extends { readonly access: unknown } ? never : `"${N}" without an access`)
  | { [F in keyof V & string]: V[F] extends FieldOf<D, F> ? never : FieldFault<N, D, F, V[F]> }[keyof V &
      string]

/** What a field of a use may be; nothing where there is no such field. */
type FieldOf<D extends Domain, F extends string> = F extends keyof UseSpec<D> ? UseSpec<D>[F] : never

type FieldFault<N extends string, D extends Domain, F extends string, V> = F extends keyof UseSpec<D>
  ? V extends string
    ? `"${N}" with the ${F} "${V}", which it does not have`
    : `"${N}" with a value for "${F}" that does not fit`
  : `"${N}" with "${F}", which is no guarantee of it`

/** As text of one piece: a union would make a sentence for each. `resourceNames` says the same. */
type ResourceNames = typeof resourceNames

/** The names of resources, for messages. */
export const resourceNames =
  'kv, blob, dedupe, queue, state, cache, storage, db, http, clock, rng, secrets, and names such as "kv:sessions"'

/** A use with its shorthand spelled out. */
export interface NormalUse {
  readonly resource: ResourceName
  readonly access: string
  readonly requirements: { readonly [G in Guarantee]?: Requirement<G> }
  readonly features: readonly string[]
}

type AccessIn<U> = U extends string ? U : U extends { readonly access: infer A extends string } ? A : never

/** What the handler is given: each declared resource, with the methods of the declared access only. */
export type Resources<U> = {
  readonly [N in keyof U & string]: AccessIn<U[N]> extends infer A
    ? A extends keyof Domains[DomainOf<N>]['access']
      ? Domains[DomainOf<N>]['access'][A]
      : never
    : never
}

/** Domains every host binds by itself. */
type HostBound = 'clock' | 'rng' | 'http' | 'secrets'

/** What the uses ask of a profile: resource name to the shape its stated info must have. */
export type Needs<U> = {
  readonly [N in keyof U & string as N extends HostBound ? never : N]: NeedOf<U[N]> &
    WritableFor<N, AccessIn<U[N]>>
}

/**
 * What the node `Name` asks: of each resource, and, where it must be atomic (`A` is `true`), that its stores are committed
 * together. `'~by'` says who asks, for messages.
 */
export type NeedsOfNode<Name extends string, U, A> = [keyof U] extends [never]
  ? NeedsOfAtomic<U, A>
  : Needs<U> & { readonly '~by'?: { readonly [N in Name]: U } } & NeedsOfAtomic<U, A>

type NeedsOfAtomic<U, A> = [A] extends [true] ? Together<U> : unknown

/** The resources that an atomic node needs in one transaction with the ledger, under a name no resource has. */
type Together<U> = {
  readonly '~together'?: { readonly [N in keyof U & string as Committed<N>]: true } & {
    readonly dedupe: true
  }
}

type Committed<N extends string> = DomainOf<N> extends 'kv' | 'queue' ? N : never

/** A blob store that states it only reads cannot serve a node that writes. */
type WritableFor<N extends string, A> = [DomainOf<N>, A] extends ['blob', 'write']
  ? { readonly features: { readonly ranges: boolean; readonly write?: true } }
  : unknown

type NeedOf<U> = U extends string
  ? unknown
  : {
      readonly [G in keyof U as G extends Guarantee ? G : never]: G extends Guarantee
        ? Accepted<G, U[G]>
        : never
    } & (U extends { readonly features: readonly (infer F extends string)[] }
      ? { readonly features: { readonly [K in F]: true } }
      : unknown)

/**
 * The uses as a list, with requirements spelled out.
 * @throws TypeError for an unknown resource or requirement.
 */
export function normalUses(uses: Uses | undefined): readonly NormalUse[] {
  return Object.entries(uses ?? {}).flatMap(([resource, use]) => {
    if (use === undefined) return []
    if (domainOf(resource) === null)
      throw new TypeError(`uses "${resource}", which is no resource; there are ${resourceNames}`)
    if (typeof use === 'string') {
      return [{ resource: resource as ResourceName, access: use, requirements: {}, features: [] }]
    }
    const { access, features = [], ...requirements } = use
    for (const name of Object.keys(requirements)) {
      if (name in levels) continue
      const known = ['access', 'features', ...Object.keys(levels)].join(', ')
      throw new TypeError(`"${name}" in the use of "${resource}" is no guarantee: there are ${known}`)
    }
    return [{ resource: resource as ResourceName, access, requirements, features }]
  })
}
