import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { type CsvRecord, readCsv } from './csv.ts'

/** Reads the records of a CSV that arrives in chunks of `size` bytes. */
async function read(
  csv: string | Uint8Array<ArrayBuffer>,
  { size = Number.POSITIVE_INFINITY, contentType = 'text/csv' } = {},
): Promise<CsvRecord[]> {
  const bytes = typeof csv === 'string' ? new TextEncoder().encode(csv) : csv
  const stream = new ReadableStream<Uint8Array<ArrayBuffer>>({
    start(controller) {
      for (let at = 0; at < bytes.length; at += size) controller.enqueue(bytes.slice(at, at + size))
      controller.close()
    },
  })
  const source = { contentType, size: bytes.length, stream }
  const records: CsvRecord[] = []
  for await (const record of readCsv(source, new AbortController().signal)) records.push(record)
  return records
}

/** Reads the cells of every row, in header order. */
async function cells(csv: string): Promise<readonly (readonly string[])[]> {
  return (await read(csv)).map((record) => (record.ok ? Object.values(record.row) : [record.reason]))
}

describe('CSV', () => {
  it.each([
    [
      'a quote inside a field',
      'id,n\n1,a"b\n2,c\n',
      [
        ['1', 'a"b'],
        ['2', 'c'],
      ],
    ],
    [
      'inches',
      'id,n\n1,5"\n2,6" x 4"\n',
      [
        ['1', '5"'],
        ['2', '6" x 4"'],
      ],
    ],
    ['a quote after white space', 'id,n\n1, "x"\n', [['1', ' "x"']]],
    [
      'text after a closing quote',
      'id,n\n1,"x"y\n2,b\n',
      [
        ['1', '"x"y'],
        ['2', 'b'],
      ],
    ],
    ['doubled quotes', 'id,n\n1,"a ""b"" c"\n', [['1', 'a "b" c']]],
    [
      'lines of CRLF and LF',
      'id,n\r\n1,a\n2,b\r\n3,c\n',
      [
        ['1', 'a'],
        ['2', 'b'],
        ['3', 'c'],
      ],
    ],
    [
      'lines of LF and CRLF',
      'id,n\n1,a\r\n2,b\n',
      [
        ['1', 'a'],
        ['2', 'b'],
      ],
    ],
    [
      'lines of CR',
      'id,n\r1,a\r2,b\r',
      [
        ['1', 'a'],
        ['2', 'b'],
      ],
    ],
    [
      'lines of all three',
      'id,n\r1,a\n2,b\r\n3,c',
      [
        ['1', 'a'],
        ['2', 'b'],
        ['3', 'c'],
      ],
    ],
    ['line ends in quotes', 'id,n\r\n1,"a\r\nb\nc\rd"\r\n', [['1', 'a\r\nb\nc\rd']]],
    [
      'NUL in a cell',
      'id,n\n1,a\0b\n2,c\n',
      [
        ['1', 'a\0b'],
        ['2', 'c'],
      ],
    ],
    ['a byte order mark', '\uFEFFid,n\n1,a\n', [['1', 'a']]],
    ['a column __proto__', 'id,__proto__\n1,a\n', [['1', 'a']]],
    ['nothing', '', []],
    ['a header alone', 'id,n\n', []],
    ['empty lines', '\n\nid,n\n\n1,a\n\n', [['1', 'a']]],
  ])('with %s has sane values', async (_what, csv, expected) => {
    expect(await cells(csv)).toEqual(expected)
  })

  it('rejects a row whose id is not a valid key, and names its line', async () => {
    const long = 'é'.repeat(101)
    expect(await read(`id,n\na\0b,1\n\u0001,2\n${long},3\n,4\n5,five\n`)).toEqual([
      { ok: false, line: 2, reason: 'the id has a control character' },
      { ok: false, line: 3, reason: 'the id has a control character' },
      { ok: false, line: 4, reason: 'the id is longer than 200 bytes' },
      { ok: false, line: 5, reason: 'the row has no id' },
      { ok: true, id: '5', row: { id: '5', n: 'five' } },
    ])
  })

  it('throws a 400 that names the row when the text cannot be parsed', async () => {
    await expect(read('id,n\n1,a\n2,"open\nand so on\n3,c\n')).rejects.toMatchObject({
      status: 400,
      code: 'MALFORMED_CSV',
      detail: 'quote not closed, in the row that begins at line 3; the rows before it are stored',
    })
    await expect(read(`id,n\n1,${'x'.repeat(2 * 1024 * 1024)}\n`)).rejects.toMatchObject({
      status: 400,
      code: 'MALFORMED_CSV',
      detail: expect.stringContaining('max record size, in the row that begins at line 2') as string,
    })
  })

  it('yields every row before the one that cannot be parsed', async () => {
    const rows = Array.from({ length: 50 }, (_, row) => `${row},x\n`).join('')
    const stream = new Blob([`id,n\n${rows}50,"open\n`]).stream()
    const ids: string[] = []
    const reading = async () => {
      const records = readCsv({ contentType: null, size: null, stream }, new AbortController().signal)
      for await (const record of records) if (record.ok) ids.push(record.id)
    }
    await expect(reading()).rejects.toMatchObject({ detail: expect.stringContaining('at line 52') as string })
    expect(ids).toEqual(Array.from({ length: 50 }, (_, row) => String(row)))
  })

  it('cancels an endless body when its reader stops', async () => {
    const cancelled = Promise.withResolvers<void>()
    const stream = new ReadableStream<Uint8Array<ArrayBuffer>>({
      start: (controller) =>
        controller.enqueue(new TextEncoder().encode(`id,n\n1,a\n${'2,b\n'.repeat(100)}`)),
      cancel: () => cancelled.resolve(),
    })
    const records = readCsv({ contentType: null, size: null, stream }, new AbortController().signal)
    expect(await records.next()).toMatchObject({ done: false, value: { id: '1' } })
    await records.return()
    await cancelled.promise
  })

  it('throws 400 for text that is not UTF-8, and 415 for another declared charset', async () => {
    const latin = Uint8Array.from([...new TextEncoder().encode('id,n\n1,a\n2,'), 0xe4, 0x0a])
    await expect(read(latin)).rejects.toMatchObject({ status: 400, code: 'INVALID_UTF8' })
    const cut = new TextEncoder().encode('id,n\n1,€').slice(0, -1)
    await expect(read(cut)).rejects.toMatchObject({ status: 400, code: 'INVALID_UTF8' })
    for (const charset of ['iso-8859-1', 'utf-16', 'windows-1252'])
      await expect(read('id\n', { contentType: `text/csv; charset=${charset}` })).rejects.toMatchObject({
        status: 415,
        code: 'UNSUPPORTED_CHARSET',
      })
    expect(await read('id\n1\n', { contentType: 'text/csv; header=present; charset="UTF-8"' })).toHaveLength(
      1,
    )
  })

  it('yields the same records however the bytes are chunked', async () => {
    const csv = '\uFEFFid,näme\r\n1,"a ""€"" 😀\r\nb"\n2,c"d\r3,e\r\n'
    const whole = await read(csv)
    expect(whole).toHaveLength(3)
    for (let size = 1; size <= 8; size++) expect(await read(csv, { size })).toEqual(whole)
  })

  it('yields records or a problem below 500 for any bytes', async () => {
    const piece = fc.constantFrom(
      '"',
      '""',
      ',',
      '\r',
      '\n',
      '\r\n',
      '\0',
      'id',
      'ä',
      ' ',
      '\uFEFF',
      '\u2028',
      "'",
      ';',
    )
    const csv = fc.oneof(
      fc.array(piece).map((pieces) => pieces.join('')),
      fc.uint8Array(),
    )
    await fc.assert(
      fc.asyncProperty(csv, async (given) => {
        try {
          await read(typeof given === 'string' ? given : Uint8Array.from(given))
        } catch (error) {
          expect((error as { status?: number }).status).toBe(400)
        }
      }),
    )
  })
})
