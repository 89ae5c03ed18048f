import { createStorage, memoryScheme } from '@flowport/capabilities/storage'
import { type DuckDb, openDuckDb } from '@flowport/presets/opfs-browser/duckdb'
import { opfsScheme } from '@flowport/presets/opfs-browser/storage'
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'

const folder = `duckdb-test-${crypto.randomUUID()}`
const at = (path: string) => `opfs://${folder}/${path}`
const storage = createStorage({ schemes: [opfsScheme(), memoryScheme()] })
let db: DuckDb

beforeAll(async () => {
  db = await openDuckDb(storage)
}, 120_000)

beforeEach(() => storage.delete(at(''), { recursive: true }))

afterAll(async () => {
  await db.close()
  await storage.delete(at(''), { recursive: true })
  await storage.close()
})

const rows = async (sql: string, parameters: readonly (string | number | bigint)[] = []) =>
  (await db.query(sql, parameters)).rows

describe('files the storage wrote', () => {
  it('are read as CSV, by function and by name', async () => {
    await storage.write(at('data/people.csv'), 'id,name\n1,Ada\n2,"O\'Neil, Grace"\n')
    const expected = [
      { id: 1n, name: 'Ada' },
      { id: 2n, name: "O'Neil, Grace" },
    ]
    expect(await rows(`SELECT * FROM '${at('data/people.csv')}'`)).toEqual(expected)
    expect(await rows(`SELECT * FROM "${at('data/people.csv')}"`)).toEqual(expected)
    expect(await rows(`SELECT * FROM read_csv_auto('${at('data/people.csv')}')`)).toEqual(expected)
    expect(
      await rows(
        `SELECT * FROM read_csv('${at('data/people.csv')}', header = true, columns = {'id': 'BIGINT', 'name': 'VARCHAR'})`,
      ),
    ).toEqual(expected)
    expect(await rows('SELECT name FROM read_csv_auto(?) WHERE id = ?', [at('data/people.csv'), 2])).toEqual([
      { name: "O'Neil, Grace" },
    ])
  })

  it('are read as parquet', async () => {
    await db.query(
      `COPY (SELECT i, 'n' || i AS name FROM range(50000) t(i)) TO '${at('made.parquet')}' (FORMAT parquet)`,
    )
    await storage.write(at('copied.parquet'), await storage.readBytes(at('made.parquet')))
    expect(
      await rows(`SELECT count(*) AS n, max(i) AS top FROM read_parquet('${at('copied.parquet')}')`),
    ).toEqual([{ n: 50000n, top: 49999n }])
    expect(await rows(`SELECT name FROM '${at('copied.parquet')}' WHERE i = ?`, [4711])).toEqual([
      { name: 'n4711' },
    ])
  })

  it('are read anew after each write', async () => {
    for (const count of [1, 3, 2]) {
      await storage.write(at('a.csv'), `id\n${'7\n'.repeat(count)}`)
      expect(await rows(`SELECT count(*) AS n FROM '${at('a.csv')}'`)).toEqual([{ n: BigInt(count) }])
    }
  })

  it('have names with spaces, quotes, percent signs and letters of every kind', async () => {
    for (const name of ["it's here.csv", '100%25.csv', 'größe 📦.csv', 'a"b.csv', 'a#b&c.csv']) {
      await storage.write(at(name), 'x\n1\n')
      expect(await rows(`SELECT x FROM '${at(name).replaceAll("'", "''")}'`)).toEqual([{ x: 1n }])
      expect(await rows(`SELECT x FROM "${at(name).replaceAll('"', '""')}"`)).toEqual([{ x: 1n }])
    }
  })

  it('are several in one statement, from several stores', async () => {
    await storage.write(at('a.csv'), 'id,a\n1,x\n2,y\n')
    await storage.write('memory://b.csv', 'id,b\n2,z\n')
    expect(
      await rows(`SELECT a, b FROM '${at('a.csv')}' JOIN read_csv_auto('memory://b.csv') USING (id)`),
    ).toEqual([{ a: 'y', b: 'z' }])
  })

  it('are named by patterns', async () => {
    for (const name of ['1.csv', '2.csv', 'deep/3.csv', 'no.txt'])
      await storage.write(at(`p/${name}`), `id\n${name[0]}\n`)
    await storage.write(at('p/deep/3.csv'), 'id\n3\n')
    const ids = async (from: string) => (await rows(`SELECT id FROM ${from} ORDER BY id`)).map(({ id }) => id)
    expect(await ids(`'${at('p/*.csv')}'`)).toEqual([1n, 2n])
    expect(await ids(`read_csv_auto('${at('p/**/*.csv')}')`)).toEqual([1n, 2n, 3n])
    expect(await ids(`read_csv_auto(['${at('p/1.csv')}', '${at('p/d*/?.csv')}'])`)).toEqual([1n, 3n])
    expect(
      await rows(
        `SELECT DISTINCT filename FROM read_csv_auto('${at('p/*.csv')}', filename = true) ORDER BY 1`,
      ),
    ).toEqual([{ filename: at('p/1.csv') }, { filename: at('p/2.csv') }])
    await expect(rows(`SELECT * FROM '${at('p/*.parquet')}'`)).rejects.toMatchObject({
      kind: 'NotFound',
      key: at('p/*.parquet'),
    })
  })

  it('are found behind a view and a macro', async () => {
    await storage.write(at('v.csv'), 'id\n5\n')
    await db.query(`CREATE OR REPLACE VIEW v AS SELECT * FROM '${at('v.csv')}'`)
    expect(await rows('SELECT id FROM v')).toEqual([{ id: 5n }])
    await storage.write(at('v.csv'), 'id\n6\n')
    expect(await rows('SELECT id FROM v WHERE id > ?', [1])).toEqual([{ id: 6n }])
    await storage.delete(at('v.csv'))
    await expect(rows('SELECT id FROM v')).rejects.toMatchObject({ kind: 'NotFound', key: at('v.csv') })
  })

  it('go into tables by COPY', async () => {
    await storage.write(at('t.csv'), 'id\n1\n2\n')
    await db.query('CREATE OR REPLACE TABLE t (id INTEGER)')
    await db.query(`COPY t FROM '${at('t.csv')}' (HEADER true)`)
    expect(await rows('SELECT sum(id) AS s FROM t')).toEqual([{ s: 3n }])
  })
})

