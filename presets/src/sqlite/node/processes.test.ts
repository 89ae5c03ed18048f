import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { killAfter, runChildren, startChild } from '../../../test/support/children.ts'
import { tempDirectory } from '../../../test/support/temp-directory.ts'
import { openSqliteDrivers } from './drivers.ts'

const clock = { now: () => Date.now() }
const processes = 8
const worker = 'sqlite-worker.ts'
const expectedKeys = (count: number) => Array.from({ length: count }, (_, i) => `shared/${i}`).sort()

describe('eight processes on one file', { timeout: 120_000 }, () => {
  it('open it at the same moment, and one makes the schema', async () => {
    const path = join(tempDirectory(), 'flowport.sqlite')
    expect(await runChildren(processes, worker, 'open', { path })).toEqual(
      Array.from({ length: processes }, () => 'opened'),
    )
  })

  it.each(['create', 'reserve', 'begin'])('%s every key once', async (mode) => {
    const path = join(tempDirectory(), 'flowport.sqlite')
    const won = (await runChildren(processes, worker, mode, { path, count: 300 })) as string[][]
    expect(won.flat().sort()).toEqual(expectedKeys(300))
  })

  it('lose no increment of a counter kept by compare-and-swap', async () => {
    const path = join(tempDirectory(), 'flowport.sqlite')
    const drivers = await openSqliteDrivers({ path, synchronous: 'NORMAL', clock })
    drivers.kv.put('counter', '0', {})
    await runChildren(processes, worker, 'increment', { path, count: 100 })
    expect(drivers.kv.get('counter')?.value).toBe(String(processes * 100))
    drivers.close()
  })

  it('receive every message once while no lease ends', async () => {
    const path = join(tempDirectory(), 'flowport.sqlite')
    const drivers = await openSqliteDrivers({ path, synchronous: 'NORMAL', clock })
    const bodies = Array.from({ length: 800 }, (_, i) => String(i))
    drivers.queue('jobs').send(bodies, 0)
    const received = (await runChildren(processes, worker, 'receive', { path })) as string[][]
    expect(
      received
        .flat()
        .map(Number)
        .sort((a, b) => a - b),
    ).toEqual(bodies.map(Number))
    expect(drivers.queue('jobs').receive(1, 1_000)).toEqual([])
    drivers.close()
  })

  it('leave whole rows after kill -9, and whole batches', async () => {
    const path = join(tempDirectory(), 'flowport.sqlite')
    for (let round = 0; round < 5; round++) {
      await killAfter(startChild(worker, 'write', { path }), 30 + round * 17)
      const drivers = await openSqliteDrivers({ path, synchronous: 'NORMAL', clock })
      const { keys } = drivers.kv.list({ prefix: '', limit: 1000 })
      expect(keys.length).toBeGreaterThan(0)
      for (const { key, metadata } of keys) {
        const { value } = drivers.kv.get(key) ?? { value: '' }
        expect({ length: value.length, first: value[0], last: value.at(-1) }).toEqual(metadata)
      }
      const messages = drivers.queue('jobs').receive(1000, 1)
      expect(messages.length % 10).toBe(0)
      for (const { id, receipt } of messages) drivers.queue('jobs').ack(id, receipt)
      drivers.close()
    }
  })
})
