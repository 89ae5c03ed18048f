/** How a run fails: what kind of failure, in which node, with the original as `cause`. */
import { checkedHeaders, checkedStatus } from '../response-head.ts'

export type RunFailure =
  /** The input does not fit the flow's schema. */
  | 'InvalidInput'
  /** A node failed; `cause` is what it threw, whatever that is. */
  | 'NodeFailed'
  /** A node's value does not fit a schema inside the flow. */
  | 'InvalidValue'
  /** The deadline passed before there was an answer. */
  | 'DeadlineExceeded'
  /** The caller went away, or cancelled. */
  | 'Cancelled'
  /** A hook refused the run. */
  | 'Denied'
  /** Everything that could run has run and the answer was not reached. */
  | 'NoAnswer'
  /** The runtime is closing. */
  | 'Draining'

export interface RunErrorOptions {
  readonly flow: string
  /** Alias of the node. */
  readonly node?: string | undefined
  readonly code?: string
  readonly cause?: unknown
}

export class RunError extends Error {
  readonly failure: RunFailure
  readonly flow: string
  readonly node: string | undefined
  /** A diagnostic code where there is one, such as `TIME015`; else the failure. */
  readonly code: string

  constructor(failure: RunFailure, message: string, { flow, node, code, cause }: RunErrorOptions) {
    super(
      `${node === undefined ? flow : `${flow}/${node}`}: ${message}`,
      cause === undefined ? undefined : { cause },
    )
    this.name = 'RunError'
    this.failure = failure
    this.flow = flow
    this.node = node
    this.code = code ?? failure
  }
}

/** What a hook throws to refuse a run. */
export class DeniedError extends Error {
  readonly status: number
  readonly code: string
  readonly headers: Readonly<Record<string, string>>

  constructor({
    status = 403,
    code = 'DENIED',
    message = 'the request was refused',
    headers = {},
  }: DenyOptions = {}) {
    super(message)
    this.name = 'DeniedError'
    this.status = checkedStatus(status, 300)
    this.code = code
    this.headers = checkedHeaders(headers)
  }
}

export interface DenyOptions {
  /** HTTP status, 300 to 599. Default 403. */
  readonly status?: number
  /** Stable code shown to the client. Default `'DENIED'`. */
  readonly code?: string
  /** Shown to the client. */
  readonly message?: string
  /** Headers of the answer, such as `www-authenticate`. */
  readonly headers?: Readonly<Record<string, string>>
}

/** Refuses the run from a hook: `throw deny({ status: 401 })`. */
export function deny(options?: DenyOptions): DeniedError {
  return new DeniedError(options)
}

/** Text for a log of anything a node may throw, which need not be an error. Never throws. */
export function describeThrown(thrown: unknown): string {
  try {
    return thrown instanceof Error ? thrown.message : `threw ${typeof thrown}: ${String(thrown)}`
  } catch {
    return 'threw something that cannot be printed'
  }
}
