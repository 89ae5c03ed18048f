/** Planted bugs: recorded HTTP answers, which guard no effects. */
import { cases, type PlantedBug } from './bug.ts'

const cache =
  'a record caches an answer: a recorder that dies means run again, and what a later try may do better is not recorded'
const recorded = (file: string) => `flow/src/lib/http/recorded/${file}.ts`

export const recordBugs: readonly PlantedBug[] = [
  {
    name: 'a recorder that died leaves its key unknown',
    rule: cache,
    file: recorded('hold'),
    find: 'asking.begin(key, { leaseMs: recordLeaseMs, fingerprint })',
    replace: 'asking.begin(key, { leaseMs: recordLeaseMs, fingerprint, started: true })',
    shows: cases.recordedAgain,
    faults: ['crash'],
    oracle: 'blocked',
  },
  {
    name: 'every error of a run is recorded',
    rule: cache,
    file: recorded('recording'),
    find: 'return this.#hasStarted && isDecided(error)',
    replace: 'return this.#hasStarted',
    shows: cases.recorded,
    faults: ['all', 'pause', 'crash'],
  },
  {
    name: 'the key of an answer that is not recorded is kept',
    rule: cache,
    file: recorded('answer-recorder'),
    find: 'async drop(outcome: HttpOutcome): Promise<HttpOutcome> {\n    await this.#parts.hold.release()',
    replace: 'async drop(outcome: HttpOutcome): Promise<HttpOutcome> {',
    shows: cases.recordedAgain,
    faults: ['effect-reset', 'error-before-effect'],
  },
]
