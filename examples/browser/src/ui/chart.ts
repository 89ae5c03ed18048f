/** A chart of a query's result: the first column on the x axis, the numeric columns on the y axis. */
import type { DbResult, DbValue } from '@flowport/capabilities'
import UPlot from 'uplot'
import 'uplot/dist/uPlot.min.css'
import { h } from './dom.ts'
import { textOf } from './table.ts'

export interface Chart {
  readonly element: HTMLElement
  /** Draws the result, or hides the chart when the result has no numeric column to draw. */
  show(result: DbResult): void
  clear(): void
}

const colours = ['#0f766e', '#b45309', '#7c3aed', '#be123c']
const height = 260

export function createChart(): Chart {
  const element = h('div', { class: 'chart', hidden: true, data: { test: 'chart' } })
  let plot: UPlot | undefined
  const clear = () => {
    plot?.destroy()
    plot = undefined
    element.hidden = true
  }
  new ResizeObserver(() => {
    if (element.clientWidth > 0) plot?.setSize({ width: element.clientWidth, height })
  }).observe(element)
  return {
    element,
    clear,
    show(result) {
      clear()
      const drawing = drawingOf(result)
      if (drawing === null) return
      element.hidden = false
      plot = new UPlot(
        optionsOf(drawing, element.clientWidth),
        [...drawing.data] as UPlot.AlignedData,
        element,
      )
    },
  }
}

interface Drawing {
  readonly kind: 'time' | 'number' | 'label'
  /** Name of the first column. */
  readonly xName: string
  readonly labels: readonly string[]
  readonly names: readonly string[]
  readonly data: readonly (readonly (number | null)[])[]
}

/**
 * Returns `null` for a result that cannot be drawn: fewer than two rows, too many rows, or no numeric column after the first.
 */
function drawingOf({ columns, rows }: DbResult): Drawing | null {
  const [first, ...others] = columns
  if (first === undefined || rows.length < 2 || rows.length > 100_000) return null
  const numbers = others
    .filter(({ name }) => rows.every((row) => isNumber(row[name] ?? null)))
    .slice(0, colours.length)
  if (numbers.length === 0) return null
  const firsts = rows.map((row) => row[first.name] ?? null)
  const kind = firsts.every((each) => each instanceof Date)
    ? 'time'
    : firsts.every((each) => each !== null && isNumber(each))
      ? 'number'
      : 'label'
  if (kind === 'label' && rows.length > 60) return null
  const order = rows.map((_, i) => i)
  const at = firsts.map((each, i) =>
    kind === 'label' ? i : each instanceof Date ? each.getTime() / 1000 : Number(each),
  )
  if (kind !== 'label') order.sort((a, b) => (at[a] ?? 0) - (at[b] ?? 0))
  return {
    kind,
    xName: first.name,
    labels: firsts.map(textOf),
    names: numbers.map(({ name }) => name),
    data: [
      order.map((i) => at[i] ?? null),
      ...numbers.map(({ name }) => order.map((i) => numberOf(rows[i]?.[name] ?? null))),
    ],
  }
}

function optionsOf({ kind, labels, xName, names }: Drawing, width: number): UPlot.Options {
  const ink = getComputedStyle(document.body).color
  const line = { stroke: '#8884', width: 1 }
  const axis = { stroke: ink, grid: line, ticks: line }
  const shorten = (text: string) => (text.length > 12 ? `${text.slice(0, 11)}…` : text)
  return {
    width,
    height,
    scales:
      kind === 'label'
        ? { x: { time: false, range: [-0.6, labels.length - 0.4] } }
        : { x: { time: kind === 'time' } },
    axes: [
      kind === 'label'
        ? {
            ...axis,
            splits: labels.map((_, i) => i),
            values: (_, splits) => splits.map((i) => shorten(labels[i] ?? '')),
          }
        : axis,
      { ...axis, size: 64 },
    ],
    series: [
      kind === 'label'
        ? { label: xName, value: (_, i: number | null) => (i === null ? '' : (labels[i] ?? '')) }
        : { label: xName },
      ...names.map((label, i) => ({
        label,
        stroke: colours[i] ?? ink,
        width: 2,
        ...(kind === 'label' ? { fill: `${colours[i]}55`, paths: barsOf(), points: { show: false } } : {}),
      })),
    ],
  }
}

function barsOf(): UPlot.Series.PathBuilder {
  const bars = UPlot.paths.bars
  if (bars === undefined) throw new Error('this build of uPlot has no bars')
  return bars({ size: [0.7, 60] })
}

function isNumber(value: DbValue): boolean {
  return value === null || typeof value === 'number' || typeof value === 'bigint'
}

function numberOf(value: DbValue): number | null {
  return value === null ? null : Number(value)
}
