import fs from 'node:fs'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { describe, expect, it } from 'vitest'
import { tempDirectory } from '../../../test/support/temp-directory.ts'
import { openSqliteDrivers } from './drivers.ts'

const clock = { now: () => Date.now() }

describe('opening', () => {
  it('uses write-ahead logging and syncs every commit by default', async () => {
    const path = join(tempDirectory(), 'made', 'for', 'it', 'flowport.sqlite')
    const drivers = await openSqliteDrivers({ path, clock })
    expect(drivers.kv.info).toMatchObject({
      durability: 'durable',
      extensions: { 'dev.flowport.sqlite.synchronous': 'FULL' },
    })
    drivers.close()
    drivers.close()
    const db = new DatabaseSync(path)
    expect(db.prepare('PRAGMA journal_mode').get()).toEqual({ journal_mode: 'wal' })
    db.close()
  })

  it('states what it keeps of a database in memory', async () => {
    const drivers = await openSqliteDrivers({ path: ':memory:', clock })
    drivers.kv.put('key', 'value', {})
    expect(drivers.kv.get('key')?.value).toBe('value')
    expect(
      [drivers.kv.info, drivers.dedupe.info, drivers.queue('q').info].map((info) => info.durability),
    ).toEqual(Array.from({ length: 3 }, () => 'ephemeral'))
    drivers.close()
  })

  it('refuses the file of another program, of a later version, and what is no database', async () => {
    const directory = tempDirectory()
    const foreign = join(directory, 'foreign.sqlite')
    const other = new DatabaseSync(foreign)
    other.exec('CREATE TABLE theirs (x)')
    other.close()
    await expect(openSqliteDrivers({ path: foreign, clock })).rejects.toMatchObject({ kind: 'Misconfigured' })
    const check = new DatabaseSync(foreign)
    expect(check.prepare('SELECT name FROM sqlite_schema').all()).toEqual([{ name: 'theirs' }])
    expect(check.prepare('PRAGMA journal_mode').get()).toEqual({ journal_mode: 'delete' })
    check.close()

    const later = join(directory, 'later.sqlite')
    ;(await openSqliteDrivers({ path: later, clock })).close()
    const db = new DatabaseSync(later)
    db.exec('PRAGMA user_version = 1000')
    db.close()
    await expect(openSqliteDrivers({ path: later, clock })).rejects.toMatchObject({
      kind: 'Misconfigured',
      message: expect.stringContaining('later version'),
    })

    const noise = join(directory, 'noise.sqlite')
    fs.writeFileSync(noise, 'x'.repeat(10_000))
    await expect(openSqliteDrivers({ path: noise, clock })).rejects.toMatchObject({
      kind: 'Misconfigured',
      message: expect.not.stringContaining(directory),
    })
  })

  it('refuses options that make no sense', async () => {
    await expect(openSqliteDrivers({ path: ':memory:', clock, maxAttempts: 0 })).rejects.toMatchObject({
      kind: 'Misconfigured',
    })
    await expect(openSqliteDrivers({ path: ':memory:', clock, busyTimeoutMs: -1 })).rejects.toMatchObject({
      kind: 'Misconfigured',
    })
  })

  it('when another connection writes for too long, is Unavailable and temporary', async () => {
    const path = join(tempDirectory(), 'flowport.sqlite')
    const drivers = await openSqliteDrivers({ path, clock, busyTimeoutMs: 20 })
    const other = new DatabaseSync(path)
    other.exec('BEGIN IMMEDIATE')
    const busy = expect.objectContaining({ kind: 'Unavailable', retryable: 'temporary', applied: 'no' })
    expect(() => drivers.kv.put('key', 'value', {})).toThrow(busy)
    expect(() => drivers.dedupe.reserve('key', 'token', 1000)).toThrow(busy)
    expect(() => drivers.queue('q').send(['1', '2'], 0)).toThrow(busy)
    expect(drivers.kv.get('key')).toBeNull()
    other.exec('ROLLBACK')
    other.close()
    drivers.kv.put('key', 'value', {})
    expect(drivers.queue('q').send(['1', '2'], 0)).toHaveLength(2)
    drivers.close()
    expect(() => drivers.kv.put('key', 'value', {})).toThrow(
      expect.objectContaining({ kind: 'Unavailable', retryable: 'never', applied: 'no' }),
    )
  })
})

describe('unknown keys', () => {
  it('of a large ledger come in pages that read a bounded number of rows each', async () => {
    const path = join(tempDirectory(), 'flowport.sqlite')
    const drivers = await openSqliteDrivers({ path, clock })
    const db = new DatabaseSync(path)
    db.exec(`WITH RECURSIVE n(i) AS (SELECT 0 UNION ALL SELECT i + 1 FROM n WHERE i < 24999)
      INSERT INTO dedupe (key, expires_at, done, token, fingerprint, result, started, fence)
      SELECT printf('key-%05d', i), 0, i <> 24000, 't', 'f', 'null', 1, i FROM n`)
    db.close()
    const pages = []
    let cursor: string | null = null
    do {
      const page = drivers.dedupe.unknowns(cursor, 10)
      pages.push(page.keys.map(({ key }) => key))
      cursor = page.cursor
    } while (cursor !== null)
    expect(pages).toEqual([[], [], ['key-24000']])
    drivers.close()
  })
})

describe('expired rows', () => {
  it('are deleted by later writes, a bounded number at a time', async () => {
    let now = 1_000
    const path = join(tempDirectory(), 'flowport.sqlite')
    const drivers = await openSqliteDrivers({ path, synchronous: 'NORMAL', clock: { now: () => now } })
    for (let i = 0; i < 500; i++) {
      drivers.kv.put(`old/${i}`, 'x', { expiresAt: 2_000 })
      drivers.dedupe.reserve(`old/${i}`, 'token', 1_000)
    }
    now = 3_000
    for (let i = 0; i < 400; i++) {
      drivers.kv.put('new', `${i}`, {})
      drivers.dedupe.reserve(`new/${i}`, 'token', 1_000)
    }
    drivers.close()
    const db = new DatabaseSync(path)
    expect(db.prepare('SELECT count(*) AS n FROM kv').get()).toEqual({ n: 1 })
    expect(db.prepare("SELECT count(*) AS n FROM dedupe WHERE key LIKE 'old/%'").get()).toEqual({ n: 0 })
    db.close()
  })
})
