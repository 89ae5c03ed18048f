/** A client of the simulated processes: calls one of them, and another when it gets no answer or a temporary error. */
import { isDecided } from '../runtime/outcome.ts'
import { RunError } from '../runtime/errors.ts'
import type { AnyFlow } from '../flow.ts'
import type { Process } from './process.ts'
import type { World } from './world.ts'

export interface ClientOptions {
  readonly world: World
  readonly flow: AnyFlow
  readonly input: unknown
  /** A process that has not crashed. */
  readonly choose: () => Process
}

/** What a client knows at the end. */
export interface ClientView {
  /** JSON of the answer it got: a value, or a problem the flow decided on. `undefined`: none. */
  readonly answer: string | undefined
  /** Whether it was told that the flow has done its work. */
  readonly isAcknowledged: boolean
  /** The code of its last error. */
  readonly code: string | undefined
}

const maxTries = 5

/** Calls after a moment. The returned view is complete when the world's events are over. */
export function startClient({ world, flow, input, choose }: ClientOptions): ClientView {
  const view: { -readonly [K in keyof ClientView]: ClientView[K] } = {
    answer: undefined,
    isAcknowledged: false,
    code: undefined,
  }
  const { scheduler, choices, leaseMs } = world
  let tries = 0
  const attempt = () => {
    if (view.answer !== undefined || tries >= maxTries) return
    tries += 1
    const process = choose()
    let isOver = false
    const timer = scheduler.outside(2.5 * leaseMs, () => {
      isOver = true
      attempt()
    })
    const settle = () => {
      const isLate = isOver
      isOver = timer.isCancelled = true
      return isLate
    }
    scheduler.on(process.machine, 1, () => {
      world.say('is called')
      process.call(flow, input).then(
        (value) => {
          world.say('answers')
          view.isAcknowledged = true
          // Ids of messages differ from call to call.
          if (flow.trigger.kind !== 'queue') view.answer = JSON.stringify(value) ?? 'undefined'
          else view.answer = 'sent'
          settle()
        },
        (error: unknown) => {
          const { code, decided } = failureOf(error)
          world.say(`fails with ${code}`)
          if (decided !== undefined) view.answer = decided
          if (settle()) return
          view.code = code
          if (decided === undefined && code !== 'IDEM_UNKNOWN')
            scheduler.outside(100 + choices.below(Math.ceil(leaseMs / 2)), attempt)
        },
      )
    })
  }
  scheduler.outside(choices.below(100), attempt)
  return view
}

/** The code of a failed run, and the answer where the flow decided on a problem. */
export function failureOf(error: unknown): { readonly code: string; readonly decided: string | undefined } {
  const cause = error instanceof RunError ? error.cause : error
  if (isDecided(cause)) return { code: cause.code, decided: `problem ${cause.status} ${cause.code}` }
  if (typeof cause === 'object' && cause !== null && 'code' in cause && typeof cause.code === 'string')
    return { code: cause.code, decided: undefined }
  const code = error instanceof RunError ? error.code : 'ERROR'
  return { code: cause instanceof Error ? `${code} (${cause.message})` : code, decided: undefined }
}
