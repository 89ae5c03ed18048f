/** `simulate` runs a flow through many schedules of faults on the real runtime, and throws on the first that goes wrong. */
import { countRule, type ResourceName } from '@flowport/capabilities'
import type { App, Profiles } from '../app.ts'
import { checkNumber } from '../checked-number.ts'
import { queueConsumers } from '../delivery/consumers.ts'
import type { AnyFlow, Flow } from '../flow.ts'
import { needsOf } from '../preflight/needs.ts'
import { oneAtATime } from './active.ts'
import { Choices, decodeChoices, encodeChoices } from './choices.ts'
import { drainOfPlatform } from './drain.ts'
import { type FaultClass, faultClasses, isFaultClass } from './faults.ts'
import { faultyFlow, longestLeaseMs } from './faulty-flow.ts'
import type { AnySimulateOptions, SimulateOptions } from './options.ts'
import { judge, type Violation } from './oracles.ts'
import { countRejections } from './rejections.ts'
import { type ClassReport, SimulationError, type SimulationReport } from './report.ts'
import { runSchedule, type Scenario, type ScheduleOutcome } from './schedule.ts'
import { shrink } from './shrink.ts'
import type { Stores } from './stores.ts'
import { createStrayGuard, type StrayGuard } from './strays.ts'

/** Schedules of each class that are watched for strays by default. */
const watchedFirst = 3
/** Calls to stores are recorded and checked in one of so many schedules: it takes a third longer. */
const recordedEvery = 8

/**
 * Simulates a flow: `seeds` schedules for each fault class, in each of which several clients send the same input to several
 * processes over the same stores.
 * @throws SimulationError with a shrunk trace for the first schedule that violates an oracle.
 * @throws TypeError for a flow that starts timers or I/O past the clock and the stores it was handed.
 */
export function simulate<I, O, N>(
  flow: Flow<I, O, N>,
  options: SimulateOptions<I, N>,
): Promise<SimulationReport>
/** Simulates one flow of an app. The app's queue flows take messages in every process. */
export function simulate<const F extends readonly AnyFlow[], P extends Profiles, I, O, N>(
  app: App<F, P>,
  options: SimulateOptions<I, N> & { readonly flow: Flow<I, O, N> & F[number] },
): Promise<SimulationReport>
export function simulate(what: AnyFlow | App, options: AnySimulateOptions): Promise<SimulationReport> {
  const flow = 'flows' in what ? options.flow : what
  if (flow === undefined) throw new TypeError('simulate needs the flow of the app to call: set options.flow')
  const others = 'flows' in what ? what.flows.filter((each) => each !== flow) : []
  return startSimulation(flow, others, options)
}

/** @param others Flows of the same app: those of queues take messages. */
export function startSimulation(
  flow: AnyFlow,
  others: readonly AnyFlow[],
  options: AnySimulateOptions,
): Promise<SimulationReport> {
  const { seeds = 100, firstSeed = 1, processes = 3, clients = 3, shrinkRuns = 400 } = options
  checkNumber('seeds', seeds, countRule())
  checkNumber('firstSeed', firstSeed, countRule())
  checkNumber('processes', processes, countRule(1, 20))
  checkNumber('clients', clients, countRule(1, 20))
  checkNumber('shrinkRuns', shrinkRuns, countRule(0))
  if (options.principals?.some((name) => typeof name !== 'string' || name === '') === true)
    throw new TypeError('simulate takes principals that are non-empty texts')
  const unheardOf = options.faults?.find((name) => !isFaultClass(name))
  if (unheardOf !== undefined)
    throw new TypeError(`there are no faults "${unheardOf}"; there are: ${faultClasses.join(', ')}`)
  return oneAtATime(() => new Simulation(flow, others, options).run())
}

class Simulation {
  readonly #flow: AnyFlow
  readonly #options: AnySimulateOptions
  readonly #allowed: ReadonlySet<Violation>
  readonly #scenario: Scenario
  readonly #guard: StrayGuard = createStrayGuard()
  readonly #rejections = countRejections()

