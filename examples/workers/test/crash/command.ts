/** How `npm run crash` and the test communicate: settings in environment variables, results as one JSON line per store. */
import type { Verdicts } from './verdicts.ts'

export interface Settings {
  /** Name of the only store to test. Default: all stores. */
  readonly only: string | undefined
  /** Number of calls to interrupt per store. Default 40. */
  readonly points: number
  /** Number of calls that each kill interrupts. Default 8. */
  readonly perKill: number
  /** Seed that selects the points. Default: random. */
  readonly seed: number
}

export function settings(env: Readonly<Record<string, string | undefined>>): Settings {
  return {
    only: env['CRASH_STORE'],
    points: Number(env['CRASH_POINTS'] ?? 40),
    perKill: Number(env['CRASH_PER_KILL'] ?? 8),
    seed: Number(env['CRASH_SEED'] ?? Math.floor(Math.random() * 2 ** 31)),
  }
}

export interface StoreReport {
  readonly store: string
  readonly seed: number
  readonly verdicts: Verdicts
  readonly seconds: number
}

const mark = 'crash points: '

/** Formats a report as one line. */
export function rowOf({ store, seed, verdicts, seconds }: StoreReport): string {
  const row = {
    store,
    seed,
    kills: verdicts.kills,
    calls: verdicts.done + verdicts.unknown,
    done: verdicts.done,
    'said unknown': verdicts.unknown,
    duplicates: verdicts.count('duplicate'),
    'silent losses': verdicts.count('silent loss'),
    'past the lease': verdicts.count('in flight'),
    'other faults': verdicts.count('other'),
    seconds,
  }
  return mark + JSON.stringify(row)
}

/** Parses a line from `rowOf`. Returns `null` for any other line. */
export function readRow(line: string): Readonly<Record<string, string | number>> | null {
  const at = line.indexOf(mark)
  return at < 0
    ? null
    : (JSON.parse(line.slice(at + mark.length)) as Readonly<Record<string, string | number>>)
}
