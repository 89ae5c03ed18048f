/** Opens a profile for a command, and turns failures into exit codes. */
import { silentLogger } from '@flowport/capabilities'
import { type App, DiagnosticsError } from '@flowport/flow'
import { type OpenedProfile, openProfile } from '../profile.ts'
import { CommandError, type CommandHost, exitCodes } from './console.ts'

export async function openForCommand(
  app: App,
  profile: string,
  env: CommandHost['env'],
): Promise<OpenedProfile> {
  try {
    return await openProfile({ app, profile, env, log: silentLogger })
  } catch (error) {
    if (error instanceof DiagnosticsError)
      throw new CommandError(exitCodes.findings, error.message, { cause: error })
    throw new CommandError(exitCodes.cannotLoad, (error as Error).message, { cause: error })
  }
}
