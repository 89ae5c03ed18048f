/** `@flowport/capabilities/system`: the real clock, randomness and `fetch`. */
export { systemClock } from './lib/system/clock.ts'
export { systemHttpDriver, type SystemHttpOptions } from './lib/system/http.ts'
export { systemRng } from './lib/system/rng.ts'
