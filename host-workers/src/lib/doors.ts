/** Checks a request's host name, and whether the request was sent to this machine. */
import { type AllowedHosts, type HostCheck, hostCheck, isLoopbackName, nameOf } from '@flowport/flow/http'
import type { WorkerEnv } from './environment.ts'

/**
 * Returns a function that gives the host check for an `env`: from the option, else from the variable `ALLOWED_HOSTS`, else
 * `null`.
 */
export function hostChecks(
  allowed: AllowedHosts | undefined,
): (env: WorkerEnv | undefined) => HostCheck | null {
  const fixed = hostCheck(allowed, false)
  if (allowed !== undefined) return () => fixed
  const known = new WeakMap<WorkerEnv, HostCheck | null>()
  return (env) => {
    const listed = env?.['ALLOWED_HOSTS']
    if (env === undefined || typeof listed !== 'string' || listed === '') return null
    let check = known.get(env)
    if (check === undefined) {
      check = hostCheck(
        listed.split(',').map((name) => name.trim()),
        false,
      )
      known.set(env, check)
    }
    return check
  }
}

/** Returns the host of a URL, with its port. */
export function hostOf(url: string): string {
  const start = url.indexOf('//') + 2
  const end = url.slice(start).search(/[/?#]/)
  return end < 0 ? url.slice(start) : url.slice(start, start + end)
}

/** Whether a request was sent to this machine, as under `wrangler dev`. */
export function isLocal(url: string): boolean {
  return isLoopbackName(nameOf(hostOf(url)))
}
