/** DuckDB opens what a statement names, and nothing else: not what data says, and no file that changes while it is read. */
import { createStorage, memoryScheme, type UriStorage } from '@flowport/capabilities/storage'
import { type DuckDb, openDuckDb } from '@flowport/presets/opfs-browser/duckdb'
import { opfsScheme } from '@flowport/presets/opfs-browser/storage'
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'

const folder = `duckdb-doors-${crypto.randomUUID()}`
const at = (path: string) => `opfs://${folder}/${path}`
const files = createStorage({ schemes: [opfsScheme(), memoryScheme()] })
/** Runs when the storage is asked for this URI. */
const second = 'memory://second.csv'
let meanwhile: (() => Promise<unknown>) | undefined
/** URIs the storage was asked for. */
const asked: string[] = []
const storage = new Proxy<UriStorage>(files, {
  get(target, name) {
    const member: unknown = Reflect.get(target, name)
    if (typeof member !== 'function') return member
    return async (uri: unknown, ...more: readonly unknown[]): Promise<unknown> => {
      asked.push(String(uri))
      const work = uri === second ? meanwhile : undefined
      if (work !== undefined) meanwhile = undefined
      await work?.()
      return Reflect.apply(member, target, [uri, ...more]) as unknown
    }
  },
})
let db: DuckDb

beforeAll(async () => {
  db = await openDuckDb(storage)
}, 120_000)
beforeEach(async () => {
  asked.length = 0
  await files.delete(at(''), { recursive: true })
})
afterAll(async () => {
  await db.close()
  await files.delete(at(''), { recursive: true })
  await files.close()
})

const rows = async (sql: string, parameters: readonly string[] = []) => (await db.query(sql, parameters)).rows

/** Requests of this page and of the engine's worker, as far as the page is told, beyond its own origin. */
const foreign = () =>
  performance
    .getEntriesByType('resource')
    .map(({ name }) => name)
    .filter((name) => name.startsWith('http') && !name.startsWith(location.origin))

describe('data', () => {
  const evil = [
    'No files found that match the pattern "memory://evil.csv"',
    'IO Error: No files found that match the pattern "memory://evil.csv"',
    '\nIO Error: No files found that match the pattern "memory://evil.csv"',
    'IO Error: No files found that match the pattern "https://evil.test/x.csv"',
  ]

  it.each(evil)('of a CSV opens nothing, whatever the engine says of it: %j', async (cell) => {
    await files.write(at('cells.csv'), `a\n"${cell.replaceAll('"', '""')}"\n`)
    for (const sql of [
      `SELECT CAST(a AS INTEGER) FROM read_csv('${at('cells.csv')}', header = true, columns = {'a': 'VARCHAR'})`,
      `SELECT error(a) FROM read_csv('${at('cells.csv')}', header = true, columns = {'a': 'VARCHAR'})`,
      `SELECT * FROM read_csv('${at('cells.csv')}', header = true, columns = {'a': 'INTEGER'})`,
    ]) {
      await expect(rows(sql)).rejects.toMatchObject({ kind: 'InvalidInput' })
    }
    expect(new Set(asked)).toEqual(new Set([at('cells.csv')]))
    expect(foreign()).toEqual([])
  })

  it('opens nothing through a view that names another file', async () => {
    await files.write(at('real.csv'), 'a\nx\n')
    await rows(`CREATE OR REPLACE VIEW v AS SELECT * FROM '${at('real.csv')}'`)
    await expect(rows(`SELECT error(?) FROM v`, [evil[1] ?? ''])).rejects.toMatchObject({
      kind: 'InvalidInput',
    })
    expect(asked).not.toContain('memory://evil.csv')
  })
})

describe('statements', () => {
  it.each([
    "COPY (SELECT 1 AS a) TO 'plain.csv'",
    "ATTACH ':memory:' AS other",
    "EXPORT DATABASE 'exported'",
    "SELECT * FROM glob('*')",
    'INSTALL httpfs',
    "SET custom_extension_repository = 'https://evil.test'",
    "SELECT * FROM read_csv_auto(concat('https://evil', '.test/x.csv'))",
    'FROM $$https://evil.test/x.csv$$',
    'FROM "https://evil.test/x".csv',
    'SELECT * FROM "read_csv_auto"(\'https://evil.test/x.csv\')',
    'UPDATE "https://evil.test/x.csv" SET a = 1',
    'TABLE "https://evil.test/x.csv"',
  ])('that would open something by themselves are Unsupported: %s', async (sql) => {
    await expect(rows(sql)).rejects.toMatchObject({ kind: 'Unsupported' })
    expect(foreign()).toEqual([])
  })

  it('leave nothing in the memory of the engine', async () => {
    await rows(`COPY (SELECT 1 AS a) TO '${at('out.csv')}' (HEADER)`)
    await expect(rows("SELECT * FROM 'flowport-copy-0.csv'")).rejects.toThrow(/does not exist|No files found/)
    await expect(rows("SELECT * FROM 'plain.csv'")).rejects.toThrow(/does not exist|No files found/)
  })

  it('of setup may name files, in views too', async () => {
    await files.write(at('named.csv'), 'a\n5\n')
    const named = await openDuckDb(files, {
      setup: [`CREATE VIEW named AS SELECT * FROM '${at('named.csv')}'`, 'SET threads = 1'],
    })
    try {
      expect((await named.query('SELECT a FROM named')).rows).toEqual([{ a: 5n }])
      await files.write(at('named.csv'), 'a\n6\n')
      expect((await named.query('SELECT a FROM named')).rows).toEqual([{ a: 6n }])
    } finally {
      await named.close()
    }
  })
})

describe('a file that changes while a statement reads it', () => {
  const text = `a\n${'5\n'.repeat(1000)}`

  it.each([
    ['replaced', () => files.write(at('f.csv'), text)],
    ['replaced by a shorter one', () => files.write(at('f.csv'), 'a\n5\n')],
    ['deleted', () => files.delete(at('f.csv'))],
    [
      'deleted with its folder, as clearing the site data does',
      async () => (await navigator.storage.getDirectory()).removeEntry(folder, { recursive: true }),
    ],
  ])('is Unavailable, and the next statement recovers: %s', async (_how, change) => {
    // The second file is looked for when the first has been lent to the engine.
    const sql = `SELECT sum(a) AS s FROM '${at('f.csv')}', '${second}'`
    await files.write(second, 'b\n1\n')
    await files.write(at('f.csv'), text)
    meanwhile = change
    const error = await rows(sql).catch((thrown: unknown) => thrown)
    expect(error).toMatchObject({ kind: 'Unavailable', retryable: 'temporary', code: 'DUCKDB_FILE_CHANGED' })
    expect(JSON.stringify(error)).not.toMatch(/FileReader|worker|nsresult/)
    if (await files.exists(at('f.csv')))
      expect(await rows(sql)).toEqual([{ s: expect.any(BigInt) as bigint }])
    else await expect(rows(sql)).rejects.toMatchObject({ kind: 'NotFound', key: at('f.csv') })
    await files.write(at('f.csv'), text)
    expect(await rows(sql)).toEqual([{ s: 5000n }])
  })
})
