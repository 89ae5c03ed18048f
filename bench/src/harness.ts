/** Compares ways of doing the same work: interleaved rounds in one process, medians, and results that are checked. */
import { deepStrictEqual } from 'node:assert/strict'
import { ratios, type Spread, spread } from './numbers.ts'

/** One way of doing the work. */
export interface Candidate<T> {
  readonly name: string
  /**
   * Does the work `times` times and answers the last result. Every candidate has a loop of its own: in a shared one the
   * calls of all would be slowed by each other's types.
   */
  readonly run: (times: number) => T | Promise<T>
}

export interface Comparison<T> {
  readonly candidates: readonly Candidate<T>[]
  /** Name of the candidate the others are divided by. */
  readonly reference: string
  /** What every round of every candidate must answer; anything else throws. */
  readonly expected: T
  /** Rounds that count. Default 11. */
  readonly rounds?: number
  /** Milliseconds one round should take. Default 40. Work that takes longer is done once per round. */
  readonly roundMs?: number
  /**
   * `'wall'`: the time until the work is done. `'cpu'`: the time this process's threads worked, which other processes on the
   * machine hardly change; for work that waits for nothing outside the process. Default `'wall'`.
   */
  readonly by?: 'wall' | 'cpu'
}

/** What a candidate took for doing the work once. */
export interface Measured {
  readonly name: string
  /** Nanoseconds: median of rounds, and their range. */
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
  // Once more, now that the types of all candidates have been through the code they share.
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

/** In random order; the list itself stays as it is. */
export function shuffled<T>(list: readonly T[]): readonly T[] {
  return list
    .map((item) => ({ item, at: Math.random() }))
    .sort((a, b) => a.at - b.at)
    .map(({ item }) => item)
}

/** The measurement of a candidate by its name. */
export function named(measured: readonly Measured[], name: string): Measured {
  const found = measured.find((one) => one.name === name)
  if (found === undefined) throw new Error(`nothing was measured of "${name}"`)
  return found
}

interface Entry<T> {
  readonly candidate: Candidate<T>
  times: number
  /** Nanoseconds for doing the work once, per round. */
  readonly samples: number[]
  /** Starts to measure; what it returns gives the milliseconds since. */
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

/** Warms up by doubling until a round is long enough. */
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
