/** `toDot` draws a flow in Graphviz' language. */
import type { AnyFlow } from '../flow.ts'
import { type Box, drawingOf } from './drawing.ts'

const shapes: Readonly<Record<Box['shape'], string>> = {
  trigger: 'house',
  node: 'box',
  pass: 'ellipse',
  merge: 'invtriangle',
  decision: 'diamond',
  answer: 'doublecircle',
}

/** The flow as DOT text. Branches are diamonds, arms are labels on edges. The same flow, the same text. */
export function toDot(flow: AnyFlow): string {
  const { title, boxes, arrows } = drawingOf(flow)
  return [
    `digraph ${quoted([title])} {`,
    '  rankdir=TB;',
    ...boxes.map(({ id, shape, lines }) => `  ${id} [shape=${shapes[shape]}, label=${quoted(lines)}];`),
    ...arrows.map(
      ({ from, to, label }) => `  ${from} -> ${to}${label === null ? '' : ` [label=${quoted([label])}]`};`,
    ),
    '}',
    '',
  ].join('\n')
}

/** A quoted DOT text; between lines stands DOT's own `\n`. */
function quoted(lines: readonly string[]): string {
  const safe = lines.map((line) =>
    line
      .replaceAll('&', '&amp;')
      .replace(/[\p{Cc}\p{Cs}\p{Zl}\p{Zp}]/gu, '�')
      .replaceAll('\\', '\\\\')
      .replaceAll('"', '\\"'),
  )
  return `"${safe.join('\\n')}"`
}
