/** How slowly a request body may arrive, and how much of unfinished bodies a server keeps: the options of every host. */
import {
  countOrInfinityRule,
  countRule,
  numberFault,
  type NumberRule,
  timerRule,
} from '@flowport/capabilities'

const MiB = 1024 * 1024
const hour = 3_600_000

export interface BodyLimits {
  /** Milliseconds within which a JSON body must be whole. Default 30 000. */
  readonly jsonTimeoutMs?: number
  /** Milliseconds within which an upload (a blob, a form or a stream) must be whole. Default 21 600 000, six hours. */
  readonly uploadTimeoutMs?: number
  /**
   * Fewest bytes a second that must arrive, on average over each `rateWindowMs`. Time in which the flow or the store is the
   * slower one does not count. 0 allows any rate. Default 512.
   */
  readonly minBytesPerSecond?: number
  /** Milliseconds over which the rate is measured; the first of them are the grace of a new body. Default 10 000. */
  readonly rateWindowMs?: number
  /**
   * Most bytes of unfinished JSON bodies that the server keeps in memory, all requests together. Above it Fastify
   * refuses the body that has been arriving for the longest, and Workers the one that arrives, with 503 and `Retry-After`.
   * On Workers each isolate counts for itself. Default 67 108 864 (64 MiB).
   */
  readonly maxHeldBytes?: number
}

export type CheckedBodyLimits = Required<BodyLimits>

/** The limits with their defaults. @throws RangeError for a limit that is not a number in its range. */
export function checkedBodyLimits(limits: BodyLimits = {}): CheckedBodyLimits {
  const {
    jsonTimeoutMs = 30_000,
    uploadTimeoutMs = 6 * hour,
    minBytesPerSecond = 512,
    rateWindowMs = 10_000,
    maxHeldBytes = 64 * MiB,
  } = limits
  const checked = { jsonTimeoutMs, uploadTimeoutMs, minBytesPerSecond, rateWindowMs, maxHeldBytes }
  for (const [name, rule] of Object.entries(rules)) {
    const fault = numberFault(checked[name as keyof BodyLimits], rule)
    if (fault !== null) throw new RangeError(`bodies.${name} ${fault}`)
  }
  return checked
}

const rules: Readonly<Record<keyof BodyLimits, NumberRule>> = {
  jsonTimeoutMs: timerRule(1),
  uploadTimeoutMs: timerRule(1),
  minBytesPerSecond: countRule(0),
  rateWindowMs: timerRule(1),
  maxHeldBytes: countOrInfinityRule(),
}
