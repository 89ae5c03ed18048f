/** What a measurement hands over, and how it is printed: Markdown tables, aims, facts of the machine. */
import { availableParallelism, cpus, loadavg, totalmem } from 'node:os'
import type { Measured } from './harness.ts'
import { digits, divided, range } from './numbers.ts'

export interface Table {
  readonly title: string
  readonly header: readonly string[]
  readonly rows: readonly (readonly string[])[]
  /** What a reader must know to read it right. */
  readonly notes?: readonly string[]
}

/** A goal and how it went. A missed one is printed, never an error: timing depends on the neighbours. */
export interface Aim {
  readonly aim: string
  readonly measured: string
  readonly holds: boolean
}

export interface Report {
  readonly tables: readonly Table[]
  readonly aims: readonly Aim[]
}

/** One file per measurement exports this. */
export interface Measurement {
  measure(): Promise<Report>
}

export type TimeUnit = 'ns' | 'µs' | 'ms'

const nanoseconds: Readonly<Record<TimeUnit, number>> = { ns: 1, µs: 1e3, ms: 1e6 }

/** The table of one comparison. */
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

/** CPU, cores, memory, Node and how busy the machine is right now. No host name. */
export function machineFacts(): string {
  const cpu = cpus()[0]?.model.trim() ?? 'unknown CPU'
  const memory = `${Math.round(totalmem() / 2 ** 30)} GiB`
  return `${cpu}, ${availableParallelism()} cores, ${memory}, Node ${process.versions.node}, load average ${load()}`
}

/** Load averages over 1, 5 and 15 minutes. */
export function load(): string {
  return loadavg()
    .map((value) => value.toFixed(1))
    .join(' / ')
}
