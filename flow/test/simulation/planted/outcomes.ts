/** Planted bugs: how an attempt ended: every effect counted, over all tries, and problems stored. */
import { cases, type PlantedBug, runtime } from './bug.ts'

const retry = 'capabilities/src/lib/layers/retry.ts'
const everyEffect = 'not done needs every begun effect refused, or none begun'
const worstTry = 'applied of an error is the worst over all tries'
const decided = 'a problem after finished effects is the answer: stored and replayed'

export const outcomeBugs: readonly PlantedBug[] = [
  {
    name: 'the key is given back after every error',
    rule: everyEffect,
    file: runtime('hold'),
    find: "if (this.#outcome === 'not done' && !this.#inDoubt) {",
    replace: "if (this.#outcome !== 'decided') {",
    shows: cases.never,
    faults: ['effect-reset'],
  },
  {
    name: 'effects in doubt are not counted',
    rule: everyEffect,
    file: runtime('outcome'),
    find: 'if (this.#open > 0 || this.#doubtful > 0) ',
    replace: 'if (this.#open > 0) ',
    shows: cases.never,
    faults: ['effect-reset'],
  },
  {
    name: 'effects that were made are not counted',
    rule: everyEffect,
    file: runtime('outcome'),
    find: "if (this.#made > 0) return 'unknown'",
    replace: '',
    shows: cases.never,
    faults: ['error-after-effect'],
  },
  {
    name: 'the last try alone says whether a write was applied',
    rule: worstTry,
    file: retry,
    find: 'error = tries.failed(again)',
    replace: 'error = again',
    shows: cases.row,
    faults: ['effect-reset-then-refused'],
  },
  {
    name: 'a stored problem is replayed as a value',
    rule: decided,
    file: runtime('kept-result'),
    find: "throw new HttpProblem(kept['problem'] as ProblemOptions)",
    replace: "return kept['problem'] as ProblemOptions",
    shows: cases.never,
    faults: ['problem-after-effect'],
  },
  {
    name: 'the first try of a write does not count',
    rule: worstTry,
    file: retry,
    find: 'let error = tries.failed(first)',
    replace: 'let error = first',
    shows: cases.row,
    faults: ['effect-reset-then-refused'],
    oracle: 'duplicate',
  },
  {
    name: 'an effect that was not answered in time counts as refused',
    rule: everyEffect,
    file: runtime('outcome'),
    find: "if (!isCapabilityError(error) || error.applied !== 'no') return false",
    replace:
      "if (!isCapabilityError(error) || (error.applied !== 'no' && error.kind !== 'Timeout')) return false",
    shows: cases.never,
    faults: ['late-effect'],
    oracle: 'duplicate',
  },
  {
    name: 'the end of one effect ends the count of those beside it',
    rule: everyEffect,
    file: runtime('outcome'),
    find: 'this.#open--',
    replace: 'this.#open = 0',
    shows: cases.pair,
    faults: ['effect-refused'],
    oracle: 'duplicate',
  },
  {
    name: 'a problem of a holder that took over a key in doubt is not stored',
    rule: decided,
    file: runtime('hold'),
    find: "if (this.#outcome === 'decided' && isDecided(error)) {",
    replace: "if (this.#outcome === 'decided' && isDecided(error) && !this.#inDoubt) {",
    shows: cases.again,
    faults: ['problem-after-pause'],
    oracle: 'answers differ',
  },
]
