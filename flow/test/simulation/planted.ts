/** Bugs that are planted in the runtime and the ledger, one line each, with the rule each breaks and where it must show. */
import type { FaultClass } from '../../src/simulation.ts'

export interface PlantedBug {
  readonly name: string
  /** The rule of the ledger that it breaks. */
  readonly rule: string
  /** From the root of the repository. */
  readonly file: string
  /** Must stand in the file exactly once. */
  readonly find: string
  readonly replace: string
  /** Name of the case that shows it, and the faults under which it does. */
  readonly shows: string
  readonly faults: readonly FaultClass[]
  /** Seeds within which it must be found. Default 400. */
  readonly within?: number
}

const steps = 'capabilities/src/lib/dedupe/steps.ts'
const store = 'capabilities/src/lib/dedupe/dedupe-store.ts'
const retry = 'capabilities/src/lib/layers/retry.ts'
const runtime = (file: string) => `flow/src/lib/runtime/${file}.ts`

const never = 'order, never, begins with the effect, naive sink'
const neverWhole = 'order, never, begins with the handler, naive sink'
const again = 'order, again, begins with the effect, naive sink'
const againWhole = 'order, again, begins with the handler, naive sink'
const fencing = 'order, ask, begins with the effect, fencing sink'
const answering = 'order, ask, begins with the effect, answering sink'
const pair = 'two effects at once, never, naive sink'
const row = 'a row in a store, never'
const mail = 'queue consumer, never, naive sink'

const oneHolder = 'a key has one holder at a time, and one result'
const everyEffect = 'not done needs every begun effect refused, or none begun'
const worstTry = 'applied of an error is the worst over all tries'
const recordedBegin = 'the begin of an effect is recorded before the effect'
const takeoverFirst =
  'a key is taken over before the sink is asked, and only a fence or a closed key frees it'
const unknownStays = 'an unknown key stays unknown until it is settled'
const lateCopies = 'a late or repeated message of a holder changes nothing'
const declared = 'the declared choice decides what happens to an unknown key'
const nothingLeft = 'nothing is left when a run has ended'
const decided = 'a problem after finished effects is the answer: stored and replayed'
const lostLease = 'a holder whose lease is over by either clock begins no effect'
const delivered = 'a message is acknowledged when its work is done'

