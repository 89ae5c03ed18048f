/** Chooses the profiles that a command uses. */
import type { App } from '@flowport/flow'
import { chooseProfile, UnknownProfileError } from '../profile.ts'
import { CommandError, exitCodes } from './console.ts'

/** Returns the named profile, or all profiles. An unknown name is a usage error that lists the app's profiles. */
export function profilesToUse(app: App, profile: string | undefined): readonly string[] {
  return profile === undefined ? Object.keys(app.profiles) : [oneProfile(app, profile, {})]
}

/** Returns the named profile, else the one that `FLOWPORT_PROFILE` names, else `local`. */
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
