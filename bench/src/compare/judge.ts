/** Compares two sets of figures: which fell, and which exist on only one side. */
import { digits, spread } from '../numbers.ts'
import { toMarkdown } from '../report.ts'
import type { Figure } from './figures.ts'

/** A figure fell when it is worse than the old one by more than this fraction. */
const tolerated = 0.1

export interface Judgement {
  /** A table of all figures that both sides have. */
  readonly markdown: string
  /** Names of the figures that fell by more than 10 %. */
  readonly fell: readonly string[]
}

/** Compares the medians of each side's runs. */
export function judge(
  title: string,
  before: readonly (readonly Figure[])[],
  after: readonly (readonly Figure[])[],
): Judgement {
  const old = byName(before)
  const now = byName(after)
  const fell: string[] = []
  const rows: string[][] = []
  for (const [name, { figure, median }] of now) {
    const earlier = old.get(name)
    if (earlier === undefined) continue
    const ratio = median / earlier.median
    const worse = figure.better === 'higher' ? earlier.median / median - 1 : ratio - 1
    const isFallen = figure.better !== undefined && worse > tolerated
    if (isFallen) fell.push(name)
    const shown = [earlier.median, median].map((value) => `${digits(value)} ${figure.unit}`.trim())
    rows.push([name, ...shown, digits(ratio), isFallen ? '**fell**' : figure.better === undefined ? '–' : ''])
  }
  const notes = [
    ...missing('The old commit has no figure', now, old),
    ...missing('The new tree has no figure', old, now),
  ]
  return {
    markdown: toMarkdown({ title, header: ['', 'old', 'new', 'new ÷ old', ''], rows, notes }),
    fell,
  }
}

interface Known {
  readonly figure: Figure
  readonly median: number
}

function byName(runs: readonly (readonly Figure[])[]): Map<string, Known> {
  const values = new Map<string, { figure: Figure; all: number[] }>()
  for (const figure of runs.flat()) {
    const known = values.get(figure.name)
    if (known === undefined) values.set(figure.name, { figure, all: [figure.value] })
    else known.all.push(figure.value)
  }
  return new Map([...values].map(([name, { figure, all }]) => [name, { figure, median: spread(all).median }]))
}

function missing(what: string, from: Map<string, Known>, to: Map<string, Known>): string[] {
  const names = [...from.keys()].filter((name) => !to.has(name))
  return names.length === 0 ? [] : [`${what}: ${names.map((name) => `"${name}"`).join(', ')}.`]
}
