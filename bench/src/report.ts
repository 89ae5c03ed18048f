/** The report of a measurement, and its Markdown: tables, aims and machine facts. */
import { availableParallelism, cpus, loadavg, totalmem } from 'node:os'
import type { Measured } from './harness.ts'
import { digits, divided, range } from './numbers.ts'

export interface Table {
  readonly title: string
  readonly header: readonly string[]
  readonly rows: readonly (readonly string[])[]
  /** Facts that a reader needs to interpret the table. */
  readonly notes?: readonly string[]
}

/** A goal and its result. A missed goal is printed but is not an error, because times depend on other load of the machine. */
export interface Aim {
  readonly aim: string
  readonly measured: string
  readonly holds: boolean
}

export interface Report {
  readonly tables: readonly Table[]
  readonly aims: readonly Aim[]
}

/** The exports of each measurement's file. */
export interface Measurement {
  measure(): Promise<Report>
}

export type TimeUnit = 'ns' | 'µs' | 'ms'

const nanoseconds: Readonly<Record<TimeUnit, number>> = { ns: 1, µs: 1e3, ms: 1e6 }

/** Formats one comparison as a table. */
export function comparisonTable(
  title: string,
  measured: readonly Measured[],
  { unit, notes = [] }: { readonly unit: TimeUnit; readonly notes?: readonly string[] },
): Table {
  const scale = nanoseconds[unit]
  return {
    title,
    header: ['', `${unit} [min–max]`, '×', `over the reference, ${unit}`],
    rows: measured.map(({ name, ns, ratio, overNs }) => [
      name,
      range(divided(ns, scale)),
      digits(ratio),
      overNs === 0 ? '–' : digits(overNs / scale),
    ]),
    notes,
  }
}

export function toMarkdown({ title, header, rows, notes = [] }: Table): string {
  const line = (cells: readonly string[]) => `| ${cells.join(' | ')} |`
  const rule = header.map((_, column) => (column === 0 ? '---' : '---:'))
  const table = [line(header), line(rule), ...rows.map(line)].join('\n')
  return `### ${title}\n\n${table}\n${notes.map((note) => `\n${note}\n`).join('')}`
}

export function aimsToMarkdown(aims: readonly Aim[]): string {
  const rows = aims.map(({ aim, measured, holds }) => [aim, measured, holds ? 'holds' : '**missed**'])
  return toMarkdown({ title: 'Aims', header: ['aim', 'measured', ''], rows })
}

/** Returns CPU, cores, memory, Node version and current load of the machine, without its host name. */
export function machineFacts(): string {
  const cpu = cpus()[0]?.model.trim() ?? 'unknown CPU'
  const memory = `${Math.round(totalmem() / 2 ** 30)} GiB`
  return `${cpu}, ${availableParallelism()} cores, ${memory}, Node ${process.versions.node}, load average ${load()}`
}

/** Returns the load averages over 1, 5 and 15 minutes. */
export function load(): string {
  return loadavg()
    .map((value) => value.toFixed(1))
    .join(' / ')
}
