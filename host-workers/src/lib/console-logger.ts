/** Writes log entries as JSON lines to the console, from which Workers collect logs. */
import type { Logger } from '@flowport/capabilities'

export const logLevels = ['debug', 'info', 'warn', 'error', 'silent'] as const
export type LogLevel = (typeof logLevels)[number]

/** Returns a logger for entries at least as severe as `level`. */
export function consoleLogger(level: LogLevel): Logger {
  const from = logLevels.indexOf(level)
  const writer = (own: Exclude<LogLevel, 'silent'>) =>
    logLevels.indexOf(own) < from
      ? () => undefined
      : (fields: Readonly<Record<string, unknown>>, message: string) => {
          // oxlint-disable-next-line no-console -- the platform's own log
          console[own](JSON.stringify({ level: own, msg: message, ...fields }, plainErrors))
        }
  return { debug: writer('debug'), info: writer('info'), warn: writer('warn'), error: writer('error') }
}

/**
 * Converts errors for JSON: name, message, stack and cause. An error with its own `toJSON`, which leaves out secrets, uses
 * that.
 */
function plainErrors(_key: string, value: unknown): unknown {
  if (typeof value === 'bigint') return String(value)
  if (!(value instanceof Error)) return value
  const { name, message, stack, cause } = value
  return { name, message, stack, ...(cause === undefined ? {} : { cause }) }
}
