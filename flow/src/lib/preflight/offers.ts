/** What a profile offers under each resource name, from an open bag or from what its providers state. */
import { type Domain, domainOf, type Provider, type ResourceBag } from '@flowport/capabilities'
import { type Diagnostic, diagnostic } from '../diagnostics/diagnostic.ts'

export interface Offer {
  /** What is stated of it: guarantees, limits, features. `null` where nothing is. */
  readonly info: Readonly<Record<string, unknown>> | null
  readonly provider: string
  /** Names of the layers around it; empty where nothing is open yet. */
  readonly layers: readonly string[]
  /** Whether the drivers retry by themselves. */
  readonly nativeRetry: boolean
}

/** The offer under a resource name; `undefined` when nothing is bound to it. */
export type Offers = (resource: string) => Offer | undefined

export function offersOfBag(bag: ResourceBag, providers: readonly Provider[]): Offers {
  return (resource) => {
    if (!bag.has(resource)) return undefined
    const { info, provider, layers } = bag.control(resource)
    const nativeRetry = providers.some((one) => one.nativeRetry && Object.hasOwn(providesOf(one), resource))
    return { info: asRecord(info), provider, layers, nativeRetry }
  }
}

export function offersOfProviders(providers: readonly Provider[], hostBound: readonly Domain[]): Offers {
  return (resource) => {
    const index = providers.findIndex((one) => Object.hasOwn(providesOf(one), resource))
    const found = providers[index]
    if (found !== undefined) {
      const { preset, nativeRetry } = found
      const stated = asRecord(providesOf(found)[resource])
      // What is not open yet has no identity of its own: each provider opens a database of its own.
      const transaction = stated?.['transaction']
      const info = transaction === undefined ? stated : { ...stated, transaction: `${transaction}#${index}` }
      return { info, provider: preset, layers: [], nativeRetry }
    }
    const domain = domainOf(resource)
    if (domain === null || !hostBound.includes(domain)) return undefined
    return { info: null, provider: 'host', layers: [], nativeRetry: false }
  }
}

/** A resource name that two providers of one profile claim. */
export function boundTwice(providers: readonly Provider[], profile: string): readonly Diagnostic[] {
  const claims = new Map<string, string[]>()
  for (const provider of providers) {
    for (const name of Object.keys(providesOf(provider)))
      claims.set(name, [...(claims.get(name) ?? []), provider.preset])
  }
  return [...claims].flatMap(([resource, presets]) =>
    presets.length < 2
      ? []
      : diagnostic({
          code: 'CAP103',
          message: `"${resource}" is bound twice, by ${presets.join(' and ')}`,
          location: { flow: '', profile },
          hint: `name one of them, as in ${presets.at(-1)}({ as: 'other' }), or leave it out with { only: [...] }`,
          details: { resource, presets },
        }),
  )
}

function providesOf({ provides }: Provider): Readonly<Record<string, unknown>> {
  return asRecord(provides) ?? {}
}

export function asRecord(value: unknown): Readonly<Record<string, unknown>> | null {
  return typeof value === 'object' && value !== null ? (value as Readonly<Record<string, unknown>>) : null
}
