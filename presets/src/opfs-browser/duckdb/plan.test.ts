import { createStorage, memoryScheme } from '@flowport/capabilities/storage'
import { describe, expect, it } from 'vitest'
import { planStatement } from './plan.ts'

const storage = createStorage({ schemes: [memoryScheme()] })
const plan = (sql: string, parameters: readonly string[] = []) =>
  planStatement(sql, parameters, storage, undefined)

describe('planStatement', () => {
  it('leaves sources as they are, and names each once', async () => {
    const sql = "select * from 'memory://a.csv' a join read_csv('memory://a.csv') b using (id)"
    expect(await plan(sql)).toMatchObject({ sql, sources: ['memory://a.csv'], targets: [] })
  })

  it('writes to a name of its own that ends alike, also where the target is a source', async () => {
    const { sql, sources, targets } = await plan(
      "copy (from 'memory://a.csv.gz') to 'memory://a.csv.gz' (header)",
    )
    expect(sql).toBe("copy (from 'memory://a.csv.gz') to 'flowport-copy-0.csv.gz' (header)")
    expect(sources).toEqual(['memory://a.csv.gz'])
    expect(targets).toEqual([{ uri: 'memory://a.csv.gz', name: 'flowport-copy-0.csv.gz' }])
  })

  it('puts the files of a pattern in its place', async () => {
    for (const name of ["it's.csv", 'b.csv', 'c.parquet']) await storage.write(`memory://p/${name}`, '')
    const list = "'memory://p/b.csv', 'memory://p/it''s.csv'"
    expect((await plan("select * from read_csv('memory://p/*.csv', header=true)")).sql).toBe(
      `select * from read_csv([${list}], header=true)`,
    )
    expect((await plan("from 'memory://p/*.csv' t")).sql).toBe(`from read_csv_auto([${list}]) t`)
    expect((await plan("from read_csv(['memory://p/*.csv', 'memory://x.csv'])")).sql).toBe(
      `from read_csv([${list}, 'memory://x.csv'])`,
    )
    expect((await plan("from 'memory://p/*.parquet'")).sql).toBe(
      "from read_parquet(['memory://p/c.parquet'])",
    )
  })

  it('takes a file from a parameter', async () => {
    expect(await plan('select ?, * from read_csv(?)', ['memory://no.csv', 'memory://a.csv'])).toMatchObject({
      sources: ['memory://a.csv'],
    })
  })

  it.each([
    ["copy t from 'memory://p/*.csv'", [], 'takes one file'],
    ['from read_csv(?)', ['memory://p/*.csv'], 'cannot be a parameter'],
  ])('refuses %s', async (sql, parameters, said) => {
    await expect(plan(sql, parameters)).rejects.toMatchObject({
      kind: 'Unsupported',
      message: expect.stringContaining(said),
    })
  })

  it('wants a function where the ending does not tell the format', async () => {
    await storage.write('memory://q/a.dat', '')
    await expect(plan("from 'memory://q/*'")).rejects.toMatchObject({ kind: 'InvalidInput' })
  })
})