export const plantedBugs: readonly PlantedBug[] = [
  {
    name: 'complete takes any token',
    rule: oneHolder,
    file: steps,
    find: 'if (found?.token !== token || (found.result',
    replace: 'if (found === undefined || (found.result',
    shows: again,
    faults: ['pause', 'all'],
    within: 2000,
  },
  {
    name: 'release takes any token',
    rule: oneHolder,
    file: steps,
    find: 'return isHeld(found, token) ? { answer: true',
    replace: 'return found !== undefined ? { answer: true',
    shows: never,
    faults: ['pause', 'all'],
    within: 2000,
  },
  {
    name: 'a key in flight is taken from its holder',
    rule: oneHolder,
    file: steps,
    find: 'if (live !== undefined) {',
    replace: 'if (live !== undefined && live.result !== null) {',
    shows: never,
    faults: ['none'],
  },
  {
    name: 'a result is forgotten after a second',
    rule: oneHolder,
    file: steps,
    find: 'record: { ...found, result, endsAt: endOf(at, ttlMs) }',
    replace: 'record: { ...found, result, endsAt: endOf(at, 1000) }',
    shows: never,
    faults: ['none'],
  },
  {
    name: 'the key of a node has the id of its run in it',
    rule: oneHolder,
    file: runtime('ledger'),
    find: 'const key = `${place}:',
    replace: 'const key = `${run.id}:',
    shows: never,
    faults: ['none'],
  },
  {
    name: 'a holder that was fenced off answers with its own result',
    rule: oneHolder,
    file: runtime('hold'),
    find: "if (!kept) throw fenced('complete')",
    replace: '',
    shows: again,
    faults: ['pause'],
  },
  {
    name: 'the fence begins anew when a record was removed',
    rule: 'the fence grows with every holder, and survives deletion',
    file: steps,
    find: 'return Math.max(minFence, (found?.fence ?? 0) + 1)',
    replace: 'return (found?.fence ?? 0) + 1',
    shows: fencing,
    faults: ['all', 'effect-reset-then-refused'],
    within: 2000,
  },
  {
    name: 'a key with a begun effect is taken over as if nothing had begun',
    rule: unknownStays,
    file: steps,
    find: 'const unknown = isUnknown(found, at) ? found : undefined',
    replace: 'const unknown = undefined as LedgerRecord | undefined',
    shows: never,
    faults: ['crash'],
  },
  {
    name: 'an unknown key is forgotten after five seconds',
    rule: unknownStays,
    file: steps,
    find: 'found.started && found.endsAt <= now\n',
    replace: 'found.started && found.endsAt <= now && found.endsAt > now - 5000\n',
    shows: never,
    faults: ['effect-reset'],
  },
  {
    name: 'a key whose outcome is in doubt is released',
    rule: unknownStays,
    file: store,
    find: 'driver.renew(encoded, token, 0, { signal }),',
    replace: 'driver.release(encoded, token, { signal }),',
    shows: never,
    faults: ['effect-reset'],
  },
  {
    name: 'the ledger does not keep that an effect has begun',
    rule: recordedBegin,
    file: steps,
    find: 'started: found.started || started,',
    replace: 'started: found.started,',
    shows: never,
    faults: ['crash'],
  },
  {
    name: 'the ledger does not keep that the effect begins with the handler',
    rule: recordedBegin,
    file: steps,
    find: 'started: started || unknown !== undefined,',
    replace: 'started: unknown !== undefined,',
    shows: neverWhole,
    faults: ['crash'],
  },
  {
    name: 'the key is taken without saying that the handler begins the effect',
    rule: recordedBegin,
    file: runtime('take'),
    find: "{ started: begins === 'handler' }",
    replace: '{ started: false }',
    shows: neverWhole,
    faults: ['crash'],
  },
  {
    name: 'the begin of an effect is never recorded',
    rule: recordedBegin,
    file: runtime('hold'),
    find: "this.#started = inDoubt || options.idempotency.begins === 'handler'",
    replace: 'this.#started = true',
    shows: never,
    faults: ['crash'],
  },
  {
    name: 'an effect does not wait for the record of its begin',
    rule: recordedBegin,
    file: runtime('hold'),
    find: '      await this.#starting\n',
    replace: '      this.#starting.catch(() => undefined)\n',
    shows: never,
    faults: ['ledger-outage', 'crash', 'all'],
    within: 2000,
  },
  {
    name: 'a repeated begin finds its own record in flight',
    rule: lateCopies,
    file: steps,
    find: 'if (found?.token === token && found.result === null)',
    replace: 'if (found?.token === token && found.result === undefined)',
    shows: neverWhole,
    faults: ['lost-ledger-answers'],
  },
  {
    name: 'a late copy of begin takes back that an effect has begun',
    rule: lateCopies,
    file: steps,
    find: "return { answer: { state: 'fresh', fence: found.fence } }",
    replace:
      "return { answer: { state: 'fresh', fence: found.fence }, record: { ...found, started, endsAt: endOf(at, leaseMs) } }",
    shows: never,
    faults: ['all'],
    within: 4000,
  },
  {
    name: 'an unknown key is run again though its node says never',
    rule: declared,
    file: runtime('take'),
    find: "if (unknown === 'never') throw unknownKey(key)",
    replace: '',
    shows: never,
    faults: ['crash'],
  },
  {
    name: 'an attempt in doubt is followed by another though its node says never',
    rule: declared,
    file: runtime('hold'),
    find: "return this.#outcome === 'not done' ||",
    replace: 'return true ||',
    shows: never,
    faults: ['effect-reset'],
  },
  {
    name: 'a step retries without asking the key',
    rule: declared,
    file: runtime('node-executor'),
    find: 'if (guard?.mayRetry() === false) throw error',
    replace: '',
    shows: never,
    faults: ['effect-reset'],
  },
  {
    name: 'the key is given back after every error',
    rule: everyEffect,
    file: runtime('hold'),
    find: "if (this.#outcome === 'not done' && !this.#inDoubt) {",
    replace: "if (this.#outcome !== 'decided') {",
    shows: never,
    faults: ['effect-reset'],
  },
  {
    name: 'effects in doubt are not counted',
    rule: everyEffect,
    file: runtime('outcome'),
    find: 'if (this.#open > 0 || this.#doubtful > 0) ',
    replace: 'if (this.#open > 0) ',
    shows: never,
    faults: ['effect-reset'],
  },
  {
    name: 'effects that still run are not counted',
    rule: everyEffect,
    file: runtime('outcome'),
    find: 'if (this.#open > 0 || this.#doubtful > 0) ',
    replace: 'if (this.#doubtful > 0) ',
    shows: pair,
    faults: ['effect-refused'],
  },
  {
    name: 'effects that were made are not counted',
    rule: everyEffect,
    file: runtime('outcome'),
    find: "if (this.#made > 0) return 'unknown'",
    replace: '',
    shows: never,
    faults: ['error-after-effect'],
  },
  {
    name: 'every error of a capability counts as refused',
    rule: everyEffect,
    file: runtime('outcome'),
    find: "if (!isCapabilityError(error) || error.applied !== 'no') return false",
    replace: 'if (!isCapabilityError(error)) return false',
    shows: never,
    faults: ['effect-reset'],
  },
  {
    name: 'the last try alone says whether a write was applied',
    rule: worstTry,
    file: retry,
    find: 'error = tries.failed(again)',
    replace: 'error = again',
    shows: row,
    faults: ['effect-reset-then-refused'],
  },
  {
    name: 'who takes over an unknown key forgets the doubt',
    rule: takeoverFirst,
    file: runtime('take'),
    find: 'inDoubt: over !== undefined',
    replace: 'inDoubt: false',
    shows: fencing,
    faults: ['crash'],
  },
  {
    name: 'the sink is asked under the fence of the attempt in doubt',
    rule: takeoverFirst,
    file: runtime('hold'),
    find: 'if (this.#isFenceSpent) await this.#raiseFence()',
    replace: '',
    shows: fencing,
    faults: ['late-effect'],
  },
  {
    name: 'a sink that finds nothing frees the key',
    rule: takeoverFirst,
    file: runtime('hold'),
    find: "if (answer === 'unknown') throw unknownKey(key)",
    replace: "if (answer === 'unknown') return null",
    shows: answering,
    faults: ['late-effect', 'pause'],
  },
  {
    name: 'a decided problem is not stored',
    rule: decided,
    file: runtime('hold'),
    find: "if (this.#outcome === 'decided' && isDecided(error)) {",
    replace: "if (this.#outcome === 'decided' && error === undefined) {",
    shows: never,
    faults: ['problem-after-effect'],
  },
  {
    name: 'a problem that could not be stored is the answer',
    rule: oneHolder,
    file: runtime('hold'),
    find: "if (this.#outcome === 'decided') return failure",
    replace: '',
    shows: fencing,
    faults: ['problem-after-pause'],
    within: 1000,
  },
  {
    name: 'a stored problem is replayed as a value',
    rule: decided,
    file: runtime('kept-result'),
    find: "throw new HttpProblem(kept['problem'] as ProblemOptions)",
    replace: "return kept['problem'] as ProblemOptions",
    shows: never,
    faults: ['problem-after-effect'],
  },
  {
    name: 'an effect begins without a look at the lease',
    rule: lostLease,
    file: runtime('hold'),
    find: '    lease.check()\n    if (!this.#started) {',
    replace: '    if (!this.#started) {',
    shows: againWhole,
    faults: ['pause'],
  },
  {
    name: 'the lease looks at the monotonic clock alone',
    rule: lostLease,
    file: runtime('lease'),
    find: 'if (now - this.#confirmed.now < leaseMs && monotonic',
    replace: 'if (monotonic',
    shows: againWhole,
    faults: ['suspend'],
  },
  {
    name: 'the lease looks at the wall clock alone',
    rule: lostLease,
    file: runtime('lease'),
    find: '&& monotonic - this.#confirmed.monotonic < leaseMs) return',
    replace: ') return',
    shows: againWhole,
    faults: ['all', 'clock-set'],
    within: 4000,
  },
  {
    name: 'the lease is renewed after its node has ended',
    rule: nothingLeft,
    file: runtime('lease'),
    find: 'this.#ended = true\n    this.#stopTimer()',
    replace: 'this.#ended = true',
    shows: never,
    faults: ['none'],
  },
  {
    name: 'the result of a node is not stored',
    rule: nothingLeft,
    file: runtime('ledger'),
    find: '    await hold.complete(result)\n    return result',
    replace: '    return result',
    shows: never,
    faults: ['none'],
  },
  {
    name: 'a message that failed is acknowledged',
    rule: delivered,
    file: 'flow/src/lib/delivery/message.ts',
    find: 'return message.retry({ delayMs: decision.delayMs })',
    replace: 'return message.ack()',
    shows: mail,
    faults: ['error-before-effect'],
    within: 1000,
  },
]
