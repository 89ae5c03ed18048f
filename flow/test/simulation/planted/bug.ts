/** What a planted bug is: one change of a source file, the rule it breaks, and where the simulation must find it. */
import type { FaultClass, Violation } from '../../../src/simulation.ts'

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
  /** The oracle that must find it. Default: any. */
  readonly oracle?: Violation
  /** Seeds within which it must be found. Default 400. */
  readonly within?: number
}

export const steps = 'capabilities/src/lib/dedupe/steps.ts'
export const runtime = (file: string) => `flow/src/lib/runtime/${file}.ts`

/** Names of simulated cases. */
export const cases = {
  never: 'order, never, begins with the effect, naive sink',
  neverWhole: 'order, never, begins with the handler, naive sink',
  again: 'order, again, begins with the effect, naive sink',
  againWhole: 'order, again, begins with the handler, naive sink',
  fencing: 'order, ask, begins with the effect, fencing sink',
  answering: 'order, ask, begins with the effect, answering sink',
  twoCallers: 'order of two callers, ask, begins with the effect, fencing sink',
  recorded: 'recorded order, never, begins with the effect, naive sink',
  recordedAgain: 'recorded order, again, begins with the effect, keyed sink',
  pair: 'two effects at once, never, naive sink',
  row: 'a row in a store, never',
  note: 'a note that is read back, again',
  upload: 'upload, never, naive sink',
  mail: 'queue consumer, never, naive sink',
} as const
