import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { inChunks } from '../../testing/host/forms/run-table.ts'
import { formTable } from '../../testing/host/forms/table.ts'
import { boundaryOf } from './boundary.ts'
import type { FormPart } from './form-part.ts'
import { readForm } from './read-form.ts'

type Bytes = Uint8Array<ArrayBuffer>

const limits = { maxFiles: 3, maxFields: 4, maxFieldBytes: 100 }
const bytesOf = (text: string): Bytes => Uint8Array.from(text, (character) => character.charCodeAt(0))
const textOf = (bytes: Bytes) => String.fromCharCode(...bytes)
const file = (name: string, content: string) =>
  `--B\r\nContent-Disposition: form-data; name="f"; filename="${name}"\r\n\r\n${content}\r\n`

/** A body of one chunk after the other; `taken` counts those that were read. */
function counted(chunk: (at: number) => Bytes | null) {
  const state = { taken: 0, isCancelled: false }
  const body = new ReadableStream<Bytes>(
    {
      pull(controller) {
        const next = chunk(state.taken++)
        if (next === null) controller.close()
        else controller.enqueue(next)
      },
      cancel() {
        state.isCancelled = true
      },
    },
    { highWaterMark: 0 },
  )
  return { state, body }
}

/** What a form reads as: its parts, or the code of its refusal at the end. */
async function read(body: ReadableStream<Bytes>, contentType = 'multipart/form-data; boundary=B') {
  const seen: unknown[] = []
  try {
    for await (const part of readForm(body, boundaryOf(contentType), limits)) seen.push(await shown(part))
  } catch (error) {
    seen.push((error as { code: string }).code)
  }
  return seen
}

async function shown(part: FormPart) {
  if (part.kind === 'field') return part
  const { stream, ...file } = part
  return { ...file, content: textOf(new Uint8Array(await new Response(stream).arrayBuffer())) }
}

describe('readForm', () => {
  it('reads every form of the table byte by byte as it reads it whole', async () => {
    for (const { name, body, contentType } of formTable) {
      const bytes = Array.from(body, (byte) => Uint8Array.of(byte))
      expect(await read(inChunks(bytes), contentType), name).toEqual(
        await read(inChunks([body]), contentType),
      )
    }
  })

  it('gives back any content, whatever its chunks', async () => {
    const piece = fc.constantFrom('\r', '\n', '-', '\r\n', '\r\n-', '\r\n--', '--', 'x', '\r\n--A', 'B', '\0')
    const cuts = fc.array(fc.integer({ min: 1, max: 9 }), { minLength: 1, maxLength: 20 })
    await fc.assert(
      fc.asyncProperty(fc.array(piece, { maxLength: 30 }), cuts, async (pieces, lengths) => {
        const content = pieces.join('')
        // No content has a line that starts with the boundary.
        fc.pre(!`\r\n${content}`.includes('\r\n--B'))
        const form = bytesOf(`${file('1', content)}${file('2', content)}--B--\r\n`)
        const chunks: Bytes[] = []
        for (let at = 0, i = 0; at < form.length; i++) {
          const length = lengths[i % lengths.length] ?? 1
          chunks.push(form.slice(at, (at += length)))
        }
        const stored = { kind: 'file', field: 'f', contentType: 'application/octet-stream', content }
        expect(await read(inChunks(chunks))).toEqual([
          { ...stored, filename: '1' },
          { ...stored, filename: '2' },
        ])
      }),
      { numRuns: 500 },
    )
  })

  it('reads no more of a file than its reader asks for', async () => {
    const { state, body } = counted((at) => bytesOf(at === 0 ? file('a', 'x').slice(0, -3) : 'x'))
    for await (const part of readForm(body, 'B', limits)) {
      if (part.kind !== 'file') throw new Error('not a file')
      const reader = part.stream.getReader()
      for (let i = 0; i < 10; i++) await reader.read()
      break
    }
    expect(state).toEqual({ taken: 11, isCancelled: true })
  })

  it('skips a file that nobody reads, and ends its stream', async () => {
    const body = inChunks([bytesOf(`${file('1', 'left')}${file('2', 'x')}--B--`)])
    const streams: ReadableStream<Bytes>[] = []
    for await (const part of readForm(body, 'B', limits)) if (part.kind === 'file') streams.push(part.stream)
    expect(await Promise.all(streams.map((stream) => new Response(stream).text()))).toEqual(['', ''])
  })

  it('takes a bounded part of what never comes to an end', async () => {
    const chunk = bytesOf('x'.repeat(1024))
    const kinds = {
      'a preamble': '',
      'a header': '--B\r\nX: ',
      'the space after a boundary': '--B ',
      'a field': '--B\r\nContent-Disposition: form-data; name="a"\r\n\r\n',
    }
    for (const [kind, start] of Object.entries(kinds)) {
      const { state, body } = counted((at) => (at === 0 ? bytesOf(start) : chunk))
      expect(await read(body), kind).toEqual([kind === 'a field' ? 'FIELD_TOO_LONG' : 'MALFORMED_MULTIPART'])
      expect(state.taken, kind).toBeLessThan(20)
      expect(state.isCancelled, kind).toBe(true)
    }
    const { state, body } = counted((at) => (at === 0 ? bytesOf(`${file('a', 'x')}--B--`) : chunk))
    expect(await read(body)).toHaveLength(1)
    expect(state.taken).toBeLessThan(20)
    expect(state.isCancelled).toBe(true)
  })

  it('says what is wrong, and with which part', async () => {
    const body = inChunks([
      bytesOf(`${file('a', 'x')}--B\r\nContent-Disposition: form-data\r\n\r\nx\r\n--B--`),
    ])
    const parts = readForm(body, 'B', limits)
    await parts.next()
    await expect(parts.next()).rejects.toThrow(
      'the multipart form is malformed: part 2 has no name in its Content-Disposition',
    )
  })
})
