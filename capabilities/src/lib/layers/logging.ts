/** Logs every operation that fails, and with `level: 'debug'` on the logger every one that succeeds. */
import type { Clock } from '../clock/contract.ts'
import { isCapabilityError } from '../error.ts'
import type { Layer } from '../layer.ts'
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
    async around(call, next) {
      const start = clock.monotonic()
      try {
        const result = await next(call)
        if (successes) log.debug({ ...fieldsOf(call), durationMs: clock.monotonic() - start }, 'capability call')
        return result
      } catch (error) {
        const known = isCapabilityError(error)
        const fields = {
          ...fieldsOf(call),
          durationMs: clock.monotonic() - start,
          kind: known ? error.kind : 'Unexpected',
          code: known ? error.code : undefined,
          reason: known ? error.reason : undefined,
        }
        if (known && expected.has(error.kind)) log.debug(fields, 'capability call refused')
        else log.warn(fields, 'capability call failed')
        throw error
      }
    },
  }
}

/** Kinds that callers use as answers. */
const expected: ReadonlySet<string> = new Set(['AlreadyExists', 'ConditionNotMatch', 'NotFound', 'Cancelled'])

function fieldsOf(call: { capability: string; operation: string; key: string | undefined; attempt: number }) {
  return { capability: call.capability, operation: call.operation, key: call.key }
}
