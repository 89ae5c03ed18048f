/** Records the log records of a test app, and the calls its runs make to stores. */
import {
  type Call,
  type Domain,
  domainOf,
  type Layer,
  type Logger,
  type OperationEffect,
} from '@flowport/capabilities'

export interface LoggedRecord {
  readonly level: keyof Logger
  readonly message: string
  readonly fields: Readonly<Record<string, unknown>>
}

export interface RecordedCall {
  readonly domain: Domain
  /** The resource's name, such as `kv` or `kv:sessions`. */
  readonly resource: string
  readonly operation: string
  /** `undefined` for operations without a key, such as `list`. */
  readonly key: string | undefined
  readonly effect: OperationEffect
}

/** A logger that keeps its records in `logged`. */
export function logRecorder(): { readonly log: Logger; readonly logged: readonly LoggedRecord[] } {
  const logged: LoggedRecord[] = []
  const at =
    (level: keyof Logger) =>
    (fields: Readonly<Record<string, unknown>>, message: string): void => {
      logged.push({ level, message, fields })
    }
  const log = { debug: at('debug'), info: at('info'), warn: at('warn'), error: at('error') }
  return { log, logged }
}

/** A layer that adds each call to `called` before the store sees it. */
export function callRecorder(): { readonly layer: Layer; readonly called: readonly RecordedCall[] } {
  const called: RecordedCall[] = []
  const record = ({ capability, operation, key, effect }: Call) => {
    const domain = domainOf(capability)
    if (domain !== null) called.push({ domain, resource: capability, operation, key, effect })
  }
  const layer: Layer = {
    name: 'test',
    around(call, next) {
      record(call)
      return next(call)
    },
  }
  return { layer, called }
}
