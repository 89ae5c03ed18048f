/** What can be found wrong with a profile before anything of it is opened: `flowport check` and every start ask here. */
import type { Domain, Provider } from '@flowport/capabilities'
import type { App } from '../app.ts'
import { type Platform, platformFindings } from '../delivery/platform.ts'
import { type Diagnostic, hasErrors } from '../diagnostics/diagnostic.ts'
import { validateApp } from '../validate/validate-app.ts'
import type { CompareOptions } from './compare.ts'
import { boundTwice } from './offers.ts'
import { preflightProfile } from './preflight.ts'

export interface StatedOptions extends CompareOptions {
  readonly app: App
  /** The domains that the host binds by itself, such as `clock`. */
  readonly hostBound: readonly Domain[]
  /** The platform that delivers messages and schedules; none where the host does it by itself. */
  readonly platform?: Platform | undefined
  /** What is wrong with the variables, secrets and bindings. */
  readonly environment: readonly Diagnostic[]
  /** What `validateApp` has found in the app. Default: it is asked. */
  readonly flows?: readonly Diagnostic[] | undefined
}

export interface StatedFindings {
  /** Of the flows, whatever the profile. */
  readonly flows: readonly Diagnostic[]
  /** Of the profile. */
  readonly profile: readonly Diagnostic[]
  /** Why nothing may be opened: `'flows'`, `'environment'` or `'profile'`; `null` where opening shows the rest. */
  readonly refusedFor: 'flows' | 'environment' | 'profile' | null
}

export function statedFindings(options: StatedOptions): StatedFindings {
  const { app, hostBound, platform, environment, flows = validateApp(app), ...compare } = options
  const providers: readonly Provider[] = app.profiles[compare.profile] ?? []
  const delivered = platform === undefined ? [] : platformFindings(app, platform, compare.profile)
  const unfit = [...delivered, ...boundTwice(providers, compare.profile)]
  const profile = [
    ...delivered,
    ...environment,
    ...preflightProfile(app.flows, providers, hostBound, compare),
  ]
  return { flows, profile, refusedFor: firstRefusal({ flows, environment, profile: unfit }) }
}

function firstRefusal(
  found: Readonly<Record<'flows' | 'environment' | 'profile', readonly Diagnostic[]>>,
): StatedFindings['refusedFor'] {
  return (['flows', 'environment', 'profile'] as const).find((part) => hasErrors(found[part])) ?? null
}
