/** What a simulation found: counts by fault class, and the error of a schedule that violates an oracle. */
import type { FaultClass } from './faults.ts'
import { type Violation, violations } from './oracles.ts'

/** How the schedules of one fault class ended. */
export interface ClassReport {
  readonly schedules: number
  /** Schedules with more than one effect for the key. */
  readonly duplicates: number
  /** Schedules whose key is unknown at the end, and has to be settled. */
  readonly unknown: number
  readonly done: number
  /** Schedules whose key is in flight at the end, or whose flow fails otherwise. */
  readonly failed: number
}

export interface SimulationReport {
  readonly flow: string
  readonly schedules: number
  /** Events over all schedules. */
  readonly events: number
  readonly classes: { readonly [F in FaultClass]?: ClassReport }
}

export interface SimulationFailure {
  readonly flow: string
  readonly violation: Violation
  readonly faults: FaultClass
  readonly seed: number
  /** The value of the `replay` option that repeats the shrunk schedule. */
  readonly replay: string
  /** What happened in the shrunk schedule, one line each. */
  readonly trace: readonly string[]
  /** Choices that are not calm, before and after shrinking. */
  readonly shrunk: { readonly from: number; readonly to: number }
}

/** A schedule violated an oracle. The message shows its shrunk trace and how to repeat it. */
export class SimulationError extends Error {
  readonly failure: SimulationFailure

  constructor(failure: SimulationFailure) {
    super(textOf(failure))
    this.name = 'SimulationError'
    this.failure = failure
  }
}

function textOf({ flow, violation, faults, seed, replay, trace, shrunk }: SimulationFailure): string {
  return [
    `${flow}: ${violations[violation]} (${violation}; faults "${faults}", seed ${seed})`,
    `repeat it with replay: '${replay}' (${shrunk.from} choices shrunk to ${shrunk.to})`,
    ...trace.map((line) => `  ${line}`),
  ].join('\n')
}

/** The report as a table for a terminal. */
export function formatReport({ flow, schedules, classes }: SimulationReport): string {
  const rows = Object.entries(classes).map(
    ([name, { schedules: each, duplicates, unknown, done, failed }]) => [
      name,
      String(each),
      percent(duplicates, each),
      percent(unknown, each),
      percent(done, each),
      percent(failed, each),
    ],
  )
  const head = ['faults', 'schedules', 'duplicates', 'unknown', 'done', 'failed']
  const widths = head.map((title, column) =>
    Math.max(title.length, ...rows.map((row) => row[column]?.length ?? 0)),
  )
  const line = (cells: readonly string[]) =>
    cells
      .map((cell, column) =>
        column === 0 ? cell.padEnd(widths[0] ?? 0) : cell.padStart(widths[column] ?? 0),
      )
      .join('  ')
  return [`${flow}: ${schedules} schedules`, line(head), ...rows.map(line)].join('\n')
}

function percent(part: number, whole: number): string {
  return part === 0 ? '0' : `${((100 * part) / whole).toFixed(1)} %`
}
