import {
  control,
  createDurableState,
  type DurableState,
  type OpenContext,
  silentLogger,
  type StateHandle,
} from '@flowport/capabilities'
import { systemClock } from '@flowport/capabilities/system'
import { evictDurableObject, runDurableObjectAlarm, runInDurableObject } from 'cloudflare:test'
import { env } from 'cloudflare:workers'
import { describe, expect, expectTypeOf, it } from 'vitest'
import type { ObjectState } from '../../src/cloudflare/durable/object-state.ts'
import type { DurableStateDriver } from '../../src/durable-state/driver.ts'
import { durableStateInfo } from '../../src/durable-state/info.ts'
import { batchRows, durableStateLimits } from '../../src/durable-state/limits.ts'
import { openDurableStateDriver } from '../../src/durable-state/open.ts'
import type { StateCalls } from '../../src/durable-state/protocol.ts'
import type { SocketHost } from '../../src/durable-state/sockets.ts'
import { durableState, type ObjectNamespace, stateObjectAt } from '../../src/durable-state/preset.ts'
import type { StateObject } from './durable-state-classes.ts'

const bindings: Readonly<Record<string, unknown>> = { ...env }
const driver = openDurableStateDriver(bindings, {})
const state = createDurableState(driver)
const objects = env.STATE as unknown as DurableObjectNamespace<StateObject>

function context(): OpenContext {
  return { env: {}, bindings, log: silentLogger, clock: systemClock }
}

/** Rows without end: whoever reads them all never comes back. */
const endless = 'WITH RECURSIVE c(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM c)'

describe('preset durable-state', () => {
  it('opens the bound namespace and states what the driver states', async () => {
    const provider = durableState()
    expect(provider.provides).toEqual({ state: durableStateInfo })
    expect(provider.bindings.map(({ name, fits }) => [name, fits(env.STATE), fits(env.KV)])).toEqual([
      ['STATE', true, false],
    ])
    const { resources, close } = await provider.open(context())
    const opened = resources.get('state') as unknown as DurableState
    expect(opened.info).toEqual(durableStateInfo)
    await opened.of('preset').put('key', 1)
    expect(await state.of('preset').get('key')).toBe(1)
    await close()
  })

  it('names the binding that is missing or is something else', async () => {
    for (const binding of ['NOTHING', 'KV']) {
      await expect(durableState({ binding }).open(context())).rejects.toMatchObject({
        kind: 'Misconfigured',
        message: expect.stringContaining(binding) as string,
      })
    }
  })

  it('says so when another class is bound, or jurisdictions do not exist here', async () => {
    const wrong = createDurableState(openDurableStateDriver(bindings, { binding: 'SEQUENCER' }))
    await expect(wrong.of('wrong').get('key')).rejects.toMatchObject({ kind: 'Misconfigured' })
    await expect(wrong[control].check()).rejects.toMatchObject({ kind: 'Misconfigured' })
    await state[control].check()
    await expect(durableState({ jurisdiction: 'eu' }).open(context())).rejects.toMatchObject({
      kind: 'Unsupported',
    })
  })

  it('takes the real types of the platform', () => {
    expectTypeOf<DurableObjectNamespace>().toExtend<ObjectNamespace>()
    expectTypeOf<DurableObjectState>().toExtend<ObjectState>()
    expectTypeOf<DurableObjectState>().toExtend<SocketHost>()
  })

  it('reaches objects by name, as new ones, and by their id', async () => {
    const named = stateObjectAt(env.STATE, { name: 'addressed' })
    await named.state.put('key', 'by name')
    expect(await state.of('addressed').get('key')).toBe('by name')
    const made = stateObjectAt(env.STATE, { unique: true })
    await made.state.put('key', 'new')
    expect(made.id).toMatch(/^[0-9a-f]{64}$/)
    expect(await stateObjectAt(env.STATE, { id: made.id }).state.get('key')).toBe('new')
    expect(await stateObjectAt(env.STATE, { id: named.id }).state.get('key')).toBe('by name')
    expect(() => stateObjectAt(env.STATE, { id: 'no id' })).toThrow('64 hex digits')
  })
})

