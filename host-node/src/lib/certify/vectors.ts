/** One function for each fault, which applies it to the flow and resolves to the answers and the counted effects. */
import type { AppProcess, Called } from './app-process.ts'
import type { Fault } from './options.ts'
import type { Outcome, Point, TracedCall } from './messages.ts'

/** Number of effects by node, or `null` if effects are not counted. */
export type Counted = Readonly<Record<string, number>> | null

/** One key under one fault. */
export interface Tried {
  readonly fault: Fault
  /** Where the process was killed or stopped, such as `before dedupe.begin`. */
  readonly point: string | null
  /** How the calls ended, in order. The last one is the final answer to a caller. */
  readonly outcomes: readonly Outcome[]
  readonly counted: Counted
  /** Number of effects of one node that the fault permits for the key. */
  readonly permitted: number
}

/** The processes, payloads and limits that the faults use. */
export interface World {
  /** A process that runs for the whole certification. */
  readonly one: AppProcess
  /** A second process, started on first use. */
  other(): Promise<AppProcess>
  start(): Promise<AppProcess>
  /** Returns a payload with a new key, and functions that count its effects. */
  next(): { readonly input: unknown; count(): Promise<Counted>; countAtLeastOne(): Promise<Counted> }
  /** Waits. Rejects when the certification is cancelled. */
  sleep(ms: number): Promise<void>
  readonly concurrency: number
  readonly maxPoints: number
  /** The longest lease of the flow's keys, in milliseconds. */
  readonly leaseMs: number
  /** The shortest time to live that the ledger accepts, in milliseconds. `null` if the flow uses no ledger. */
  readonly minTtlMs: number | null
  /** Milliseconds that a record may outlive its time to live. */
  readonly expirySlackMs: number
}

const callsInARow = 4
/** Milliseconds after a lease's end within which another process must get the key. */
const leaseMarginMs = 2_000
/** Milliseconds between resuming a stopped process and continuing its runs. */
const wakeMs = 250
/** The time to live of results, in milliseconds, while expiry is tried. */
const shortTtlMs = 1_000

/** Sends the same payload four times, one call after the other. */
export async function repeat({ one, next }: World): Promise<readonly Tried[]> {
  const { input, countAtLeastOne } = next()
  const outcomes: Outcome[] = []
  for (let call = 0; call < callsInARow; call++) outcomes.push((await one.call(input)).outcome)
  return [{ fault: 'repeat', point: null, outcomes, counted: await countAtLeastOne(), permitted: 1 }]
}

/** Makes many concurrent calls through two processes, and one call after them. Calls retry while the key is in flight. */
export async function storm(world: World): Promise<readonly Tried[]> {
  const { one, next, concurrency } = world
  const other = await world.other()
  const { input, countAtLeastOne } = next()
  const patienceMs = patienceOf(world)
  const called = await Promise.all(
    Array.from({ length: concurrency }, (_, index) =>
      (index % 2 === 0 ? one : other).call(input, { patienceMs }),
    ),
  )
  const later = await other.call(input, { patienceMs })
  const outcomes = [...called, later].map(({ outcome }) => outcome)
  return [{ fault: 'storm', point: null, outcomes, counted: await countAtLeastOne(), permitted: 1 }]
}

/** Kills a process while it has a run paused at every point, then repeats the calls on another process. */
export async function kill(world: World): Promise<readonly Tried[]> {
  const points = await pointsOf(world)
  const [other, victim] = await Promise.all([world.other(), world.start()])
  const runs = await pausedAt(victim, world, points)
  await victim.signal('SIGKILL')
  await Promise.all(runs.map(({ ended }) => ended.catch(() => undefined)))
  return Promise.all(
    runs.map(async ({ point, input, count }): Promise<Tried> => {
      const again = await other.call(input, { patienceMs: patienceOf(world) })
      const outcomes = [again.outcome]
      return { fault: 'kill', point: textOf(point), outcomes, counted: await count(), permitted: 1 }
    }),
  )
}

/**
 * Stops a process for longer than its leases while it has a run paused at every point, repeats the calls on another process,
 * then resumes the first.
 */
