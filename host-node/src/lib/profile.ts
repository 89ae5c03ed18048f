/** Chooses a profile by environment and opens it together with the resources that a Node host binds automatically. */
import {
  createHttp,
  createSecrets,
  envSecretsDriver,
  type Layer,
  type Logger,
  type ResourceName,
} from '@flowport/capabilities'
import { systemClock, systemHttpDriver, systemRng } from '@flowport/capabilities/system'
import {
  type App,
  chooseProfile as chooseByName,
  type OpenedProfile,
  openProfile as openOnHost,
  profileOfEnvironment,
} from '@flowport/flow'
import { type Environment, validateVariables } from './environment.ts'
import { presetsFor } from './known-presets.ts'

export { type OpenedProfile, UnknownProfileError } from '@flowport/flow'

export interface OpenProfileOptions {
  readonly app: App
  /** Name of the profile. Default: `FLOWPORT_PROFILE`, else `'local'`. */
  readonly profile?: string | undefined
  /** Environment variables. Default `process.env`. */
  readonly env?: Environment | undefined
  /**
   * `'pulled'` means that this host receives the messages of queue flows from `queue:<name>`, which must be bound. Default
   * `'pushed'`.
   */
  readonly queues?: 'pulled' | 'pushed'
  readonly log: Logger
  /** Layers around every resource, outside the presets' layers, outermost first. Default: none. */
  readonly layers?: readonly Layer[]
}

/** Returns the name of the profile to use. Throws an error that lists the app's profiles for an unknown name. */
export function chooseProfile(app: App, profile: string | undefined, env: Environment): string {
  return profile === undefined ? profileOfEnvironment(app, env, 'local') : chooseByName(app, profile, env)
}

/** Opens a profile. Throws now for every finding that would make a flow fail later. */
export function openProfile({
  app,
  profile,
  env = process.env,
  queues = 'pushed',
  log,
  layers = [],
}: OpenProfileOptions): Promise<OpenedProfile> {
  return openOnHost({
    app,
    profile: chooseProfile(app, profile, env),
    readVariables: (providers) =>
      validateVariables(
        env,
        providers.map((provider) => provider.env),
      ),
    env,
    log,
    clock: systemClock,
    queues,
    candidates: presetsFor('node'),
    others: hostResources(app, env, layers),
    layers,
  })
}

/** The domains that a Node host binds automatically. */
export const hostDomains = ['clock', 'rng', 'http', 'secrets'] as const

function hostResources(
  app: App,
  env: Environment,
  layers: readonly Layer[],
): ReadonlyMap<ResourceName, object> {
  return new Map<ResourceName, object>([
    ['rng', systemRng],
    ['http', createHttp(systemHttpDriver(), { layers })],
    ['secrets', createSecrets(envSecretsDriver(env, app.secrets), { layers })],
  ])
}
