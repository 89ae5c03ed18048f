/** CSV rows from a byte stream, one at a time, at the reader's pace. */
import { problem } from '@flowport/flow'
import { type CsvError, parse } from 'csv-parse'

export type CsvRecord =
  | { readonly ok: true; readonly id: string; readonly row: Readonly<Record<string, string>> }
  | { readonly ok: false; readonly line: number; readonly reason: string }

interface Parsed {
  readonly info: { readonly lines: number; readonly error?: CsvError }
  readonly record: readonly string[]
}

/** The first line names the columns, the first column is the id. A row without an id, or with too many cells, is not ok. */
export async function* readCsv(
  stream: ReadableStream<Uint8Array>,
  signal: AbortSignal,
): AsyncGenerator<CsvRecord, void, void> {
  const parser = parse({
    bom: true,
    info: true,
    relax_column_count: true,
    skip_empty_lines: true,
    max_record_size: 1024 * 1024,
  })
  const feeding = feed(stream, parser, signal)
  let header: readonly string[] | undefined
  try {
    for await (const { info, record } of parser as AsyncIterable<Parsed>) {
      if (header === undefined) header = record
      else yield toRecord(header, record, info.lines)
    }
    await feeding
  } catch (error) {
    await feeding.catch(() => undefined)
    throw isCsvError(error) ? malformed(error) : error
  } finally {
    parser.destroy()
  }
}

function toRecord(header: readonly string[], cells: readonly string[], line: number): CsvRecord {
  const id = cells[0]?.trim() ?? ''
  if (id === '') return { ok: false, line, reason: 'the row has no id' }
  if (id.length > 200) return { ok: false, line, reason: 'the id is longer than 200 characters' }
  if (cells.length > header.length) {
    return { ok: false, line, reason: `the row has ${cells.length} cells, the header ${header.length}` }
  }
  return { ok: true, id, row: Object.fromEntries(cells.map((cell, column) => [header[column] ?? '', cell])) }
}

async function feed(
  stream: ReadableStream<Uint8Array>,
  parser: ReturnType<typeof parse>,
  signal: AbortSignal,
): Promise<void> {
  const reader = stream.getReader()
  const stop = () => void reader.cancel(signal.reason).catch(() => undefined)
  signal.addEventListener('abort', stop, { once: true })
  try {
    for (let read = await reader.read(); !read.done; read = await reader.read()) {
      if (parser.destroyed) return await reader.cancel()
      if (!parser.write(read.value)) await drained(parser)
    }
    signal.throwIfAborted()
    parser.end()
  } catch (error) {
    parser.destroy(error as Error)
    throw error
  } finally {
    signal.removeEventListener('abort', stop)
  }
}

function drained(parser: ReturnType<typeof parse>): Promise<void> {
  return new Promise((resolve) => {
    const done = () => {
      parser.off('drain', done)
      parser.off('close', done)
      resolve()
    }
    parser.on('drain', done)
    parser.on('close', done)
  })
}

function isCsvError(error: unknown): error is CsvError {
  return (
    error instanceof Error &&
    error.name === 'Error' &&
    'code' in error &&
    String(error.code).startsWith('CSV_')
  )
}

function malformed({ code, lines }: CsvError): Error {
  return problem({
    status: 400,
    code: 'MALFORMED_CSV',
    title: 'The body is not CSV',
    detail: `${code.slice(4).toLowerCase().replaceAll('_', ' ')} at line ${String(lines)}; the rows before it are stored`,
  })
}