describe('single writer', () => {
  const width = 50
  const read = async (one: StateHandle) => ((await one.get('count')) as number | null) ?? 0

  it('50 transactions at once end at 50', async () => {
    const one = state.of('transactions')
    const add = () =>
      one.transaction(async (tx) => tx.put('count', (((await tx.get('count')) as number | null) ?? 0) + 1), {
        maxAttempts: width,
      })
    await Promise.all(Array.from({ length: width }, add))
    expect(await read(one)).toBe(width)
  })

  it('50 reads and writes without a transaction lose updates: the case above can fail', async () => {
    const one = state.of('no transactions')
    const add = async () => one.put('count', (await read(one)) + 1)
    await Promise.all(Array.from({ length: width }, add))
    expect(await read(one)).toBeLessThan(width)
  })

  it('50 calls of the object’s own method end at 50, without any repetition', async () => {
    const stub = objects.getByName('methods')
    const sums = await Promise.all(Array.from({ length: width }, () => stub.add('count', 1)))
    expect(new Set(sums).size).toBe(width)
    expect(await read(state.of('methods'))).toBe(width)
  })

  it('knows a commit again after the object has restarted', async () => {
    const commit = {
      token: 'token',
      reads: [{ key: 'key', version: null }],
      scans: [],
      writes: [{ key: 'key', value: '1' }],
    }
    expect(await driver.commit('tokens', commit, {})).toBe(true)
    await evictDurableObject(env.STATE.getByName('tokens'))
    await driver.put('tokens', 'key', '2', {})
    expect(await driver.commit('tokens', commit, {})).toBe(true)
    expect(await driver.commit('tokens', { ...commit, token: 'another' }, {})).toBe(false)
    expect(await driver.get('tokens', 'key', {})).toMatchObject({ value: '2' })
  })
})

describe('sql cursors', () => {
  const openCursors = (name: string) => objects.getByName(name).stateOpenCursors()

  it('read no further than they are asked: rows without end can be left', async () => {
    const one = state.of('endless')
    const seen: unknown[] = []
    for await (const { n } of one.sql.iterate(`${endless} SELECT n FROM c`)) {
      seen.push(n)
      if (seen.length === batchRows + 1) {
        expect(await openCursors('endless')).toBe(1)
        break
      }
    }
    expect(seen.at(-1)).toBe(batchRows + 1)
    await expect.poll(() => openCursors('endless')).toBe(0)
  })

  it('hold a batch of large rows by its bytes', async () => {
    const one = state.of('large rows')
    let bytes = 0
    for await (const { blob } of one.sql.iterate(`${endless} SELECT zeroblob(1900000) AS blob FROM c`)) {
      bytes += (blob as Uint8Array).byteLength
      // More than one RPC could carry at once.
      if (bytes > 40_000_000) break
    }
    await expect.poll(() => openCursors('large rows')).toBe(0)
  })

  it('are freed by an error in the loop, and by reading to the end', async () => {
    const one = state.of('freed')
    const failing = async () => {
      for await (const _ of one.sql.iterate(`${endless} SELECT n FROM c`)) throw new Error('in the loop')
    }
    await expect(failing()).rejects.toThrow('in the loop')
    for await (const _ of one.sql.iterate(`${endless} SELECT n FROM c LIMIT 3`)) continue
    await expect.poll(() => openCursors('freed')).toBe(0)
  })

  it('are freed when the signal fires', async () => {
    const controller = new AbortController()
    const query = `${endless} SELECT n FROM c`
    const read = async () => {
      for await (const _ of state.of('aborted').sql.iterate({ query, signal: controller.signal }))
        controller.abort(new Error('enough'))
    }
    await expect(read()).rejects.toMatchObject({ kind: 'Cancelled' })
    await expect.poll(() => openCursors('aborted')).toBe(0)
  })

  it('of which there are many do not disturb each other', async () => {
    const one = state.of('many')
    const read = async (from: number) => {
      const seen: unknown[] = []
      for await (const { n } of one.sql.iterate(`${endless} SELECT n + ? AS n FROM c LIMIT 1200`, from))
        seen.push(n)
      return seen
    }
    const all = await Promise.all(Array.from({ length: 20 }, (_, i) => read(i * 10_000)))
    for (const [i, seen] of all.entries())
      expect(seen).toEqual(Array.from({ length: 1200 }, (_, n) => i * 10_000 + n + 1))
    await expect.poll(() => openCursors('many')).toBe(0)
  })

  it('that are lost with the object are Unavailable', async () => {
    const one = state.of('lost')
    const rows = one.sql.iterate(`${endless} SELECT n FROM c`)[Symbol.asyncIterator]()
    await rows.next()
    await runInDurableObject(env.STATE.getByName('lost'), (_, ctx) => {
      ctx.abort('gone')
    }).catch(() => undefined)
    const rest = async () => {
      for (let i = 0; i <= batchRows; i++) await rows.next()
    }
    await expect(rest()).rejects.toMatchObject({ kind: 'Unavailable' })
  })

  it('that SQLite ended, because a change of the schema was taken back, say so', async () => {
    const { sql } = state.of('rolled back')
    await sql.exec(`CREATE TABLE t (n); INSERT INTO t ${endless} SELECT n FROM c LIMIT 2000`)
    const read = async () => {
      let count = 0
      for await (const _ of sql.iterate('SELECT n FROM t')) {
        count += 1
        if (count !== 1) continue
        const failing = sql.exec('CREATE TABLE u (a); SELECT nothing')
        await expect(failing).rejects.toMatchObject({ kind: 'InvalidInput' })
      }
    }
    await expect(read()).rejects.toMatchObject({ kind: 'Unavailable' })
    await expect.poll(() => openCursors('rolled back')).toBe(0)
  })
})

