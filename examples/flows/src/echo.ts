/** Echo: a flow of one pure node, which normalises text to Unicode NFC, trims it and collapses inner whitespace. */
import { flow, http, node } from '@flowport/flow'
import * as z from 'zod'

const Value = z.object({ value: z.string().max(10_000) })
const Echoed = z.object({ value: z.string(), length: z.number().int() })

const normalise = node('normalise', {
  summary: 'Normalises text and counts its code points',
  input: Value,
  output: Echoed,
  run({ value }) {
    const normal = value.normalize('NFC').trim().replaceAll(/\s+/gu, ' ')
    return { value: normal, length: [...normal].length }
  },
})

export const echo = flow('echo', {
  summary: 'Normalises a text and counts its code points',
  tags: ['basics'],
  trigger: http.post('/echo', { input: Value }),
  graph: (value, step) => step(normalise, value),
})
