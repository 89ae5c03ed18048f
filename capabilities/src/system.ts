/** `@flowport/capabilities/system`: the real clock, randomness, `fetch` and environment. */
export { envSecretsDriver } from './lib/secrets/env-secrets.ts'
export { systemClock } from './lib/system/clock.ts'
export { systemHttpDriver, type SystemHttpOptions } from './lib/system/http.ts'
export { systemRng } from './lib/system/rng.ts'
