/** Planted bugs: holders whose lease is over, and when a lease counts from. */
import { cases, type PlantedBug, runtime } from './bug.ts'

const lostLease = 'a holder whose lease is over by either clock begins no effect'
const asked = 'a lease counts from the moment at which it was asked for'

export const leaseBugs: readonly PlantedBug[] = [
  {
    name: 'the lease looks at the wall clock alone',
    rule: lostLease,
    file: runtime('lease'),
    find: '&& monotonic - this.#confirmed.monotonic < leaseMs) return',
    replace: ') return',
    shows: cases.againWhole,
    faults: ['all', 'clock-set'],
    within: 4000,
  },
  {
    name: 'the lease is not looked at when the begin of an effect was recorded',
    rule: lostLease,
    file: runtime('lease'),
    find: 'this.#confirmed = asked\n    this.check()',
    replace: 'this.#confirmed = asked',
    shows: cases.again,
    faults: ['pause'],
  },
  {
    name: 'a new lease counts from the answer of the ledger',
    rule: asked,
    file: runtime('take'),
    find: '          asked,\n',
    replace: '          asked: momentOf(run.clock),\n',
    shows: cases.againWhole,
    faults: ['pause'],
    oracle: 'stale',
  },
  {
    name: 'the record of a begin renews the lease from the answer of the ledger',
    rule: asked,
    file: runtime('lease'),
    find: 'this.#confirmed = asked\n    this.check()',
    replace: 'this.#confirmed = momentOf(clock)\n    this.check()',
    shows: cases.again,
    faults: ['pause'],
    oracle: 'stale',
  },
  {
    name: 'the record of a begin renews for half of the time that its holder counts',
    rule: lostLease,
    file: runtime('lease'),
    find: 'ledger.renew(key, token, leaseMs, { started: true })',
    replace: 'ledger.renew(key, token, leaseMs / 2, { started: true })',
    shows: cases.again,
    faults: ['pause'],
    oracle: 'stale',
  },
  {
    name: 'the lease lasts half as long again by the wall clock',
    rule: lostLease,
    file: runtime('lease'),
    find: 'if (now - this.#confirmed.now < leaseMs && monotonic',
    replace: 'if (now - this.#confirmed.now < leaseMs * 1.5 && monotonic',
    shows: cases.againWhole,
    faults: ['suspend'],
    oracle: 'stale',
  },
]
