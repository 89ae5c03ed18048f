/** What the test and `npm run crash` say to each other: settings in variables, and a line of JSON for each store. */
import type { Verdicts } from './verdicts.ts'

export interface Settings {
  /** Name of the one store to take. Default all. */
  readonly only: string | undefined
  /** Calls to interrupt for each store. Default 40. */
  readonly points: number
  /** Calls that each kill interrupts. Default 8 */
  readonly perKill: number
  /** Chooses the points. Default: another one each time. */
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

/** One line. */
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

/** The row on this line of output; `null` for any other line. */
export function readRow(line: string): Readonly<Record<string, string | number>> | null {
  const at = line.indexOf(mark)
  return at < 0
    ? null
    : (JSON.parse(line.slice(at + mark.length)) as Readonly<Record<string, string | number>>)
}