describe('sql exec', () => {
  it('refuses more rows than one answer holds, and has done nothing', async () => {
    const one = state.of('too many rows')
    await one.sql.exec('CREATE TABLE t (a)')
    const query = `INSERT INTO t ${endless} SELECT zeroblob(1000000) FROM c LIMIT 9 RETURNING a`
    await expect(one.sql.exec(query)).rejects.toMatchObject({ kind: 'LimitExceeded' })
    expect(await one.sql.exec('SELECT count(*) AS n FROM t')).toEqual([{ n: 0 }])
    expect(await one.sql.exec(query.replace('LIMIT 9', 'LIMIT 8'))).toHaveLength(8)
  })

  it('tells what SQLite said by kind', async () => {
    const { sql } = state.of('kinds')
    await sql.exec('CREATE TABLE t (a INTEGER PRIMARY KEY, b NOT NULL DEFAULT 1 CHECK (b > 0))')
    await sql.exec('INSERT INTO t VALUES (1, 1)')
    const kinds = {
      'INSERT INTO t VALUES (1, 1)': 'AlreadyExists',
      'INSERT INTO t VALUES (2, 0)': 'ConditionNotMatch',
      'INSERT INTO t VALUES (2, NULL)': 'ConditionNotMatch',
      'PRAGMA journal_mode = off': 'PermissionDenied',
      'CREATE TABLE _cf_mine (a)': 'PermissionDenied',
      'SELECT * FROM nowhere': 'InvalidInput',
    }
    for (const [query, kind] of Object.entries(kinds))
      await expect(sql.exec(query), query).rejects.toMatchObject({ kind })
    // Limits that cannot be seen from outside are SQLite's to tell.
    await expect(sql.exec("SELECT 'x' LIKE ? || '%'", 'x'.repeat(50))).rejects.toMatchObject({
      kind: 'LimitExceeded',
    })
    const columns = Array.from({ length: 101 }, (_, i) => `1 AS c${i}`).join()
    await expect(sql.exec(`SELECT ${columns}`)).rejects.toMatchObject({ kind: 'LimitExceeded' })
  })

  it('the limits it checks are not below those SQLite has here', async () => {
    await runInDurableObject(env.STATE.getByName('edges'), (_, { storage: { sql } }) => {
      const { maxStatementBytes, maxParameters, maxColumns, maxLikePatternBytes } = durableStateLimits.sql
      const list = (count: number, item: (i: number) => string) =>
        Array.from({ length: count }, (_, i) => item(i)).join()
      const edges: Record<string, [number, (count: number) => unknown]> = {
        statement: [maxStatementBytes, (bytes) => sql.exec('SELECT 1'.padEnd(bytes))],
        parameters: [
          maxParameters,
          (n) => sql.exec(`SELECT 1 IN (${list(n, () => '?')})`, ...Array<number>(n).fill(1)),
        ],
        columns: [maxColumns, (n) => sql.exec(`CREATE TABLE t${n} (${list(n, (i) => `c${i}`)})`)],
        pattern: [maxLikePatternBytes, (bytes) => sql.exec("SELECT 'x' LIKE ?", 'x'.repeat(bytes)).toArray()],
      }
      for (const [name, [limit, run]] of Object.entries(edges)) {
        expect(() => run(limit), name).not.toThrow()
        expect(() => run(limit + 1), name).toThrow()
      }
    })
  })
})

