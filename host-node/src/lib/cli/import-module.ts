/** Imports a module of the user, such as the app, with errors that say what to do. */
import { isAbsolute } from 'node:path'
import { fileURLToPath, pathToFileURL } from 'node:url'
import { CommandError, exitCodes } from './console.ts'

/** Imports the module. @throws CommandError with the reason when the module cannot be loaded. */
export async function importModule(file: string): Promise<Readonly<Record<string, unknown>>> {
  try {
    return (await import(pathToFileURL(file).href)) as Readonly<Record<string, unknown>>
  } catch (cause) {
    throw new CommandError(exitCodes.cannotLoad, `${file} could not be loaded: ${reasonOf(cause)}`, { cause })
  }
}

/** Returns why a module could not be loaded. If this Node cannot run TypeScript, also says what to do. */
export function reasonOf(cause: unknown): string {
  if (!(cause instanceof Error)) return String(cause)
  if (!('code' in cause) || cause.code !== 'ERR_UNKNOWN_FILE_EXTENSION') return cause.message
  // Node's message: Unknown file extension ".ts" for /srv/app.ts
  const named = cause.message.split(' for ').slice(1).join(' for ')
  const file = named.startsWith('file:') ? fileURLToPath(named) : named
  if (!/\.[cm]?ts$/.test(file) || !isAbsolute(file)) return cause.message
  return (
    `Node ${process.versions.node} does not run TypeScript (${file}). Use Node 22.18 or newer, ` +
    'or compile the app and give the compiled module, such as --app dist/app.js'
  )
}
