/** Loads the `opendal` package, or says why it cannot be and what to do instead. */
import type * as opendal from 'opendal'
import { CapabilityError } from '@flowport/capabilities'
import { redactText } from './redact.ts'

/** The exports of the package. Types only, because the package is optional. */
export type OpenDal = typeof opendal

export interface LoadOptions {
  /** Imports the package. Default: `import('opendal')`. */
  readonly load?: () => Promise<OpenDal>
  /** The machine, for advice. Default: this one. */
  readonly machine?: { readonly platform: string; readonly arch: string; readonly glibc: string | null }
}

/** The package. `Misconfigured`, with the way out, when it is missing, was built for another machine, or needs a newer libc. */
export async function loadOpenDal({ load = importOpenDal, machine }: LoadOptions = {}): Promise<OpenDal> {
  try {
    return await load()
  } catch (error) {
    throw explained(error, machine ?? thisMachine())
  }
}

/** The newest release whose Linux binary needs no newer libc than any supported system has. */
const widestVersion = '0.49.2'

function importOpenDal(): Promise<OpenDal> {
  return importAtRunTime('opendal') as Promise<OpenDal>
}

/** Bundlers do not see this import: an app that uses no OpenDAL is bundled without the package, and its binary stays a file. */
function importAtRunTime(name: string): Promise<unknown> {
  return import(/* @vite-ignore */ /* webpackIgnore: true */ name)
}

function explained(
  error: unknown,
  { platform, arch, glibc }: NonNullable<LoadOptions['machine']>,
): CapabilityError {
  const chain = causes(error)
  const said = chain.map(({ message }) => message).join('; ')
  const needed = /GLIBC_(\d+\.\d+)/.exec(said)?.[1]
  const details = { platform, arch, ...(glibc === null ? {} : { glibc }) }
  const failed = (reason: string, why: string) =>
    new CapabilityError('Misconfigured', reason, {
      code: 'OPENDAL_NOT_LOADED',
      details: { ...details, why },
      cause: new Error(redactText(said)),
    })
  if (needed !== undefined) {
    return failed(
      `the binary of opendal needs glibc ${needed}, this system has ${glibc ?? 'an older one'}: ` +
        `install opendal@${widestVersion}, which needs 2.16, or run on a newer system (Debian 13, Ubuntu 24.04)`,
      'libc',
    )
  }
  const bindingMissing =
    /Cannot find native binding|Cannot find module '@opendal\/lib-|Unsupported (?:OS|architecture)/.test(said)
  if (bindingMissing && !supported(platform, arch)) {
    return failed(
      `opendal has no binary for ${platform} on ${arch}: use a preset that needs none, such as "s3" with the engine "fetch", "fs" or "memory"`,
      'platform',
    )
  }
  if (bindingMissing || chain.some(({ code }) => code === 'ERR_DLOPEN_FAILED')) {
    return failed(
      `the binary of opendal for ${platform} on ${arch} is missing or does not load: install again without ` +
        '--omit=optional, on the system it will run on (node_modules copied from another system hold another binary)',
      'binary',
    )
  }
  const packageMissing = chain.some(
    ({ code }) => code === 'ERR_MODULE_NOT_FOUND' || code === 'MODULE_NOT_FOUND',
  )
  if (packageMissing) {
    return failed(
      `the package "opendal" is not installed: npm install opendal@${widestVersion} (newer ones need glibc 2.38 on Linux)`,
      'package',
    )
  }
  return failed('the package "opendal" cannot be loaded: the cause says why', 'unknown')
}

/** The error and what it names as causes: the loader of the binary keeps the real one there. */
function causes(error: unknown, depth = 0): { readonly message: string; readonly code: string }[] {
  if (depth > 8) return []
  if (Array.isArray(error)) return error.flatMap((each) => causes(each, depth + 1))
  if (!(error instanceof Error)) return []
  const code = 'code' in error ? String(error.code) : ''
  const nested = error instanceof AggregateError ? (error.errors as unknown[]) : []
  return [{ message: error.message, code }, ...causes(nested, depth + 1), ...causes(error.cause, depth + 1)]
}

function supported(platform: string, arch: string): boolean {
  return ['linux', 'darwin', 'win32'].includes(platform) && ['x64', 'arm64'].includes(arch)
}

function thisMachine(): NonNullable<LoadOptions['machine']> {
  const { platform, arch, report } = process
  const header = (report.getReport() as { header?: { glibcVersionRuntime?: string } }).header
  return { platform, arch, glibc: header?.glibcVersionRuntime ?? null }
}