describe('files DuckDB wrote', () => {
  it.each(['csv', 'parquet'])('are read by the storage and by other code: %s', async (format) => {
    const uri = at(`new/folders/out.${format}`)
    await db.query(
      `COPY (SELECT 1 AS a, 'x' AS b) TO '${uri}' (FORMAT ${format}${format === 'csv' ? ', HEADER' : ''})`,
    )
    const bytes = await storage.readBytes(uri)
    expect(await storage.stat(uri)).toMatchObject({ kind: 'file', size: bytes.length })
    expect(new Uint8Array(await (await rawFile(`new/folders/out.${format}`)).arrayBuffer())).toEqual(bytes)
    const text = new TextDecoder().decode(bytes)
    if (format === 'csv') expect(text).toBe('a,b\n1,x\n')
    else expect(text.slice(0, 4) + text.slice(-4)).toBe('PAR1PAR1')
    expect((await storage.list(at('new/folders/'))).entries.map((entry) => entry.uri)).toEqual([uri])
  })

  it('replace what was there, with another etag', async () => {
    const uri = at('a.csv')
    await storage.write(uri, 'a long text that was there before\n'.repeat(100))
    const before = await storage.stat(uri)
    await db.query(`COPY (SELECT 1 AS a) TO '${uri}' (HEADER)`)
    const after = await storage.stat(uri)
    expect(await storage.read(uri)).toBe('a\n1\n')
    expect(after.size).toBe(4)
    expect(after.etag).not.toBe(before.etag)
  })

  it('may be made of themselves', async () => {
    await storage.write(at('a.csv'), 'a\n1\n2\n')
    await db.query(`COPY (SELECT a + 1 AS a FROM '${at('a.csv')}') TO '${at('a.csv')}' (HEADER)`)
    expect(await storage.read(at('a.csv'))).toBe('a\n2\n3\n')
  })

  it('go to other stores, with bound parameters and the compression of the ending', async () => {
    await db.query(`COPY (SELECT ? AS a) TO 'memory://out/x.csv.gz' (HEADER)`, ["it's"])
    const gzip = new DecompressionStream('gzip')
    const stream = (await storage.stream('memory://out/x.csv.gz')).pipeThrough(gzip)
    expect(await new Response(stream).text()).toBe("a\nit's\n")
    expect(await rows(`SELECT a FROM read_csv_auto('memory://out/x.csv.gz', header = true)`)).toEqual([
      { a: "it's" },
    ])
  })
})

