/** Preflight compares what flows need with what a profile has: at start-up with open resources, in CI without. */
import type { Domain, Provider, ResourceBag } from '@flowport/capabilities'
import type { Diagnostic } from '../diagnostics/diagnostic.ts'
import type { AnyFlow } from '../flow.ts'
import { type CompareOptions, compareNeeds } from './compare.ts'
import { checkAtomic } from './atomic.ts'
import { checkEventual } from './eventual.ts'
import { checkLeases } from './leases.ts'
import { checkLimits } from './limits.ts'
import { boundTwice, type Offers, offersOfBag, offersOfProviders } from './offers.ts'
import { checkSupported } from './unsupported.ts'

export interface PreflightOptions extends CompareOptions {
  /** The providers the bag was opened from; they tell which retry by themselves. Default none. */
  readonly providers?: readonly Provider[]
}

/** Every finding about flows over an open bag. Errors must keep the host from serving. */
export function preflight(
  flows: readonly AnyFlow[],
  bag: ResourceBag,
  options: PreflightOptions,
): readonly Diagnostic[] {
  const { providers = [], profile } = options
  return [...boundTwice(providers, profile), ...check(flows, offersOfBag(bag, providers), options)]
}

/**
 * Every finding about flows over what a profile's providers state. Nothing is opened, so layers are not known.
 * `hostBound` are the domains the host binds by itself, such as `clock`.
 */
export function preflightProfile(
  flows: readonly AnyFlow[],
  providers: readonly Provider[],
  hostBound: readonly Domain[],
  options: CompareOptions,
): readonly Diagnostic[] {
  return [
    ...boundTwice(providers, options.profile),
    ...check(flows, offersOfProviders(providers, hostBound), options),
  ]
}

function check(flows: readonly AnyFlow[], offers: Offers, options: CompareOptions): readonly Diagnostic[] {
  const { profile } = options
  return flows.flatMap((flow) => [
    ...compareNeeds(flow, offers, options),
    ...checkSupported(flow, profile),
    ...checkLimits(flow, offers, profile),
    ...checkEventual(flow, offers, profile),
    ...checkLeases(flow, offers, options),
    ...checkAtomic(flow, offers, profile, options.candidates),
  ])
}
