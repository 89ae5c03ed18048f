/** Secrets given as they are: for tests and local runs. */
import type { SecretsDriver } from '../secrets/driver.ts'

/** @param values Secret by name. Copied. */
export function memorySecretsDriver(values: Readonly<Record<string, string>>): SecretsDriver {
  const kept = new Map(Object.entries(values))
  return {
    info: { provider: 'memory', extensions: {} },
    get: (name) => kept.get(name) ?? null,
  }
}
