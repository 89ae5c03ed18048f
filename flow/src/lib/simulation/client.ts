/** A client of the simulated processes: calls one of them, and another when it gets no answer or a temporary error. */
import type { AnyFlow } from '../flow.ts'
import type { Process } from './process.ts'
import type { World } from './world.ts'

export interface ClientOptions {
  readonly world: World
  readonly flow: AnyFlow
  readonly input: unknown
  readonly principal: string | undefined
  /** A process that has not crashed. */
  readonly choose: () => Process
}

/** What a client knows at the end. */
export interface ClientView {
  /** The answer, or the problem the flow decided on. `undefined` without either, and for a message that was sent. */
  readonly answer: string | undefined
  /** Whether it was told that the flow has done its work, or that its message is stored. */
  readonly isAcknowledged: boolean
  readonly principal: string | undefined
}

const maxTries = 5

/** Calls after a moment. The returned view is complete when the world's events are over. */
export function startClient({ world, flow, input, principal, choose }: ClientOptions): ClientView {
  const view: { -readonly [K in keyof ClientView]: ClientView[K] } = {
    answer: undefined,
    isAcknowledged: false,
    principal,
  }
  const { scheduler, choices, leaseMs } = world
  let tries = 0
  const attempt = () => {
    if (view.isAcknowledged || view.answer !== undefined || tries >= maxTries) return
    tries += 1
    const process = choose()
    const gone = new AbortController()
    let isOver = false
    const timer = scheduler.outside(2.5 * leaseMs, () => {
      isOver = true
      scheduler.on(process.machine, 1, () => gone.abort())
      attempt()
    })
    scheduler.on(process.machine, 1, () => {
      world.say('is called')
      void process.call(flow, { input, principal }, gone.signal).then((reply) => {
        if (world.isTraced)
          world.say(reply.kind === 'error' ? `fails: ${reply.code}` : `answers ${reply.text}`)
        if (isOver) return
        isOver = timer.isCancelled = true
        if (reply.kind === 'answer') view.isAcknowledged = true
        if (reply.kind !== 'error') {
          // Each message has an id of its own.
          if (flow.trigger.kind !== 'queue') view.answer = reply.text
        } else if (reply.code !== 'IDEM_UNKNOWN' && reply.code !== 'IDEM_TAKEN')
          scheduler.outside(100 + choices.below(Math.ceil(leaseMs / 2)), attempt)
      })
    })
  }
  scheduler.outside(choices.below(100), attempt)
  return view
}
