/** The profiles a command works on. */
import type { App } from '@flowport/flow'
import { chooseProfile, UnknownProfileError } from '../profile.ts'
import { CommandError, exitCodes } from './console.ts'

/** The one named, or all. An unknown one is a usage error that lists what there is. */
export function profilesToUse(app: App, profile: string | undefined): readonly string[] {
  return profile === undefined ? Object.keys(app.profiles) : [oneProfile(app, profile, {})]
}

/** The one named, else the environment's, else `local`. */
export function oneProfile(
  app: App,
  profile: string | undefined,
  env: Readonly<Record<string, string | undefined>>,
): string {
  try {
    return chooseProfile(app, profile, env)
  } catch (error) {
    if (error instanceof UnknownProfileError)
      throw new CommandError(exitCodes.usage, error.message, { cause: error })
    throw error
  }
}