describe('what fails', () => {
  it('reading a missing file is NotFound with its URI, and makes none', async () => {
    await storage.write(at('there.csv'), 'a\n1\n')
    const before = await tree()
    for (const sql of [
      `SELECT * FROM '${at('none.csv')}'`,
      `SELECT * FROM read_parquet('${at('no/folder/none.parquet')}')`,
      `SELECT * FROM '${at('there.csv')}', '${at('none.csv')}'`,
    ]) {
      await expect(rows(sql)).rejects.toMatchObject({
        kind: 'NotFound',
        message: expect.stringContaining(`opfs://${folder}/`),
      })
    }
    expect(await tree()).toEqual(before)
  })

  it('a COPY leaves the old target whole', async () => {
    await storage.write(at('keep.csv'), 'old\n')
    const before = await storage.stat(at('keep.csv'))
    for (const query of [
      `SELECT CASE WHEN i = 9000 THEN error('broken') ELSE i END AS a FROM range(10000) t(i)`,
      'SELECT no_such_column FROM range(3)',
    ]) {
      await expect(db.query(`COPY (${query}) TO '${at('keep.csv')}'`)).rejects.toMatchObject({
        kind: 'InvalidInput',
      })
    }
    expect(await storage.read(at('keep.csv'))).toBe('old\n')
    expect((await storage.stat(at('keep.csv'))).etag).toBe(before.etag)
  })

  it('a COPY to a new file leaves nothing, not even its folders', async () => {
    const before = await tree()
    await expect(
      db.query(`COPY (SELECT error('broken') FROM range(10)) TO '${at('new/folder/x.parquet')}'`),
    ).rejects.toMatchObject({ kind: 'InvalidInput' })
    expect(await tree()).toEqual(before)
    expect(await storage.exists(at('new/folder/x.parquet'))).toBe(false)
  })

  it('a COPY that is too large is LimitExceeded, and leaves the old target', async () => {
    const small = await openDuckDb(storage, { maxTargetBytes: 100 })
    try {
      await storage.write(at('keep.csv'), 'old\n')
      await expect(small.query(`COPY (FROM range(1000)) TO '${at('keep.csv')}'`)).rejects.toMatchObject({
        kind: 'LimitExceeded',
        key: at('keep.csv'),
      })
      expect(await storage.read(at('keep.csv'))).toBe('old\n')
    } finally {
      await small.close()
    }
  })

  it('a source that has to be read into memory has a limit', async () => {
    const small = await openDuckDb(storage, { maxSourceBytes: 10 })
    try {
      const text = 'a\n1234567890\n'
      await storage.write('memory://big.csv', text)
      await storage.write(at('big.csv'), text)
      await expect(small.query(`SELECT * FROM 'memory://big.csv'`)).rejects.toMatchObject({
        kind: 'LimitExceeded',
      })
      expect((await small.query(`SELECT * FROM '${at('big.csv')}'`)).rows).toHaveLength(1)
    } finally {
      await small.close()
    }
  })

  it('a file that is not compressed as its name says is Corrupt', async () => {
    await storage.write(at('plain.csv.gz'), 'a\n1\n')
    await expect(rows(`SELECT * FROM '${at('plain.csv.gz')}'`)).rejects.toMatchObject({
      kind: 'Corrupt',
      key: at('plain.csv.gz'),
    })
  })

  it('a scheme the storage has not is named', async () => {
    await expect(rows(`SELECT * FROM 's3://bucket/x.parquet'`)).rejects.toMatchObject({
      message: expect.stringContaining('s3'),
    })
  })

  it('a file that is no parquet is Corrupt, a folder InvalidInput', async () => {
    await storage.write(at('d/bad.parquet'), 'this is no parquet file')
    await expect(rows(`SELECT * FROM '${at('d/bad.parquet')}'`)).rejects.toMatchObject({ kind: 'Corrupt' })
    await expect(rows(`SELECT * FROM read_csv_auto('${at('d')}')`)).rejects.toMatchObject({
      kind: 'InvalidInput',
    })
  })

  it('a mistake in the SQL tells its position, and nothing of the engine', async () => {
    const plain = await db.query('SELECT 1 +\n  FROM WHERE').catch((error: unknown) => error)
    expect(plain).toMatchObject({ kind: 'InvalidInput', message: expect.stringContaining('LINE 2:') })
    const bound = await db.query('SELECT ? +\n  FROM WHERE', [1]).catch((error: unknown) => error)
    expect(bound).toMatchObject({ kind: 'InvalidInput', message: expect.stringContaining('LINE 2:') })
    expect(JSON.stringify([plain, bound])).not.toMatch(/wasm|worker|flowport_statement/)
  })
})

