/** One schedule: clients call simulated processes while faults happen, the faults end, and the oracles look at what is left. */
import type { Awaitable } from '@flowport/capabilities'
import type { QueueConsumer } from '../delivery/consumers.ts'
import type { AnyFlow } from '../flow.ts'
import { setActiveWorld } from './active.ts'
import type { Choices } from './choices.ts'
import { History } from './history.ts'
import { type ClientView, startClient } from './client.ts'
import { type FaultClass, ratesOf } from './faults.ts'
import { messageLeaseMs, Process } from './process.ts'
import type { Machine } from './machine.ts'
import { Scheduler } from './scheduler.ts'
import { Stores, type StoresOptions } from './stores.ts'
import { World } from './world.ts'

/** What every schedule of a simulation shares. */
export interface Scenario {
  readonly flow: AnyFlow
  readonly consumers: readonly QueueConsumer[]
  /** The longest lease of the flows' keys, in milliseconds. */
  readonly leaseMs: number
  readonly input: (seed: number) => unknown
  readonly count: (stores: Stores, input: unknown) => Awaitable<number>
  /** Anew for each schedule, so that services can forget. */
  readonly open: () => StoresOptions
  readonly processes: number
  readonly clients: number
  readonly principals: readonly string[]
  readonly drain: () => Promise<void>
}

/**
 * How a key stands at the end, when nothing fails any more. `done`: it has a result. `unknown`: it has to be settled. `blocked`:
 * it is still in flight, long after every lease. `failed`: the flow fails otherwise.
 */
export type Ending = 'done' | 'unknown' | 'blocked' | 'failed'

export interface ScheduleOutcome {
  readonly ending: Ending
  /** Why, for `failed`. */
  readonly code: string | undefined
  /** Effects, as `count` sees them. */
  readonly effects: number
  /** Effects before the last call, which is made when the faults are over. */
  readonly effectsBefore: number
  /** Effects that began after another holder had taken the key over. */
  readonly staleEffects: number
  readonly deadLetters: number
  readonly clients: readonly ClientView[]
  /** The answer of the last call. */
  readonly lastAnswer: string | undefined
  /** Whether something never ended. */
  readonly isEndless: boolean
  /** Runs of processes that did not crash, which have not ended. */
  readonly runsLeft: number
  /** The calls to a store whose answers no order explains; `null` for none, and where the calls were not recorded. */
  readonly unexplained: string | null
  readonly events: number
}

export interface ScheduleOptions {
  /** Whether the calls to stores are recorded and checked. */
  readonly isRecorded: boolean
  readonly trace?: string[]
}

const maxEvents = 20_000

const endings: Readonly<Record<string, Ending>> = { IDEM_UNKNOWN: 'unknown', IDEM_IN_FLIGHT: 'blocked' }

export async function runSchedule(
  scenario: Scenario,
  seed: number,
  choices: Choices,
  faults: FaultClass,
  { isRecorded, trace }: ScheduleOptions,
): Promise<ScheduleOutcome> {
  const { flow, consumers, leaseMs, drain, open } = scenario
  const scheduler = new Scheduler<Machine>(drain)
  const world = new World({ scheduler, choices, rates: ratesOf(faults), leaseMs, trace })
  const history = isRecorded ? new History(world.stores.clock) : undefined
  const stores = new Stores(world, open(), history)
  const input = scenario.input(seed)
  setActiveWorld(world)
  try {
    const stopped = new AbortController()
    const processes: Process[] = []
    const add = () => {
      const process = new Process({ world, stores, consumers })
      process.consume(stopped.signal)
      processes.push(process)
      return process
    }
    for (let index = 0; index < scenario.processes; index++) add()
    const choose = () => {
      const up = processes.filter(({ machine }) => !machine.isCrashed)
      return up[choices.below(up.length)] ?? add()
    }
    const { principals } = scenario
    const clients = Array.from({ length: scenario.clients }, (_, index) => {
      const principal = principals[index % principals.length]
      return startClient({ world, flow, input, principal, choose })
    })
    const idleMs = Math.max(0, ...consumers.map(messageLeaseMs))
    if (idleMs > 0) scheduler.outside(10 * leaseMs + 3 * idleMs, () => stopped.abort())
    const isOver = await scheduler.run(maxEvents)
    world.heal()
    const isDrained = isOver && (await drainQueues({ world, stores, consumers }, idleMs))
    const effectsBefore = await scenario.count(stores, input)
    const end = isDrained
      ? await lastCall(new Process({ world, stores, consumers: [] }), scenario, input)
      : undefined
    return {
      ending: end?.ending ?? 'blocked',
      code: end?.code,
      effects: await scenario.count(stores, input),
      effectsBefore,
      staleEffects: world.staleEffects,
      deadLetters: await deadLettersOf(stores, consumers),
      clients,
      lastAnswer: end?.answer,
      isEndless: end === undefined || end.isEndless,
      runsLeft: processes.reduce(
        (sum, { machine, runtime }) => sum + (machine.isCrashed ? 0 : runtime.running),
        0,
      ),
      unexplained: history?.violation() ?? null,
      events: scheduler.fired,
    }
  } finally {
    setActiveWorld(undefined)
  }

  /** Lets a process without faults take what is left in the queues. */
  async function drainQueues(options: ConstructorParameters<typeof Process>[0], idleMs: number) {
    if (idleMs === 0) return true
    const stop = new AbortController()
    new Process(options).consume(stop.signal)
    scheduler.outside(6 * idleMs, () => stop.abort())
    return scheduler.run(maxEvents)
  }

  async function lastCall(process: Process, { leaseMs }: Scenario, input: unknown) {
    let ending: Ending = 'blocked'
    let code: string | undefined
    let answer: string | undefined
    scheduler.on(process.machine, 10 * leaseMs, () => {
      world.say('is called, when everything else is over')
      void process.run(flow, { input }, new AbortController().signal).then((reply) => {
        if (reply.kind === 'error') {
          code = reply.code
          ending = endings[code] ?? 'failed'
        } else {
          ending = 'done'
          answer = reply.text
        }
      })
    })
    const isOver = await scheduler.run(maxEvents)
    world.say(`the key is ${ending}`)
    return { ending, code, answer, isEndless: !isOver || process.runtime.running > 0 }
  }
}

async function deadLettersOf(stores: Stores, consumers: readonly QueueConsumer[]): Promise<number> {
  let sum = 0
  for (const { trigger } of consumers)
    sum += (await stores.quiet(`queue:${trigger.queue}`).deadLetters()).length
  return sum
}
