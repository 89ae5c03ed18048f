/** Secrets from environment variables, or a Worker's bindings: only those listed can be read. */
import type { SecretsDriver } from './driver.ts'

/**
 * @param env Such as `process.env`. It is read at each `get`, so a rotated value is seen.
 * @param names The variables that may be read; every other name is absent.
 */
export function envSecretsDriver(
  env: Readonly<Record<string, string | undefined>>,
  names: readonly string[],
): SecretsDriver {
  const readable = new Set(names)
  return {
    info: { provider: 'env', extensions: {} },
    get: (name) => {
      const value: unknown = readable.has(name) ? env[name] : undefined
      // A Worker's bindings may hold anything: only text is a secret.
      return typeof value === 'string' ? value : null
    },
  }
}