describe('locks', () => {
  it('are released when the statement ends, well or not', async () => {
    await storage.write(at('in.csv'), 'a\n1\n')
    await storage.write(at('out.csv'), 'a\n1\n')
    const { signal } = new AbortController()
    await db.query(`COPY (SELECT * FROM '${at('in.csv')}') TO '${at('out.csv')}'`, [], { signal })
    for (const name of ['in.csv', 'out.csv']) await takeLocks(name)
    await expect(
      db.query(`COPY (SELECT error('x') FROM '${at('in.csv')}') TO '${at('out.csv')}'`),
    ).rejects.toThrow()
    for (const name of ['in.csv', 'out.csv']) await takeLocks(name)
    await expect(
      db.query(`SELECT * FROM '${at('in.csv')}', range(300000)`, [], { maxRows: 10 }),
    ).rejects.toMatchObject({ kind: 'LimitExceeded' })
    await takeLocks('in.csv')
    await storage.delete(at('in.csv'))
  })
})

describe('what errors say of a statement', () => {
  it('no when it reads or was rolled back, unknown when its rows were refused after it had written', async () => {
    await rows('CREATE OR REPLACE TEMP TABLE said (a INTEGER PRIMARY KEY)')
    const read = db.query('FROM range(300000)', [], { maxRows: 10 })
    await expect(read).rejects.toMatchObject({ kind: 'LimitExceeded', applied: 'no' })
    const written = db.query('INSERT INTO said VALUES (1), (2) RETURNING a', [], { maxRows: 1 })
    await expect(written).rejects.toMatchObject({ kind: 'LimitExceeded', applied: 'unknown' })
    expect(await rows('SELECT count(*)::INTEGER AS n FROM said')).toEqual([{ n: 2 }])
    const twice = db.query('INSERT INTO said VALUES (3), (1)')
    await expect(twice).rejects.toMatchObject({ applied: 'no' })
    expect(await rows('SELECT count(*)::INTEGER AS n FROM said')).toEqual([{ n: 2 }])
  })
})