export async function stop(world: World): Promise<readonly Tried[]> {
  const points = await pointsOf(world)
  const [other, stopped] = await Promise.all([world.other(), world.start()])
  const runs = await pausedAt(stopped, world, points)
  await stopped.signal('SIGSTOP')
  await world.sleep(world.leaseMs + leaseMarginMs / 4)
  const others = await Promise.all(
    runs.map(({ input }) => other.call(input, { patienceMs: patienceOf(world) })),
  )
  await stopped.signal('SIGCONT')
  // The process must notice its lost leases before its runs continue, as it would after a stop at any other point.
  await stopped.ping()
  await world.sleep(wakeMs)
  await stopped.ping()
  for (const { goOn } of runs) goOn()
  const firsts = await Promise.all(runs.map(({ ended }) => ended))
  const lasts = await Promise.all(
    runs.map(({ input }) => other.call(input, { patienceMs: patienceOf(world) })),
  )
  await stopped.signal('SIGKILL')
  return Promise.all(
    runs.map(async ({ point, count }, index): Promise<Tried> => {
      const called = [others[index], firsts[index], lasts[index]]
      const outcomes = called.flatMap((each) => (each === undefined ? [] : [each.outcome]))
      return { fault: 'stop', point: textOf(point), outcomes, counted: await count(), permitted: 1 }
    }),
  )
}

/** Lets a result expire: after a short time to live, the effect may be made one more time. */
export async function expiry({
  one,
  next,
  sleep,
  minTtlMs,
  expirySlackMs,
}: World): Promise<readonly Tried[]> {
  if (minTtlMs === null) return []
  const ttlMs = Math.max(shortTtlMs, minTtlMs)
  const { input, countAtLeastOne } = next()
  const called: Called[] = [await one.call(input, { ttlMs })]
  await sleep(ttlMs + expirySlackMs + 500)
  called.push(await one.call(input, { ttlMs }))
  const outcomes = called.map(({ outcome }) => outcome)
  return [{ fault: 'expiry', point: null, outcomes, counted: await countAtLeastOne(), permitted: 2 }]
}

/** Makes the ledger forget a finished call's key, after which the effect may be made one more time. */
export async function forget({ one, next, minTtlMs }: World): Promise<readonly Tried[]> {
  if (minTtlMs === null) return []
  const { input, countAtLeastOne } = next()
  const first = await one.call(input)
  await one.forget(keysIn(first.trace))
  const second = await one.call(input)
  const outcomes = [first.outcome, second.outcome]
  return [{ fault: 'forget', point: null, outcomes, counted: await countAtLeastOne(), permitted: 2 }]
}

interface PausedRun {
  readonly point: Point
  readonly input: unknown
  readonly ended: Promise<Called>
  goOn(): void
  count(): Promise<Counted>
}

/** Starts one run for each point, each with a new payload. Resolves when all runs have reached their points. */
async function pausedAt(
  process: AppProcess,
  { next }: World,
  points: readonly Point[],
): Promise<readonly PausedRun[]> {
  const runs = points.map((point) => {
    const { input, count } = next()
    return { point, input, count, ...process.callWithPause(input, { pause: point }) }
  })
  // A run that takes another path this time never reaches its point.
  const reached = await Promise.all(
    runs.map(async (run) => {
      const first = await Promise.race([run.paused.then(() => run), run.ended.then(() => null)])
      return first === null ? [] : [first]
    }),
  )
  return reached.flat()
}

/** Returns the points before and after every call of a run, or `maxPoints` of them spread over the run. */
async function pointsOf({ one, next, maxPoints }: World): Promise<readonly Point[]> {
  const { trace } = await one.call(next().input)
  const seen = new Map<string, number>()
  const all = trace.flatMap(({ call }): readonly Point[] => {
    const nth = (seen.get(call) ?? 0) + 1
    seen.set(call, nth)
    return [
      { side: 'before', call, nth },
      { side: 'after', call, nth },
    ]
  })
  const step = all.length / Math.min(all.length, maxPoints)
  return all.filter((_, index) => Math.floor(index / step) > Math.floor((index - 1) / step))
}

function keysIn(trace: readonly TracedCall[]): readonly string[] {
  const keys = trace.flatMap(({ call, key }) => (call === 'dedupe.begin' && key !== null ? [key] : []))
  return [...new Set(keys)]
}

function textOf({ side, call, nth }: Point): string {
  return nth === 1 ? `${side} ${call}` : `${side} ${call} #${nth}`
}

/** Returns the milliseconds after which no other holder may have a key. */
function patienceOf({ leaseMs }: World): number {
  return leaseMs + leaseMarginMs
}
