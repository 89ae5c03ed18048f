/** A user's folder outside the repository: this example's files, with the five packages installed from their tarballs. */
import { execFile } from 'node:child_process'
import { cp, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { delimiter, join, resolve } from 'node:path'
import { promisify } from 'node:util'

const example = resolve(import.meta.dirname, '../..')
const root = resolve(example, '../..')
const packages = ['capabilities', 'flow', 'presets', 'host-node', 'host-workers'] as const

export interface Installed {
  readonly folder: string
  /**
   * Runs a script of an installed package with this Node and resolves to its standard output. Rejects with all output when it
   * fails.
   */
  run(script: string, ...args: readonly string[]): Promise<string>
  remove(): Promise<void>
}

interface Manifest {
  readonly dependencies: Readonly<Record<string, string>>
  readonly devDependencies: Readonly<Record<string, string>>
}

/** Whether npm reaches a registry, checked by looking up one small package. */
export async function registryAnswers(): Promise<boolean> {
  return printed(tmpdir(), 'npm', ['view', 'fastify-plugin', 'version', '--fetch-retries=0']).then(
    () => true,
    () => false,
  )
}

/**
 * The path of a Node older than 22.18, which cannot run TypeScript, or `null`. On Linux x64 the example installs the oldest
 * version that the packages support; other platforms search `PATH`.
 */
export async function olderNode(): Promise<string | null> {
  const { PATH = '' } = process.env
  const own = join(example, 'node_modules/node-20-linux-x64/bin')
  for (const folder of [own, ...PATH.split(delimiter)]) {
    const node = join(folder, 'node')
    const version = await printed(tmpdir(), node, ['--version']).catch(() => '')
    const [, major, minor] = /^v(\d+)\.(\d+)/.exec(version) ?? []
    if (major !== undefined && Number(major) * 1000 + Number(minor) < 22_018) return node
  }
  return null
}

/** Builds and packs the packages as `npm run packages` does, then installs them together with the example's dependencies. */
export async function installExample(): Promise<Installed> {
  const folder = await mkdtemp(join(tmpdir(), 'flowport-first-hour-'))
  const tarballs = join(folder, 'tarballs')
  const projects = packages.map((name) => (name === 'host-workers' ? `${name}/tsconfig.testing.json` : name))
  await printed(root, process.execPath, [
    'node_modules/typescript/bin/tsc',
    '-b',
    ...projects,
    'host-workers',
  ])
  const filter = `./{${packages.join(',')}}`
  const pack = ['-r', '--filter', filter, 'pack', '--pack-destination', tarballs]
  await printed(root, 'npx', ['--prefer-offline', '-y', 'pnpm@12.21.0', ...pack])
  for (const name of ['src', 'tsconfig.node.json', 'tsconfig.worker.json', 'wrangler.jsonc'])
    await cp(join(example, name), join(folder, name), {
      recursive: true,
      // This project file is for the repository's `tsc -b` only.
      filter: (source) => !source.endsWith('src/tsconfig.json'),
    })
  const manifest = JSON.parse(await readFile(join(example, 'package.json'), 'utf8')) as Manifest
  const files = await readdir(tarballs)
  const tarballOf = (name: string) => {
    const prefix = `${name.replace('@', '').replace('/', '-')}-`
    const file = files.find((found) => found.startsWith(prefix) && /^\d/.test(found.slice(prefix.length)))
    if (file === undefined) throw new Error(`there is no tarball of ${name}`)
    return `file:tarballs/${file}`
  }
  const dependencies = Object.entries(manifest.dependencies).map(
    ([name, version]) => [name, version.startsWith('workspace:') ? tarballOf(name) : version] as const,
  )
  const { vitest: _ours, ...devDependencies } = manifest.devDependencies
  const own = {
    private: true,
    type: 'module',
    dependencies: Object.fromEntries(dependencies),
    devDependencies,
  }
  await writeFile(join(folder, 'package.json'), JSON.stringify(own, null, 2))
  await printed(folder, 'npm', ['install', '--prefer-offline', '--no-audit', '--no-fund', '--loglevel=error'])
  return {
    folder,
    run: (script, ...args) =>
      printed(folder, process.execPath, [join(folder, 'node_modules', script), ...args]),
    remove: () => rm(folder, { recursive: true, force: true }),
  }
}

/**
 * A user's environment: without the variables that `npm test` and vitest set. `PATH` leaves out `node_modules` folders, so npm
 * runs on the installed Node and finds its configuration, and thus its registry, next to it.
 */
export function userEnvironment(): Record<string, string> {
  const { PATH = '' } = process.env
  const own =
    /^(?:npm_(?!config_(?:registry|cache|userconfig|globalconfig)$)|VITEST|NODE_(?:ENV|OPTIONS)$|FLOWPORT_)/
  const kept = Object.entries(process.env).flatMap(([name, value]) =>
    value === undefined || own.test(name) ? [] : [[name, value] as const],
  )
  return {
    ...Object.fromEntries(kept),
    PATH: PATH.split(delimiter)
      .filter((folder) => !folder.includes('node_modules'))
      .join(delimiter),
    CLOUDFLARE_CF_FETCH_ENABLED: 'false',
    WRANGLER_SEND_METRICS: 'false',
    CI: 'true',
  }
}

export async function printed(cwd: string, command: string, args: readonly string[]): Promise<string> {
  const options = { cwd, env: userEnvironment(), maxBuffer: 64 * 1024 ** 2 }
  try {
    return (await promisify(execFile)(command, args, options)).stdout
  } catch (error) {
    const { stdout = '', stderr = '' } = error as { readonly stdout?: string; readonly stderr?: string }
    throw new Error(`${command} ${args.join(' ')}\n${stdout}${stderr}`, { cause: error })
  }
}
