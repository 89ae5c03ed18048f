/** Planted bugs: the record of the begin, and keys that are unknown. */
import { cases, type PlantedBug, runtime, steps } from './bug.ts'

const store = 'capabilities/src/lib/dedupe/dedupe-store.ts'
const recordedBegin = 'the begin of an effect is recorded before the effect'
const unknownStays = 'an unknown key stays unknown until it is settled'
const declared = 'the declared choice decides what happens to an unknown key'

export const beginBugs: readonly PlantedBug[] = [
  {
    name: 'a key with a begun effect is taken over as if nothing had begun',
    rule: unknownStays,
    file: steps,
    find: 'const unknown = isUnknown(found, at) ? found : undefined',
    replace: 'const unknown = undefined as LedgerRecord | undefined',
    shows: cases.never,
    faults: ['crash'],
  },
  {
    name: 'a key whose outcome is in doubt is released',
    rule: unknownStays,
    file: store,
    find: 'driver.renew(encoded, token, 0, { signal }),',
    replace: 'driver.release(encoded, token, { signal }),',
    shows: cases.never,
    faults: ['effect-reset'],
  },
  {
    name: 'the ledger does not keep that the effect begins with the handler',
    rule: recordedBegin,
    file: steps,
    find: 'started: started || unknown !== undefined,',
    replace: 'started: unknown !== undefined,',
    shows: cases.neverWhole,
    faults: ['crash'],
  },
  {
    name: 'the key is taken without saying that the handler begins the effect',
    rule: recordedBegin,
    file: runtime('take'),
    find: "{ started: begins === 'handler' }",
    replace: '{ started: false }',
    shows: cases.neverWhole,
    faults: ['crash'],
  },
  {
    name: 'the begin of an effect is never recorded',
    rule: recordedBegin,
    file: runtime('hold'),
    find: "this.#started = inDoubt || options.idempotency.begins === 'handler'",
    replace: 'this.#started = true',
    shows: cases.never,
    faults: ['crash'],
  },
  {
    name: 'an effect does not wait for the record of its begin',
    rule: recordedBegin,
    file: runtime('hold'),
    find: '      await this.#starting\n',
    replace: '      this.#starting.catch(() => undefined)\n',
    shows: cases.never,
    faults: ['ledger-outage', 'crash', 'all'],
    within: 2000,
  },
  {
    name: 'an attempt in doubt is followed by another though its node says never',
    rule: declared,
    file: runtime('hold'),
    find: "return this.#outcome === 'not done' ||",
    replace: 'return true ||',
    shows: cases.never,
    faults: ['effect-reset'],
  },
  {
    name: 'a caller that waited for the holder runs an unknown key again though its node says never',
    rule: unknownStays,
    file: runtime('take'),
    find: "if (unknown === 'never') throw unknownKey(key)",
    replace: "if (unknown === 'never' && wait === 10) throw unknownKey(key)",
    shows: cases.never,
    faults: ['effect-reset'],
  },
  {
    name: 'a step asks the key before its second attempt alone',
    rule: declared,
    file: runtime('node-executor'),
    find: 'if (guard?.mayRetry() === false) throw error',
    replace: 'if (attempt === 1 && guard?.mayRetry() === false) throw error',
    shows: cases.never,
    faults: ['effect-reset-then-refused'],
  },
  {
    name: 'an effect beside another one does not wait for the record of the begin',
    rule: recordedBegin,
    file: runtime('hold'),
    find: 'if (!this.#started) {\n      this.#starting ??=',
    replace: 'if (!this.#started && this.#starting === undefined) {\n      this.#starting ??=',
    shows: cases.pair,
    faults: ['ledger-outage'],
    oracle: 'duplicate',
  },
]
