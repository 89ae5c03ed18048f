/** What each check of a dedupe probe is given. */
import type { DedupeStore } from '../../dedupe/contract.ts'
import type { DedupeCapabilityInfo } from '../../guarantees/info.ts'
import type { ProbeTools } from '../check.ts'

export interface DedupeProbeSubject extends ProbeTools {
  readonly dedupe: DedupeStore
  /** What the store claims. */
  readonly info: DedupeCapabilityInfo
  /** A lease that the store takes and that outlasts the calls of a check, in milliseconds. */
  readonly longMs: number
}