  constructor(flow: AnyFlow, others: readonly AnyFlow[], options: AnySimulateOptions) {
    this.#flow = flow
    this.#options = options
    this.#allowed = new Set(options.allow)
    const [faulty, ...faultyOthers] = [flow, ...others].map((each) => faultyFlow(each, options.unknown))
    const flows = [faulty ?? flow, ...faultyOthers]
    const consumers = queueConsumers({ flows })
    const names = resourcesOf(flows)
    const { services, secrets = {}, count, processes = 3, clients = 3, principals = [] } = options
    const drain = drainOfPlatform()
    this.#scenario = {
      flow: faulty ?? flow,
      consumers,
      leaseMs: longestLeaseMs(flows),
      input: inputOf(options),
      count: (stores, input) => count(storesFor(stores, names) as never, input as never),
      open: () => ({ names, services: services?.() ?? {}, secrets }),
      processes,
      clients,
      principals,
      drain: () => this.#guard.own(drain),
    }
  }

  async run(): Promise<SimulationReport> {
    const { seeds = 100, firstSeed = 1, faults = faultClasses, replay, onClass } = this.#options
    try {
      if (replay !== undefined) return await this.#replay(replay)
      let events = 0
      const classes: { [F in FaultClass]?: ClassReport } = {}
      for (const name of faults) {
        const tally = { schedules: 0, duplicates: 0, unknown: 0, done: 0, failed: 0 }
        for (let seed = firstSeed; seed < firstSeed + seeds; seed++) {
          const outcome = await this.#schedule(name, seed, seed - firstSeed < watchedFirst)
          events += outcome.events
          add(tally, outcome)
        }
        classes[name] = tally
        onClass?.(name, tally)
      }
      return { flow: this.#flow.name, schedules: seeds * faults.length, events, classes }
    } finally {
      this.#rejections.close()
    }
  }

  async #replay(text: string): Promise<SimulationReport> {
    const [faults = '', seedText = '', choices] = text.split('/')
    const seed = Number(seedText)
    if (!isFaultClass(faults) || !Number.isInteger(seed))
      throw new TypeError(`"${text}" is not the replay text of a failed simulation`)
    const tally = { schedules: 0, duplicates: 0, unknown: 0, done: 0, failed: 0 }
    const fixed = choices === undefined ? undefined : decodeChoices(choices)
    const outcome = await this.#schedule(faults, seed, true, fixed)
    add(tally, outcome)
    return { flow: this.#flow.name, schedules: 1, events: outcome.events, classes: { [faults]: tally } }
  }

  async #schedule(
    faults: FaultClass,
    seed: number,
    isAmongFirst: boolean,
    fixed?: readonly number[],
  ): Promise<ScheduleOutcome> {
    const choices = new Choices(seed, fixed)
    const { strays = 'first' } = this.#options
    const isWatched = strays === 'always' || (strays === 'first' && isAmongFirst)
    const isRecorded = fixed !== undefined || seed % recordedEvery === 0
    const work = () => runSchedule(this.#scenario, seed, choices, faults, { isRecorded })
    const outcome = await (isWatched ? this.#guard.watch(work) : work())
    this.#refuseStrays()
    const violation = this.#judge(outcome, faults)
    if (violation !== undefined) throw await this.#failure(violation, faults, seed, choices.made)
    return outcome
  }

  #judge(outcome: ScheduleOutcome, faults: FaultClass): Violation | undefined {
    return judge(outcome, faults, this.#rejections.taken(), this.#allowed)
  }

  async #failure(violation: Violation, faults: FaultClass, seed: number, made: readonly number[]) {
    const fails = async (tried: readonly number[]) => {
      const choices = new Choices(seed, tried)
      const isRecorded = violation === 'not linearizable'
      const outcome = await runSchedule(this.#scenario, seed, choices, faults, { isRecorded })
      return this.#judge(outcome, faults) === violation ? choices.made : null
    }
    const { choices } = await shrink(made, fails, this.#options.shrinkRuns ?? 400)
    const trace: string[] = []
    const last = { isRecorded: true, trace }
    const { unexplained } = await runSchedule(this.#scenario, seed, new Choices(seed, choices), faults, last)
    if (unexplained !== null) trace.push(...unexplained.split('\n'))
    this.#rejections.taken()
    return new SimulationError({
      flow: this.#flow.name,
      violation,
      faults,
      seed,
      replay: `${faults}/${seed}/${encodeChoices(choices)}`,
      trace,
      shrunk: { from: countOf(made), to: countOf(choices) },
    })
  }

  #refuseStrays(): void {
    const [stray] = this.#guard.found
    if (stray === undefined) return
    throw new TypeError(
      `${this.#flow.name} starts something that the simulation does not control, so that its schedules cannot be repeated: ` +
        `${stray.type}, at ${stray.at}. Take time from the node's clock and reach other systems through its resources; ` +
        "strays: 'never' lets it pass",
    )
  }
}

function add(tally: { -readonly [K in keyof ClassReport]: ClassReport[K] }, outcome: ScheduleOutcome): void {
  tally.schedules += 1
  if (outcome.effects > 1) tally.duplicates += 1
  if (outcome.ending === 'unknown') tally.unknown += 1
  else if (outcome.ending === 'done') tally.done += 1
  else tally.failed += 1
}

function countOf(choices: readonly number[]): number {
  return choices.filter((value) => value !== 0).length
}

function inputOf({ input }: AnySimulateOptions): (seed: number) => unknown {
  return typeof input === 'function' ? (seed) => input(seed) as unknown : () => input
}

/** Every resource the flows need, the ledger and the queues included. */
function resourcesOf(flows: readonly AnyFlow[]): readonly ResourceName[] {
  const names = flows.flatMap((flow) => needsOf(flow, { queues: 'pulled' }).map(({ resource }) => resource))
  return [...new Set<ResourceName>(['dedupe', ...names])]
}

function storesFor(stores: Stores, names: readonly ResourceName[]): object {
  const quiet = {}
  for (const name of names)
    Object.defineProperty(quiet, name, { enumerable: true, get: () => stores.quiet(name) })
  return quiet
}
