/** Compares ways of doing the same work: interleaved rounds in one process, medians, and checked results. */
import { deepStrictEqual } from 'node:assert/strict'
import { ratios, type Spread, spread } from './numbers.ts'

/** One way of doing the work. */
export interface Candidate<T> {
  readonly name: string
  /**
   * Does the work `times` times and returns the last result. Every candidate has its own loop, because in a shared loop the
   * candidates' types would slow each other down.
   */
  readonly run: (times: number) => T | Promise<T>
}

export interface Comparison<T> {
  readonly candidates: readonly Candidate<T>[]
  /** Name of the candidate by which the others are divided. */
  readonly reference: string
  /** Expected result of every round of every candidate. Any other result throws. */
  readonly expected: T
  /** Number of measured rounds. Default 11. */
  readonly rounds?: number
  /** Target duration of a round in milliseconds. Longer work is done one time per round. Default 40. */
  readonly roundMs?: number
  /**
   * `'wall'` measures elapsed time. `'cpu'` measures the CPU time of this process's threads, which other processes on the
   * machine hardly affect; use it for work that waits for nothing outside the process. Default `'wall'`.
   */
  readonly by?: 'wall' | 'cpu'
}

/** A candidate's time for doing the work one time. */
export interface Measured {
  readonly name: string
  /** Nanoseconds: median and range of the rounds. */
  readonly ns: Spread
  /** Median of the per-round ratios to the reference. */
  readonly ratio: number
  /** Median of the per-round differences to the reference, in nanoseconds. */
  readonly overNs: number
}

/** Runs every candidate in every round, in random order. */
export async function compare<T>(comparison: Comparison<T>): Promise<readonly Measured[]> {
  const { candidates, reference, expected, rounds = 11, roundMs = 40, by = 'wall' } = comparison
  const watch = by === 'wall' ? wallWatch : cpuWatch
  const entries: Entry<T>[] = candidates.map((candidate) => ({ candidate, times: 1, samples: [], watch }))
  for (const entry of entries) await calibrate(entry, expected, roundMs)
  // Again, because the shared code has now seen the types of all candidates.
  for (const entry of shuffled(entries)) await rescale(entry, expected, roundMs)
  for (let round = 0; round < rounds; round++) {
    for (const entry of shuffled(entries)) entry.samples.push(await time(entry, expected))
  }
  const base = entries.find(({ candidate }) => candidate.name === reference)
  if (base === undefined) throw new Error(`no candidate is called "${reference}"`)
  return entries.map(({ candidate: { name }, samples }) => ({
    name,
    ns: spread(samples),
    ratio: spread(ratios(samples, base.samples)).median,
    overNs: spread(samples.map((ns, round) => ns - (base.samples[round] ?? Number.NaN))).median,
  }))
}

/** Returns the items in random order, without changing the list. */
export function shuffled<T>(list: readonly T[]): readonly T[] {
  return list
    .map((item) => ({ item, at: Math.random() }))
    .sort((a, b) => a.at - b.at)
    .map(({ item }) => item)
}

/** Returns the measurement of the named candidate. */
export function named(measured: readonly Measured[], name: string): Measured {
  const found = measured.find((one) => one.name === name)
  if (found === undefined) throw new Error(`nothing was measured of "${name}"`)
  return found
}

interface Entry<T> {
  readonly candidate: Candidate<T>
  times: number
  /** Nanoseconds for doing the work one time, by round. */
  readonly samples: number[]
  /** Starts measuring. Returns a function that gives the milliseconds since then. */
  readonly watch: () => () => number
}

function wallWatch(): () => number {
  const start = performance.now()
  return () => performance.now() - start
}

function cpuWatch(): () => number {
  const start = process.cpuUsage()
  return () => {
    const { user, system } = process.cpuUsage(start)
    return (user + system) / 1000
  }
}

/** Warms up, doubling the repetitions until a round is long enough. */
async function calibrate<T>(entry: Entry<T>, expected: T, roundMs: number): Promise<void> {
  while ((await time(entry, expected)) * entry.times < roundMs * 1e6) entry.times *= 2
  await rescale(entry, expected, roundMs)
  await rescale(entry, expected, roundMs)
}

async function rescale<T>(entry: Entry<T>, expected: T, roundMs: number): Promise<void> {
  entry.times = Math.max(1, Math.round((roundMs * 1e6) / (await time(entry, expected))))
}

async function time<T>({ candidate, times, watch }: Entry<T>, expected: T): Promise<number> {
  const elapsed = watch()
  const result = await candidate.run(times)
  const ms = elapsed()
  deepStrictEqual(result, expected, `"${candidate.name}" gave a wrong result`)
  return (ms * 1e6) / times
}
