/** Planted bugs: keys that run once for everyone, with answers that are kept from other callers. */
import { cases, type PlantedBug, runtime } from './bug.ts'

const apart = 'node keys run once for everyone; only the answer is kept apart'

export const callerBugs: readonly PlantedBug[] = [
  {
    name: 'the key of a node has its caller in it',
    rule: apart,
    file: runtime('ledger'),
    find: 'const key = `${place}:',
    replace: "const key = `${String(run.metadata['principal'])}:",
    shows: cases.twoCallers,
    faults: ['none'],
    oracle: 'duplicate',
  },
  {
    name: 'a stored answer is handed to whoever asks',
    rule: apart,
    file: runtime('owner'),
    find: 'if (!isCalled || owner === parts.owner) return parts.value',
    replace: 'return parts.value',
    shows: cases.twoCallers,
    faults: ['none'],
    oracle: 'shared',
  },
  {
    name: 'a key whose holder died is taken over by another caller',
    rule: apart,
    file: runtime('owner'),
    find: 'if (isCalled && owner !== recorded) throw taken()',
    replace: '',
    shows: cases.twoCallers,
    faults: ['crash'],
    oracle: 'shared',
  },
  {
    name: 'the ledger does not keep for whom a key was begun',
    rule: apart,
    file: 'capabilities/src/lib/dedupe/owned-fingerprint.ts',
    find: "`${head}${owner ?? ''};${fingerprint}`",
    replace: '`${head}nobody;${fingerprint}`',
    shows: cases.twoCallers,
    faults: ['crash'],
    oracle: 'shared',
  },
  {
    name: 'a result that is stored later is stored for everyone',
    rule: apart,
    file: runtime('hold'),
    find: 'this.#settleLater(error, () => store(encoded))',
    replace: 'this.#settleLater(error, () => ledger.complete(key, this.#token, encoded, idempotency.ttlMs))',
    shows: cases.twoCallers,
    faults: ['ledger-outage'],
    oracle: 'shared',
  },
]
