/** The messages between `certify` and its processes. */

/** A point at which a run is interrupted: before or after a call of one of the flow's resources. */
export interface Point {
  readonly side: 'before' | 'after'
  /** Resource and operation, such as `dedupe.begin`. */
  readonly call: string
  /** Counts the run's calls of this operation, from 1. */
  readonly nth: number
}

export interface Open {
  readonly kind: 'open'
  /** Path of the app's module. */
  readonly app: string
  readonly profile: string
  readonly flow: string
  /** Lease of keys in milliseconds, instead of the declared one. `null` keeps the declared lease. */
  readonly leaseMs: number | null
}

export interface MakeCall {
  readonly kind: 'call'
  readonly id: number
  readonly input: unknown
  /** Where the run pauses until `go on`. */
  readonly pause: Point | null
  /** Milliseconds that results are remembered, instead of the declared time. `null` keeps the declared time. */
  readonly ttlMs: number | null
  /** Milliseconds to keep repeating the call while another holder has the key. */
  readonly patienceMs: number
}

export interface GoOn {
  readonly kind: 'go on'
  readonly id: number
}

export interface Forget {
  readonly kind: 'forget'
  readonly id: number
  readonly keys: readonly string[]
}

export interface CompareRuns {
  readonly kind: 'compare runs'
  readonly id: number
  readonly input: unknown
}

/** Answered with `pong` when the process has handled its pending events. */
export interface Ping {
  readonly kind: 'ping'
  readonly id: number
}

export type Request = Open | MakeCall | GoOn | Forget | CompareRuns | Ping

/** How a call ended. `problem`: the flow threw a problem with a status below 500. `error`: any other failure, by its code. */
export interface Outcome {
  readonly kind: 'done' | 'problem' | 'error'
  /** The answer as JSON text, or the code. */
  readonly text: string
}

/** One call of a resource in a run. */
export interface TracedCall {
  readonly call: string
  readonly key: string | null
}

/** A node whose second output differs from its first. */
export interface Difference {
  readonly node: string
  readonly determinism: string
  /** JSON Pointer to the first difference; empty for the whole output. */
  readonly pointer: string
  /** The resource call that only the second run made, or `null`. */
  readonly call: string | null
}

/** A resource of the flow and its provider. */
export interface BoundResource {
  readonly binding: string
  readonly provider: string
  readonly info: unknown
}

export type Reply =
  | { readonly kind: 'opened'; readonly bindings: readonly BoundResource[] }
  | { readonly kind: 'refused'; readonly message: string }
  | { readonly kind: 'paused'; readonly id: number }
  | {
      readonly kind: 'called'
      readonly id: number
      readonly outcome: Outcome
      readonly trace: readonly TracedCall[]
    }
  | { readonly kind: 'forgotten' | 'pong'; readonly id: number }
  | { readonly kind: 'compared'; readonly id: number; readonly differences: readonly Difference[] }
  | { readonly kind: 'failed'; readonly id: number; readonly message: string }