describe('parameters and values', () => {
  it('are bound, never part of the text', async () => {
    const evil = "'; DROP TABLE t; -- opfs://x"
    expect(await rows('SELECT ? AS a, $1 AS b'.replace('$1', '?'), [evil, "it's"])).toEqual([
      { a: evil, b: "it's" },
    ])
    expect(await rows('SELECT $2 AS b, $1 AS a', ['first', 'second'])).toEqual([{ b: 'second', a: 'first' }])
    await expect(rows('SELECT ?', [1, 2])).rejects.toMatchObject({ kind: 'InvalidInput' })
    await expect(rows('SELECT ?')).rejects.toMatchObject({ kind: 'InvalidInput' })
    await expect(rows('CREATE TABLE x AS SELECT ?', [1])).rejects.toMatchObject({ kind: 'Unsupported' })
  })

  it('keep value and type', async () => {
    const date = new Date('2024-02-03T04:05:06.789Z')
    const values = ['x\0y', 5, 2 ** 40, 1.5, -0, true, null, 2n ** 100n, date, Uint8Array.of(0, 39, 255)]
    const {
      columns,
      rows: [row],
    } = await db.query(`SELECT ${values.map((_value, index) => `? AS c${index}`).join(', ')}`, values)
    expect(Object.values(row ?? {})).toEqual([
      'x\0y',
      5,
      2n ** 40n,
      1.5,
      -0,
      true,
      null,
      2n ** 100n,
      date,
      Uint8Array.of(0, 39, 255),
    ])
    expect(columns.map(({ type }) => type)).toEqual([
      'VARCHAR',
      'INTEGER',
      'BIGINT',
      'DOUBLE',
      'DOUBLE',
      'BOOLEAN',
      'INTEGER',
      'HUGEINT',
      'TIMESTAMP',
      'BLOB',
    ])
  })

  it('come in the types of the contract', async () => {
    const {
      columns,
      rows: [row],
    } = await db.query(`SELECT 3 AS i, 4::BIGINT AS b, 1.50::DECIMAL(5,2) AS d, 1.5::DOUBLE AS f,
      true AS t, DATE '2024-02-03' AS day, TIMESTAMP '2024-02-03 04:05:06.789' AS ts, TIME '01:02:03' AS ti, NULL AS n,
      [1, NULL] AS l, {'x': 1, 'y': [{'z': 2::BIGINT}]} AS s, MAP([1], ['a']) AS m, '\\x01\\xff'::BLOB AS bl,
      'ok'::ENUM('sad', 'ok') AS e, ['sad'::ENUM('sad', 'ok')] AS el`)
    expect(row).toEqual({
      i: 3,
      b: 4n,
      d: '1.50',
      f: 1.5,
      t: true,
      day: new Date('2024-02-03T00:00:00Z'),
      ts: new Date('2024-02-03T04:05:06.789Z'),
      ti: '01:02:03',
      n: null,
      l: [1, null],
      s: { x: 1, y: [{ z: 2n }] },
      m: [{ key: 1, value: 'a' }],
      bl: Uint8Array.of(1, 255),
      e: 'ok',
      el: ['sad'],
    })
    expect(Object.fromEntries(columns.map(({ name, type }) => [name, type]))).toMatchObject({
      i: 'INTEGER',
      b: 'BIGINT',
      d: 'DECIMAL(5,2)',
      l: 'INTEGER[]',
      s: 'STRUCT(x INTEGER, y STRUCT(z BIGINT)[])',
      e: 'ENUM',
    })
  })

  it('are plain numbers where asked for, fit for JSON', async () => {
    const plain = await openDuckDb(storage, { numbers: 'plain' })
    try {
      const {
        rows: [row],
      } = await plain.query('SELECT count(*) AS n, sum(i) AS s, 1.5::DECIMAL(5,2) AS d FROM range(4) t(i)')
      expect(JSON.stringify(row)).toBe('{"n":4,"s":6,"d":1.5}')
      await expect(plain.query('SELECT 9007199254740993')).rejects.toMatchObject({ kind: 'LimitExceeded' })
    } finally {
      await plain.close()
    }
  })

  it('lose no column that has another one’s name', async () => {
    expect(await rows('SELECT 1 AS a, 2 AS a, 3 AS a_1')).toEqual([{ a: 1, a_2: 2, a_1: 3 }])
  })

  it('have their columns also without rows', async () => {
    expect(await db.query('SELECT i, [i] AS l FROM range(0) t(i)')).toEqual({
      columns: [
        { name: 'i', type: 'BIGINT' },
        { name: 'l', type: 'BIGINT[]' },
      ],
      rows: [],
    })
  })
})

describe('many callers', () => {
  it('are served one after the other, each with its own answer', async () => {
    await storage.write(at('a.csv'), 'a\n1\n2\n3\n')
    const answers = await Promise.all(
      Array.from({ length: 30 }, async (_none, index) => {
        if (index % 3 === 0)
          return (await rows(`SELECT sum(a) + ? AS v FROM '${at('a.csv')}'`, [index]))[0]?.['v']
        if (index % 3 === 1)
          return rows(`SELECT * FROM '${at('none.csv')}'`).catch((error: { kind: string }) => error.kind)
        await db.query(`COPY (SELECT ${index} AS a) TO '${at(`out/${index}.csv`)}' (HEADER)`)
        return storage.read(at(`out/${index}.csv`))
      }),
    )
    for (const [index, answer] of answers.entries())
      expect(answer).toEqual([BigInt(6 + index), 'NotFound', `a\n${index}\n`][index % 3])
  })

  it('of two engines share the files', async () => {
    const other = await openDuckDb(storage)
    try {
      await storage.write(at('a.csv'), 'a\n1\n')
      const sql = `SELECT a FROM '${at('a.csv')}'`
      const both = await Promise.all([db.query(sql), other.query(sql), db.query(sql), other.query(sql)])
      for (const { rows: found } of both) expect(found).toEqual([{ a: 1n }])
      await Promise.all([
        db.query(`COPY (SELECT 'x' AS a FROM range(1000)) TO '${at('same.csv')}'`),
        other.query(`COPY (SELECT 'yy' AS a FROM range(1000)) TO '${at('same.csv')}'`),
      ])
      expect(['x\n'.repeat(1000), 'yy\n'.repeat(1000)]).toContain(
        (await storage.read(at('same.csv'))).replace(/^a\n/, ''),
      )
    } finally {
      await other.close()
    }
  })
})