describe('what one call carries', () => {
  it('is never more than the platform takes: transactions up to their limit, in two-byte text too', async () => {
    const one = state.of('large transaction')
    const { maxTransactionBytes } = durableStateLimits
    const values = Array.from({ length: 4 }, () => `€${'x'.repeat(1_900_000)}`)
    const rest = maxTransactionBytes - 4 * (2 + 1_900_003 + 2) - 4
    const write = (last: number) =>
      one.transaction((tx) => {
        for (const [i, value] of values.entries()) tx.put(`k${i}`, value)
        tx.put('last', 'x'.repeat(last - 2))
      })
    await write(rest - 1)
    await write(rest)
    await expect(write(rest + 1)).rejects.toMatchObject({ kind: 'LimitExceeded' })
    expect(((await one.get('last')) as string).length).toBe(rest - 2)
    let bytes = 0
    for await (const { value } of one.entries()) bytes += (value as string).length
    expect(bytes).toBe(4 * 1_900_001 + rest - 2)
  })

  it('past it is LimitExceeded: parameters of SQL that are too large together', async () => {
    const large = new Uint8Array(2_000_000)
    const call = state.of('large parameters').sql.exec('SELECT 1', ...Array.from({ length: 20 }, () => large))
    await expect(call).rejects.toMatchObject({ kind: 'LimitExceeded' })
  })
})

describe('listing', () => {
  it('ends a page of large values early, and goes on', async () => {
    const one = state.of('large values')
    for (let n = 0; n < 10; n++) await one.put(`k${n}`, 'x'.repeat(1_900_000))
    const page = await one.list()
    expect(page.entries.length).toBeGreaterThan(0)
    expect(page.entries.length).toBeLessThan(10)
    expect(page.listComplete).toBe(false)
    const keys: string[] = []
    for await (const { key } of one.entries({ reverse: true })) keys.push(key)
    expect(keys).toEqual(Array.from({ length: 10 }, (_, n) => `k${9 - n}`))
  })
})

describe('StateObject', () => {
  it('stores nothing when it was only read', async () => {
    const one = state.of('untouched')
    expect([await one.get('key'), await one.list(), await one.alarm.get()]).toEqual([
      null,
      { entries: [], listComplete: true },
      null,
    ])
    const tables = await runInDurableObject(env.STATE.getByName('untouched'), (_, { storage }) =>
      storage.sql.exec("SELECT name FROM sqlite_master WHERE name LIKE '%flowport%'").toArray(),
    )
    expect(tables).toEqual([])
  })

  it('calls onAlarm when the alarm is due, also after the object was away', async () => {
    const one = state.of('alarmed')
    const due = new Date(Date.now() + 3_600_000)
    await one.alarm.set(due)
    await evictDurableObject(env.STATE.getByName('alarmed'))
    expect(await runDurableObjectAlarm(env.STATE.getByName('alarmed'))).toBe(true)
    expect(await one.get('alarm')).not.toBeNull()
    expect(await one.alarm.get()).toBeNull()
    await one.delete('alarm')
    await one.alarm.set(new Date(Date.now() + 20))
    await expect.poll(() => one.get('alarm')).not.toBeNull()
  })
})

// Kept for the type of the driver's stub: a class of the test is one.
expectTypeOf<StateObject>().toExtend<StateCalls>()
expectTypeOf(driver).toEqualTypeOf<DurableStateDriver>()
