/** Hooks stand around every run: they can refuse it, add to its metadata, and see how it ended. */
import type { Awaitable } from '@flowport/capabilities'
import type { Metadata } from '../node.ts'

/** What a hook sees of a run. */
export interface RunInfo {
  readonly id: string
  readonly flow: string
  readonly version: string
  readonly metadata: Metadata
  readonly signal: AbortSignal
  /** A request header by its lower-case name, credentials included; `undefined` when not started over HTTP. */
  header(name: string): string | undefined
}

export type RunOutcome =
  | { readonly ok: true; readonly durationMs: number }
  | { readonly ok: false; readonly durationMs: number; readonly error: Error }

export interface Hook {
  readonly name: string
  /**
   * Before the input is validated, in order. Returned fields join the metadata nodes read. Throw `deny()` to refuse;
   * anything else thrown fails the run.
   */
  before?(run: RunInfo): Awaitable<Readonly<Record<string, unknown>> | undefined | void>
  /** After the run has ended, streams included, in reverse order. What it throws is logged. */
  after?(run: RunInfo, outcome: RunOutcome): Awaitable<void>
}
