/** Planted bugs: keys that are taken over, and the question to the sink. */
import { cases, type PlantedBug, runtime } from './bug.ts'

const takeoverFirst =
  'a key is taken over before the sink is asked, and only a fence or a closed key frees it'

export const takeoverBugs: readonly PlantedBug[] = [
  {
    name: 'a caller that lost one takeover forgets the doubt in the next',
    rule: takeoverFirst,
    file: runtime('take'),
    find: 'inDoubt: over !== undefined',
    replace: 'inDoubt: over !== undefined && takeovers < 2',
    shows: cases.answering,
    faults: ['late-effect'],
  },
  {
    name: 'a sink that refuses the question counts as a sink that fenced',
    rule: takeoverFirst,
    file: runtime('ask-sink'),
    find: "asked whether an effect was made')\n    return 'unknown'",
    replace:
      "asked whether an effect was made')\n    return (error as { applied?: string }).applied === 'no' ? { notDone: 'fenced' } : 'unknown'",
    shows: cases.fencing,
    faults: ['effect-reset-then-refused'],
    oracle: 'duplicate',
  },
  {
    name: 'only the first holder of a key raises its fence before it asks again',
    rule: takeoverFirst,
    file: runtime('hold'),
    find: 'if (this.#isFenceSpent) await this.#raiseFence()',
    replace: 'if (this.#isFenceSpent && this.#fence === 1) await this.#raiseFence()',
    shows: cases.fencing,
    faults: ['late-effect'],
    oracle: 'duplicate',
  },
]
