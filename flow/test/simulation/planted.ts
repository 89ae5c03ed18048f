/** Every planted bug, and the rules that the simulation cannot show with the tests that hold them. */
import { beginBugs } from './planted/begins.ts'
import type { PlantedBug } from './planted/bug.ts'
import { callerBugs } from './planted/callers.ts'
import { endingBugs } from './planted/endings.ts'
import { holderBugs } from './planted/holders.ts'
import { leaseBugs } from './planted/leases.ts'
import { outcomeBugs } from './planted/outcomes.ts'
import { recordBugs } from './planted/records.ts'
import { storeBugs } from './planted/stores.ts'
import { takeoverBugs } from './planted/takeovers.ts'

export type { PlantedBug } from './planted/bug.ts'

export const plantedBugs: readonly PlantedBug[] = [
  ...holderBugs,
  ...beginBugs,
  ...outcomeBugs,
  ...takeoverBugs,
  ...leaseBugs,
  ...endingBugs,
  ...callerBugs,
  ...recordBugs,
  ...storeBugs,
]

/** Rules without a planted bug: why, and the tests that hold them. */
export const testedElsewhere: readonly {
  readonly rule: string
  readonly why: string
  readonly tests: readonly string[]
}[] = [
  {
    rule: 'what an unknown key means is declared by every keyed node that is not atomic',
    why: 'It is decided before anything runs: by types and by validation (IDEM030).',
    tests: ['flow/src/lib/validate/codes-fire.test.ts', 'flow/src/lib/idempotency-option.test.ts'],
  },
  {
    rule: 'a streamed body is reserved without a fingerprint, digested when it comes again, and never stored twice',
    why: 'Clients of a simulation send one body; the tests send others under the same key.',
    tests: ['flow/src/lib/http/recorded/recording.test.ts', 'flow/src/lib/testing/host/recorded.ts'],
  },
  {
    rule: 'ledgers on Durable Objects list unknown keys by an index object and an alarm, and commit per partition',
    why: 'Objects, their alarms and their transactions are parts of workerd.',
    tests: [
      'presets/test/workers/durable-dedupe-objects.test.ts',
      'presets/test/workers/durable-dedupe.test.ts',
    ],
  },
  {
    rule: 'an outbox delivers at least once, with the id of its message',
    why: 'The outbox lives in a page, over IndexedDB; queues in one database commit with an atomic node.',
    tests: ['host-workers/test/browser/outbox-entries.test.ts', 'host-node/test/atomic-kill.test.ts'],
  },
  {
    rule: 'an answer is recorded in segments with a bound, and a slow client holds no more of it in memory',
    why: 'Memory is not simulated.',
    tests: ['flow/src/lib/http/recorded/segment-writer.test.ts'],
  },
]
