import { DatabaseSync } from 'node:sqlite'
import { join } from 'node:path'
import { createDedupeStore, createKeyValue, createQueue, longestLifeMs } from '@flowport/capabilities'
import { systemClock } from '@flowport/capabilities/system'
import { expect, it, onTestFinished } from 'vitest'
import { tempDirectory } from '../../../test/support/temp-directory.ts'
import { openSqliteDrivers } from './drivers.ts'

async function opened() {
  const path = join(tempDirectory(), 'flowport.sqlite')
  const drivers = await openSqliteDrivers({ path, clock: systemClock })
  onTestFinished(() => drivers.close())
  return { path, drivers, kv: createKeyValue(drivers.kv) }
}

it('a life no number can hold is refused, and every later listing works', async () => {
  const { kv } = await opened()
  await expect(kv.put('poison', 'v', { ttlSeconds: 1e15 })).rejects.toMatchObject({
    kind: 'InvalidInput',
    message: expect.stringContaining('ttlSeconds must be above 0 and at most 2147483647 seconds'),
  })
  await kv.put('key', 'v')
  expect((await kv.list()).keys).toEqual([{ key: 'key' }])
})

it('a file with such a life, of an earlier version, is read and listed', async () => {
  const { path, kv } = await opened()
  await kv.put('old', 'v', { ttlSeconds: 60 })
  const file = new DatabaseSync(path)
  file.prepare('UPDATE kv SET expires_at = ?').run(1_000_000_000_000_000_000n)
  file.close()
  expect(await kv.get('old')).toBe('v')
  expect(await kv.getMany(['old'])).toEqual(new Map([['old', 'v']]))
  expect((await kv.list()).keys.map(({ key }) => key)).toEqual(['old'])
  await kv.put('old', 'again')
  expect((await kv.getWithMetadata('old'))?.expiresAt).toBeNull()
})

it('the ledger and queues keep 68 years, and refuse more', async () => {
  const { drivers } = await opened()
  const dedupe = createDedupeStore(drivers.dedupe)
  expect(await dedupe.putIfAbsent('key', longestLifeMs)).toBe(true)
  expect(await dedupe.putIfAbsent('key', 1)).toBe(false)
  await expect(dedupe.putIfAbsent('other', 1e16)).rejects.toMatchObject({ kind: 'InvalidInput' })
  const queue = createQueue(drivers.queue('q'))
  await queue.send('message')
  await expect(queue.receive({ leaseMs: 1e16 })).rejects.toMatchObject({ kind: 'InvalidInput' })
  expect(await queue.receive({ leaseMs: longestLifeMs })).toHaveLength(1)
  expect(await queue.receive()).toEqual([])
})
