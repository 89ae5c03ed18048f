import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import * as z from 'zod'
import { flow } from '../flow.ts'
import { node } from '../node.ts'
import { opaque, streamOf } from '../schema.ts'
import { http, manual } from '../trigger.ts'
import { toDot } from './dot.ts'
import { toMermaid } from './mermaid.ts'

const Order = z.object({ id: z.string(), paid: z.boolean() })
const charge = node('charge', {
  input: Order,
  output: Order,
  uses: { kv: 'write' },
  idempotency: { key: '/id', unknown: 'never' },
  run: (o) => o,
})
const look = node('look', { input: Order, output: Order, run: (o) => o })
const watch = node('watch', { input: Order, output: streamOf(Order), async *run() {} })
const orders = flow('orders', {
  trigger: http.post('/orders/:id', { input: Order }),
  graph: (order, step) => {
    const done = step.if(
      order,
      '/paid',
      (o) => step(look, o),
      (o) => step(charge, o, { alias: 'take-money' }),
      { alias: 'settle' },
    )
    return step(watch, done)
  },
})

describe('toMermaid', () => {
  it('draws trigger, uses, effects, branches and the answer', () => {
    expect(toMermaid(orders).split('\n')).toEqual([
      'flowchart TD',
      '  n0(["POST /orders/:id"])',
      '  n1["look"]',
      '  n2["take-money: charge<br/>kv write<br/>effectful"]',
      '  n3("settle")',
      '  n4["watch<br/>stream"]',
      '  s0{"settle<br/>if /paid"}',
      '  answer(("answer"))',
      '  n1 --> n3',
      '  n2 --> n3',
      '  n3 --> n4',
      '  n0 --> s0',
      '  s0 -->|"then"| n1',
      '  s0 -->|"otherwise"| n2',
      '  n4 --> answer',
      '',
    ])
  })

  it('stays sound and loses no letter, whatever the names are', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary', minLength: 1 }), label, (alias, key) => {
        fc.pre(alias !== 'trigger')
        const { ids, used, labels } = parseMermaid(toMermaid(oddFlow(alias, key)))
        expect(used.filter((id) => !ids.includes(id))).toEqual([])
        expect(labels.map(decodeMermaid)).toEqual(
          expect.arrayContaining([shown(`${alias}: odd`), shown(key)]),
        )
      }),
    )
  })
})

describe('toDot', () => {
  it('draws trigger, uses, effects, branches and the answer', () => {
    expect(toDot(orders).split('\n')).toEqual([
      'digraph "orders 1.0.0" {',
      '  rankdir=TB;',
      '  n0 [shape=house, label="POST /orders/:id"];',
      '  n1 [shape=box, label="look"];',
      '  n2 [shape=box, label="take-money: charge\\nkv write\\neffectful"];',
      '  n3 [shape=invtriangle, label="settle"];',
      '  n4 [shape=box, label="watch\\nstream"];',
      '  s0 [shape=diamond, label="settle\\nif /paid"];',
      '  answer [shape=doublecircle, label="answer"];',
      '  n1 -> n3;',
      '  n2 -> n3;',
      '  n3 -> n4;',
      '  n0 -> s0;',
      '  s0 -> n1 [label="then"];',
      '  s0 -> n2 [label="otherwise"];',
      '  n4 -> answer;',
      '}',
      '',
    ])
  })

  it('stays sound and loses no letter, whatever the names are', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary', minLength: 1 }), label, (alias, key) => {
        fc.pre(alias !== 'trigger')
        const labels = parseDot(toDot(oddFlow(alias, key)))
        expect(labels).toEqual(expect.arrayContaining([shown(`${alias}: odd`), shown(key)]))
      }),
    )
  })
})

const label = fc.oneof(
  fc.string(),
  fc.constantFrom('"] end', '-->|x|', '#35;', '</br>', '`**b**`', '\\', '"', 'a\nb', '&amp;', '%%'),
)

/** What a drawing shows of a text: control characters and halves of characters do not survive. */
function shown(text: string): string {
  return [...text].map((char) => (/[\p{Cc}\p{Cs}\p{Zl}\p{Zp}]/u.test(char) ? '�' : char)).join('')
}

function oddFlow(alias: string, key: string) {
  const odd = node('odd', { input: opaque<unknown>(), run: () => null })
  return flow('odd', {
    trigger: manual({ input: opaque<{ kind: string }>() }),
    graph: (input, step) => {
      const first = step(odd, input, { alias })
      return step.switch(input, '/kind', { [key]: () => first }, () => first, { alias: `${alias}/switch` })
    },
  })
}

/** The subset of Mermaid's grammar that is emitted. Throws on a line outside it. */
function parseMermaid(text: string): {
  ids: readonly string[]
  used: readonly string[]
  labels: readonly string[]
} {
  const quoted = '"((?:[^"#`<>\\n]|#\\d+;|<br/>)*)"'
  const id = '(n\\d+|s\\d+|answer)'
  const box = new RegExp(
    `^  ${id}(?:\\(\\[${quoted}\\]\\)|\\[${quoted}\\]|\\(${quoted}\\)|\\{${quoted}\\}|\\(\\(${quoted}\\)\\))$`,
    'u',
  )
  const arrow = new RegExp(`^  ${id} -->(?:\\|${quoted}\\|)? ${id}$`, 'u')
  const [head, ...lines] = text.split('\n')
  expect(head).toBe('flowchart TD')
  expect(lines.pop()).toBe('')
  const ids: string[] = []
  const used: string[] = []
  const labels: string[] = []
  for (const line of lines) {
    const asBox = box.exec(line)
    const asArrow = arrow.exec(line)
    if (asBox !== null) {
      ids.push(asBox[1] ?? '')
      labels.push(...asBox.slice(2).filter((found) => found !== undefined))
    } else if (asArrow !== null) {
      used.push(asArrow[1] ?? '', asArrow[3] ?? '')
      if (asArrow[2] !== undefined) labels.push(asArrow[2])
    } else throw new Error(`not Mermaid: ${JSON.stringify(line)}`)
  }
  return { ids, used, labels }
}

function decodeMermaid(text: string): string {
  return text.replaceAll(/#(\d+);/g, (_, code: string) => String.fromCodePoint(Number(code)))
}

/** The labels of a DOT text of the subset that is emitted. Throws on a line outside it. */
function parseDot(text: string): readonly string[] {
  const quoted = '"((?:[^"\\\\\\n]|\\\\["\\\\n])*)"'
  const id = '(?:n\\d+|s\\d+|answer)'
  const lines = text.split('\n')
  expect(lines[0]).toMatch(new RegExp(`^digraph ${quoted} \\{$`, 'u'))
  expect(lines.slice(-2)).toEqual(['}', ''])
  const statement = new RegExp(
    `^  (?:rankdir=TB|${id} \\[shape=\\w+, label=${quoted}\\]|${id} -> ${id}(?: \\[label=${quoted}\\])?);$`,
    'u',
  )
  return lines.slice(1, -2).flatMap((line) => {
    const match = statement.exec(line)
    if (match === null) throw new Error(`not DOT: ${JSON.stringify(line)}`)
    const found = match[1] ?? match[2]
    return found === undefined ? [] : found.replaceAll(/\\(["\\])/g, '$1').replaceAll('&amp;', '&')
  })
}