describe('cancellation', () => {
  const endless = (extra = '') => `SELECT sum(sqrt(i)) AS s FROM range(100000000000) t(i) ${extra}`

  it.each([
    ['without parameters', endless(), []],
    ['with parameters', endless('WHERE i % ? = 1'), [7]],
  ])('ends a statement, and leaves the engine fit: %s', async (_name, sql, parameters) => {
    const abort = new AbortController()
    const asked = db.query(sql, parameters, { signal: abort.signal })
    setTimeout(() => abort.abort(), 100)
    await expect(asked).rejects.toMatchObject({ kind: 'Cancelled' })
    expect(await rows('SELECT 42 AS a')).toEqual([{ a: 42 }])
  })

  it('keeps what a COPY would have replaced', async () => {
    await storage.write(at('keep.csv'), 'old\n')
    const abort = new AbortController()
    const asked = db.query(`COPY (${endless()}) TO '${at('keep.csv')}'`, [], { signal: abort.signal })
    setTimeout(() => abort.abort(), 100)
    await expect(asked).rejects.toMatchObject({ kind: 'Cancelled' })
    expect(await rows('SELECT 1 AS a')).toEqual([{ a: 1 }])
    expect(await storage.read(at('keep.csv'))).toBe('old\n')
    await takeLocks('keep.csv')
  })

  it('takes who waits out of the queue', async () => {
    const [running, waiting] = [new AbortController(), new AbortController()]
    const first = db.query(endless(), [], { signal: running.signal })
    const second = db.query('SELECT 1', [], { signal: waiting.signal })
    waiting.abort()
    await expect(second).rejects.toMatchObject({ kind: 'Cancelled' })
    running.abort()
    await expect(first).rejects.toMatchObject({ kind: 'Cancelled' })
    await expect(db.query('SELECT 1', [], { signal: AbortSignal.abort() })).rejects.toMatchObject({
      kind: 'Cancelled',
    })
  })

  it('starts the engine again where it does not let go in time, if told to', async () => {
    const impatient = await openDuckDb(storage, { restartAfterMs: 200 })
    try {
      const abort = new AbortController()
      // A hash join whose single steps are long.
      const join = 'SELECT count(*) FROM range(100000) a, range(100000) b WHERE a.range % 7 = b.range % 11'
      const asked = impatient.query(join, [], { signal: abort.signal })
      setTimeout(() => abort.abort(), 500)
      await expect(asked).rejects.toMatchObject({ kind: 'Cancelled' })
      expect((await impatient.query('SELECT 1 AS a')).rows).toEqual([{ a: 1 }])
    } finally {
      await impatient.close()
    }
  })
})

