/** Imports: parses a CSV body row by row while it arrives, and stores each row in the key-value store. */
import { event, flow, http, node, opaque, type ByteSource, streamBody, streamOf } from '@flowport/flow'
import * as z from 'zod'
import { readCsv } from './csv.ts'

const Progress = z.object({ rows: z.number().int(), stored: z.number().int() })
const Rejected = z.object({ line: z.number().int(), reason: z.string() })
const Summary = z.object({
  rows: z.number().int(),
  stored: z.number().int(),
  /** The first 1,000 rejected rows. */
  rejected: z.array(Rejected),
})

const progressEvery = 500
const maxListed = 1_000

const importRows = node('import-rows', {
  summary: 'Stores the rows of a CSV under their first column',
  input: opaque<{ csv: ByteSource }>(),
  output: streamOf(Progress, { result: Summary }),
  uses: { kv: 'write' },
  idempotency: 'natural',
  async *run({ csv }, { kv, signal }) {
    let rows = 0
    let stored = 0
    const rejected: z.infer<typeof Rejected>[] = []
    for await (const record of readCsv(csv, signal)) {
      rows++
      if (record.ok) {
        await kv.put(`imports/${record.id}`, { json: record.row })
        stored++
      } else if (rejected.length < maxListed) rejected.push({ line: record.line, reason: record.reason })
      if (rows % progressEvery === 0) yield event('progress', { rows, stored })
    }
    return { rows, stored, rejected }
  },
})

export const imports = flow('imports', {
  summary: 'Imports the rows of a CSV as they arrive',
  tags: ['imports'],
  trigger: http.post('/imports', {
    input: z.object({}),
    deadline: '10m',
    body: streamBody('csv', { accept: ['text/csv', 'application/csv'] }),
  }),
  graph: (upload, step) => step(importRows, upload),
})
