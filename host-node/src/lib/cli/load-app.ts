/** Finds and imports a command's app. */
import type { App } from '@flowport/flow'
import { existsSync, readFileSync } from 'node:fs'
import { resolve } from 'node:path'
import { CommandError, exitCodes } from './console.ts'
import { importModule } from './import-module.ts'

const usual = ['src/app.ts', 'app.ts', 'src/app.js', 'app.js', 'dist/app.js']

/**
 * Returns the app, the default export of its module. `path` is `--app`. Without it, looks at `flowport.app` in `package.json`,
 * then in the usual places.
 */
export async function loadApp(path: string | undefined, cwd: string): Promise<App> {
  const file = findApp(path, cwd)
  const module = await importModule(file)
  const app = module['default'] ?? module['app']
  if (isApp(app)) return app
  throw new CommandError(exitCodes.cannotLoad, `${file} has no app: export default defineApp({ … })`)
}

/** Returns the path of the file that `loadApp` imports. */
export function findApp(path: string | undefined, cwd: string): string {
  if (path !== undefined) {
    const file = resolve(cwd, path)
    if (existsSync(file)) return file
    throw new CommandError(exitCodes.cannotLoad, `${file} does not exist`)
  }
  const named = appOfPackage(cwd)
  const file = [...(named === undefined ? [] : [named]), ...usual]
    .map((each) => resolve(cwd, each))
    .find(existsSync)
  if (file !== undefined) return file
  throw new CommandError(
    exitCodes.cannotLoad,
    `no app here: give --app FILE (looked for ${usual.join(', ')})`,
  )
}

function appOfPackage(cwd: string): string | undefined {
  const file = resolve(cwd, 'package.json')
  if (!existsSync(file)) return undefined
  const { flowport } = JSON.parse(readFileSync(file, 'utf8')) as { flowport?: { app?: unknown } }
  return typeof flowport?.app === 'string' ? flowport.app : undefined
}

function isApp(value: unknown): value is App {
  return (
    typeof value === 'object' &&
    value !== null &&
    'flows' in value &&
    Array.isArray(value.flows) &&
    'profiles' in value
  )
}
