/** What `certify` and its processes say to each other. */

/** A place of a run where its process stops: a call of one of the flow's resources, before it is made or after its answer. */
export interface Point {
  readonly side: 'before' | 'after'
  /** Resource and operation, such as `dedupe.begin`. */
  readonly call: string
  /** 1 for the first such call of the run. */
  readonly nth: number
}

export interface Open {
  readonly kind: 'open'
  /** Path of the module of the app. */
  readonly app: string
  readonly profile: string
  readonly flow: string
  /** Milliseconds that the leases of keys have in place of what their nodes declare. */
  readonly leaseMs: number | null
}

export interface MakeCall {
  readonly kind: 'call'
  readonly id: number
  readonly input: unknown
  /** Where the run stops until `go on`. */
  readonly pause: Point | null
  /** Milliseconds that results are remembered in place of what their nodes declare. */
  readonly ttlMs: number | null
  /** Milliseconds during which the call is repeated while another holder has the key. */
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

/** Answered once the process has done what was due. */
export interface Ping {
  readonly kind: 'ping'
  readonly id: number
}

export type Request = Open | MakeCall | GoOn | Forget | CompareRuns | Ping

/** How a call ended. `problem`: the flow decided against it. `error`: anything else, by its code. */
export interface Outcome {
  readonly kind: 'done' | 'problem' | 'error'
  /** The answer as JSON text, or the code. */
  readonly text: string
}

/** One call of a resource by a run. */
export interface TracedCall {
  readonly call: string
  readonly key: string | null
}

/** A node whose second output differs from its first. */
export interface Difference {
  readonly node: string
  readonly determinism: string
  /** JSON Pointer of the first place that differs; empty for the output as a whole. */
  readonly pointer: string
  /** The call of a resource that the first run did not make. */
  readonly call: string | null
}

/** A resource of the flow as it is bound. */
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