describe('the engine', () => {
  it('says LimitExceeded when its memory ends, and goes on', async () => {
    const small = await openDuckDb(storage, { memoryLimitBytes: 10_000_000 })
    try {
      await expect(
        small.query('SELECT count(*) FROM (SELECT DISTINCT i FROM range(10000000) t(i))'),
      ).rejects.toMatchObject({
        kind: 'LimitExceeded',
      })
      expect((await small.query('SELECT 1 AS a')).rows).toEqual([{ a: 1 }])
    } finally {
      await small.close()
    }
  })

  it('is started again after its worker was lost', async () => {
    const script = new URL('@duckdb/duckdb-wasm/dist/duckdb-browser-eh.worker.js', import.meta.url).href
    const wasm = new URL('@duckdb/duckdb-wasm/dist/duckdb-eh.wasm', import.meta.url)
    const fragile = `addEventListener('message', (event) => {
      if (!String(event.data.data?.[1] ?? '').includes('break down')) return
      event.stopImmediatePropagation()
      throw new Error('broken')
    })
    importScripts(${JSON.stringify(script)})`
    const worker = URL.createObjectURL(new Blob([fragile], { type: 'text/javascript' }))
    const lossy = await openDuckDb(storage, {
      bundle: { worker, wasm },
      setup: ['CREATE MACRO twice(x) AS x * 2'],
    })
    try {
      const lost = lossy.query("SELECT 'break down'")
      const next = lossy.query('SELECT twice(21) AS a')
      await expect(lost).rejects.toMatchObject({
        kind: 'Unavailable',
        retryable: 'temporary',
        code: 'DUCKDB_LOST',
      })
      expect((await next).rows).toEqual([{ a: 42 }])
    } finally {
      await lossy.close()
      URL.revokeObjectURL(worker)
    }
  })

  it('that cannot be fetched is Unavailable; a setting it refuses is Misconfigured', async () => {
    const worker = new URL('/no/such/worker.js', location.href)
    const wasm = new URL('@duckdb/duckdb-wasm/dist/duckdb-eh.wasm', import.meta.url)
    await expect(openDuckDb(storage, { bundle: { worker, wasm } })).rejects.toMatchObject({
      kind: 'Unavailable',
    })
    await expect(openDuckDb(storage, { setup: ['SET no_such_setting = 1'] })).rejects.toMatchObject({
      kind: 'Misconfigured',
    })
  })

  it('reads files of a storage that keeps opfs:// elsewhere', async () => {
    const elsewhere = createStorage({ schemes: [memoryScheme({ scheme: 'opfs' })] })
    await storage.write(at('a.csv'), 'a\n1\n')
    await elsewhere.write(at('a.csv'), 'a\n22\n')
    const memory = await openDuckDb(elsewhere)
    try {
      expect((await memory.query(`SELECT a FROM '${at('a.csv')}'`)).rows).toEqual([{ a: 22n }])
    } finally {
      await memory.close()
    }
  })

  it('refuses after close, and closes twice', async () => {
    const own = await openDuckDb(storage)
    await own.close()
    await own.close()
    await expect(own.query('SELECT 1')).rejects.toMatchObject({ kind: 'Misconfigured' })
  })

  it('asks nobody but the page’s own origin', () => {
    const asked = performance.getEntriesByType('resource').map(({ name }) => new URL(name))
    expect(
      asked.filter(({ protocol, origin }) => protocol.startsWith('http') && origin !== location.origin),
    ).toEqual([])
  })
})

async function home(): Promise<FileSystemDirectoryHandle> {
  return (await navigator.storage.getDirectory()).getDirectoryHandle(folder, { create: true })
}

async function rawFile(path: string): Promise<File> {
  const names = path.split('/')
  const last = names.pop() ?? ''
  let parent = await home()
  for (const name of names) parent = await parent.getDirectoryHandle(name)
  return (await parent.getFileHandle(last)).getFile()
}

/** Every path below the test's folder. */
async function tree(): Promise<readonly string[]> {
  const paths: string[] = []
  const walk = async (parent: FileSystemDirectoryHandle, prefix: string) => {
    for await (const [name, handle] of parent.entries()) {
      paths.push(prefix + name)
      if (handle.kind === 'directory') await walk(handle as FileSystemDirectoryHandle, `${prefix + name}/`)
    }
  }
  await walk(await home(), '')
  return paths.sort()
}

/** Fails while anybody holds a lock on the file: both kinds of writers are opened and closed. */
async function takeLocks(name: string): Promise<void> {
  const handle = await (await home()).getFileHandle(name)
  await (await handle.createWritable()).abort()
  const script = `onmessage = async ({ data }) => {
    try { (await data.createSyncAccessHandle()).close(); postMessage('released') } catch (error) { postMessage(String(error)) }
  }`
  const url = URL.createObjectURL(new Blob([script], { type: 'text/javascript' }))
  const worker = new Worker(url)
  try {
    const said = new Promise((resolve) => worker.addEventListener('message', ({ data }) => resolve(data)))
    worker.postMessage(handle, [])
    expect(await said).toBe('released')
  } finally {
    worker.terminate()
    URL.revokeObjectURL(url)
  }
}
