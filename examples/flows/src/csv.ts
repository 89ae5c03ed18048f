/** Parses CSV rows from a byte stream, one at a time and with backpressure. */
import { type ByteSource, problem, textStream } from '@flowport/flow'
import { type CsvError, parse } from 'csv-parse'

export type CsvRecord =
  | { readonly ok: true; readonly id: string; readonly row: Readonly<Record<string, string>> }
  | { readonly ok: false; readonly line: number; readonly reason: string }

interface Parsed {
  readonly info: { readonly lines: number; readonly records: number }
  readonly record: readonly string[]
}

/** An id of this length fits into a key of every store. */
const maxIdBytes = 200

/**
 * The first line names the columns; the first column is the id. Lines may end in CRLF, LF or CR, even mixed. A quote inside an
 * unquoted field is plain text. A row without a usable id, or with too many cells, is yielded with `ok: false`. Throws a 400
 * problem at text that is not UTF-8 or not CSV, and a 415 problem for another charset.
 */
export async function* readCsv(
  source: ByteSource,
  signal: AbortSignal,
): AsyncGenerator<CsvRecord, void, void> {
  const texts = textStream(source)
  let failure: CsvError | undefined
  const parser = parse({
    info: true,
    record_delimiter: ['\r\n', '\n', '\r'],
    relax_column_count: true,
    relax_quotes: true,
    skip_empty_lines: true,
    max_record_size: 1024 * 1024,
    // Skipping keeps the parsed rows that have not been read yet; an error from the parser would drop them.
    skip_records_with_error: true,
    on_skip(error) {
      failure ??= error
      return undefined
    },
  })
  const stopped = new AbortController()
  const feeding = feed(texts, parser, AbortSignal.any([signal, stopped.signal]), () => failure !== undefined)
  let header: readonly string[] | undefined
  let lines = 0
  try {
    for await (const { info, record } of parser as AsyncIterable<Parsed>) {
      if (failure !== undefined && info.records > Number(failure['records'])) break
      lines = info.lines
      if (header === undefined) header = record
      else yield toRecord(header, record, lines)
    }
    if (failure !== undefined) throw malformed(failure, lines + 1)
    await feeding
  } finally {
    stopped.abort()
    parser.destroy()
    await feeding.catch(() => undefined)
  }
}

function toRecord(header: readonly string[], cells: readonly string[], line: number): CsvRecord {
  const id = cells[0]?.trim() ?? ''
  if (id === '') return { ok: false, line, reason: 'the row has no id' }
  if (new TextEncoder().encode(id).byteLength > maxIdBytes)
    return { ok: false, line, reason: `the id is longer than ${maxIdBytes} bytes` }
  if (/\p{Cc}/u.test(id)) return { ok: false, line, reason: 'the id has a control character' }
  if (cells.length > header.length) {
    return { ok: false, line, reason: `the row has ${cells.length} cells, the header ${header.length}` }
  }
  return { ok: true, id, row: Object.fromEntries(cells.map((cell, column) => [header[column] ?? '', cell])) }
}

async function feed(
  texts: ReadableStream<string>,
  parser: ReturnType<typeof parse>,
  signal: AbortSignal,
  hasFailed: () => boolean,
): Promise<void> {
  const reader = texts.getReader()
  const stop = () => void reader.cancel(signal.reason).catch(() => undefined)
  signal.addEventListener('abort', stop, { once: true })
  try {
    for (let read = await reader.read(); !read.done; read = await reader.read()) {
      if (parser.destroyed) return await reader.cancel()
      const isFull = !parser.write(read.value)
      if (hasFailed()) {
        parser.end()
        return await reader.cancel()
      }
      if (isFull) await drained(parser)
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

function malformed({ code }: CsvError, line: number): Error {
  const what = code.replace(/^CSV_/, '').toLowerCase().replaceAll('_', ' ')
  return problem({
    status: 400,
    code: 'MALFORMED_CSV',
    title: 'The body is not CSV',
    detail: `${what}, in the row that begins at line ${line}; the rows before it are stored`,
  })
}
