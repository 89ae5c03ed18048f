/** Planted bugs: stores that answer what they should not, and ledgers that are out of reach. */
import { cases, type PlantedBug, runtime, steps } from './bug.ts'

const linearizable = 'a store that states strong consistency answers as if its calls came one after another'
const later = 'a holder that knows how its node ended tells the ledger when it is back'

export const storeBugs: readonly PlantedBug[] = [
  {
    name: 'a store acknowledges a write before reads see it',
    rule: linearizable,
    file: 'capabilities/src/lib/memory/kv.ts',
    find: '    this.#write({ key, value, expiresAt, metadata, version }, before)\n    if (this.#expiring',
    replace:
      '    void this.#clock.sleep(40).then(() => this.#write({ key, value, expiresAt, metadata, version }, before))\n    if (this.#expiring',
    shows: cases.note,
    faults: ['none'],
    oracle: 'not linearizable',
  },
  {
    name: 'a ledger tells a former holder that it still holds the key',
    rule: linearizable,
    file: steps,
    find: 'if (!isHeld(found, token)) return { answer: false }',
    replace: 'if (!isHeld(found, token)) return { answer: true }',
    shows: cases.againWhole,
    faults: ['pause'],
    oracle: 'not linearizable',
  },
  {
    name: 'a ledger that did not answer in time is not told later',
    rule: later,
    file: runtime('settle-later'),
    find: "'RateLimited', 'Unavailable', 'Timeout'",
    replace: "'RateLimited', 'Unavailable'",
    shows: cases.never,
    faults: ['ledger-outage'],
  },
  {
    name: 'a result that could not be stored is tried once more and no further',
    rule: later,
    file: runtime('settle-later'),
    find: 'if (!isTemporary(error)) return\n        run',
    replace: "if (isKind(error, 'Timeout')) return\n        run",
    shows: cases.never,
    faults: ['ledger-outage'],
  },
  {
    name: 'a renewal after the end of its lease takes back that an effect has begun',
    rule: linearizable,
    file: steps,
    find: 'started: found.started || started,',
    replace: 'started: (found.started && found.endsAt > at.now) || started,',
    shows: cases.neverWhole,
    faults: ['pause'],
    oracle: 'not linearizable',
  },
]
