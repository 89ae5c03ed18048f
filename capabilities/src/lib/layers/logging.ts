/** Logs every operation that fails, and with `successes` every one that succeeds. */
import type { Clock } from '../clock/contract.ts'
import { isCapabilityError } from '../error.ts'
import { type Call, isImmediate, type Layer } from '../layer.ts'
import type { Logger } from '../logger.ts'
import { systemClock } from '../system/clock.ts'

export interface LoggingOptions {
  readonly log: Logger
  /** Default the system clock. */
  readonly clock?: Clock
  /** Log successes too, at level debug. Default false. */
  readonly successes?: boolean
}

/** Writes one line per failed operation: capability, operation, key, milliseconds, kind and code. Never values. */
export function logging({ log, clock = systemClock, successes = false }: LoggingOptions): Layer {
  return {
    name: 'logging',
    around(call, next) {
      // A failure is logged with how long it took, and nobody knows beforehand which call will fail.
      const start = clock.monotonic()
      const answer = next(call)
      if (!successes && isImmediate(answer)) return answer
      return answer.then(
        successes
          ? (result) => {
              log.debug(fieldsOf(call, clock.monotonic() - start), 'capability call')
              return result
            }
          : undefined,
        (error: unknown) => {
          logFailure(log, error, fieldsOf(call, clock.monotonic() - start))
          throw error
        },
      )
    },
  }
}

/** Kinds that callers use as answers. */
const expected: ReadonlySet<string> = new Set(['AlreadyExists', 'ConditionNotMatch', 'NotFound', 'Cancelled'])

function logFailure(log: Logger, error: unknown, fields: Readonly<Record<string, unknown>>): void {
  if (!isCapabilityError(error)) {
    log.warn({ ...fields, kind: 'Unexpected' }, 'capability call failed')
    return
  }
  const { kind, code, reason } = error
  if (expected.has(kind)) log.debug({ ...fields, kind, code, reason }, 'capability call refused')
  else log.warn({ ...fields, kind, code, reason }, 'capability call failed')
}

function fieldsOf({ capability, operation, key }: Call, durationMs: number): Readonly<Record<string, unknown>> {
  return { capability, operation, key, durationMs }
}
