/** What a node declares in `uses`, what it is handed for it, and what that asks of a profile. */
import {
  type Accepted,
  type AccessFor,
  type Domain,
  type DomainOf,
  type Domains,
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

/** Wrong names in uses, which inference alone would let through: they become `never`. */
export type KnownUses<U> = {
  readonly [N in keyof U]: N extends ResourceName
    ? U[N] extends string
      ? unknown
      : { readonly [K in Exclude<keyof U[N], keyof UseSpec<DomainOf<N>>>]: never }
    : never
}

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
 * @throws TypeError for a requirement nobody knows.
 */
export function normalUses(uses: Uses | undefined): readonly NormalUse[] {
  return Object.entries(uses ?? {}).flatMap(([resource, use]) => {
    if (use === undefined) return []
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
