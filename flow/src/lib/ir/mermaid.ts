/** `toMermaid` draws a flow as a Mermaid flowchart, which code hosts and editors render. */
import type { AnyFlow } from '../flow.ts'
import { type Box, drawingOf } from './drawing.ts'

const shapes: Readonly<Record<Box['shape'], readonly [open: string, close: string]>> = {
  trigger: ['([', '])'],
  node: ['[', ']'],
  pass: ['(', ')'],
  merge: ['(', ')'],
  decision: ['{', '}'],
  answer: ['((', '))'],
}

/** The flow as Mermaid text. Branches are diamonds, arms are labels on edges. The same flow, the same text. */
export function toMermaid(flow: AnyFlow): string {
  const { boxes, arrows } = drawingOf(flow)
  return [
    'flowchart TD',
    ...boxes.map(({ id, shape, lines }) => {
      const [open, close] = shapes[shape]
      return `  ${id}${open}"${lines.map(escaped).join('<br/>')}"${close}`
    }),
    ...arrows.map(
      ({ from, to, label }) => `  ${from} -->${label === null ? '' : `|"${escaped(label)}"|`} ${to}`,
    ),
    '',
  ].join('\n')
}

/** Mermaid has no backslash escapes: characters with a meaning are written as `#<code point>;`. */
function escaped(text: string): string {
  return [...text]
    .map((char) => {
      if (/[\p{L}\p{N} ._,:/*-]/u.test(char)) return char
      return /[\p{Cc}\p{Cs}\p{Zl}\p{Zp}]/u.test(char) ? '�' : `#${char.codePointAt(0)};`
    })
    .join('')
}
