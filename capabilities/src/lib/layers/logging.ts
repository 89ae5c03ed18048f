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

/**
 * Writes one line per failed operation: capability, operation, key, kind and code, and `durationMs` unless the driver
 * is one that answers without waiting. Never values.
 */
export function logging({ log, clock = systemClock, successes = false }: LoggingOptions): Layer {
  // Reading a clock costs more than all else here, and any call may be the one that fails: only drivers over memory,
  // known by how the last call went, are spared it.
  let quick = false
  return {
    name: 'logging',
    around(call, next) {
      const start = quick ? undefined : clock.monotonic()
      const answer = next(call)
      quick = !successes && isImmediate(answer)
      if (quick) return answer
      return answer.then(
        successes
          ? (result) => {
              log.debug(fieldsOf(call, start, clock), 'capability call')
              return result
            }
          : undefined,
        (error: unknown) => {
          logFailure(log, error, fieldsOf(call, start, clock))
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

function fieldsOf(
  { capability, operation, key }: Call,
  start: number | undefined,
  clock: Clock,
): Readonly<Record<string, unknown>> {
  return {
    capability,
    operation,
    key,
    ...(start === undefined ? {} : { durationMs: clock.monotonic() - start }),
  }
}
