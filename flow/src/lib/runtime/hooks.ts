/** Hooks stand around every run: they can refuse it, add to its metadata, and see how it ended. */
import type { Awaitable } from '@flowport/capabilities'
import type { Metadata } from '../node.ts'
import type { RunRequest, RunTrigger } from './run-host.ts'

/**
 * What a hook sees of a run. `Request` is what its host calls a request: `FastifyRequest`, or Hono's `Context`.
 * `trigger` says whether there is one.
 */
export type RunInfo<Request = unknown> = RunFacts &
  (
    | { readonly trigger: 'http'; readonly request: Request }
    | { readonly trigger: Exclude<RunTrigger, 'http'>; readonly request: undefined }
  )

interface RunFacts {
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

export interface Hook<Request = unknown> {
  readonly name: string
  /**
   * Before the input is validated, in order. Returned fields join the metadata nodes read. Throw `deny()` to refuse;
   * anything else thrown fails the run.
   */
  before?(run: RunInfo<Request>): Awaitable<Readonly<Record<string, unknown>> | undefined | void>
  /** After the run has ended, streams included, in reverse order. What it throws is logged. */
  after?(run: RunInfo<Request>, outcome: RunOutcome): Awaitable<void>
}

/** The run as hooks see it. */
export function runInfo(
  facts: Omit<RunFacts, 'header'>,
  { trigger = 'manual', caller }: Pick<RunRequest, 'trigger' | 'caller'>,
): RunInfo {
  const header = (name: string) => caller?.header(name)
  return trigger === 'http'
    ? { ...facts, header, trigger, request: caller?.native }
    : { ...facts, header, trigger, request: undefined }
}
