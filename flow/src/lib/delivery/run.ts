/** One run for what a host delivers: it has no caller to answer, only an end. */
import type { Logger } from '@flowport/capabilities'
import type { AnyFlow } from '../flow.ts'
import type { Metadata } from '../node.ts'
import { describeThrown } from '../runtime/errors.ts'
import type { Runtime } from '../runtime/runtime.ts'

export interface DeliveredRun {
  /** Default 30 000. */
  readonly deadlineMs: number | undefined
  readonly metadata: () => Metadata
  readonly log: Logger | undefined
  readonly waitUntil: ((work: Promise<unknown>) => void) | undefined
}

/** Runs the flow to its end. Resolves what it failed with, or `undefined`; never rejects. */
export async function runDelivered(
  runtime: Runtime,
  flow: AnyFlow,
  input: unknown,
  { deadlineMs = 30_000, metadata, log, waitUntil }: DeliveredRun,
): Promise<Error | undefined> {
  try {
    const run = runtime.start(flow, input, { deadlineMs, metadata, log, trigger: flow.trigger.kind })
    waitUntil?.(new Promise<void>((ended) => run.whenFinished(ended)))
    await run.answer
    return undefined
  } catch (error) {
    return error instanceof Error ? error : new Error(describeThrown(error), { cause: error })
  }
}
