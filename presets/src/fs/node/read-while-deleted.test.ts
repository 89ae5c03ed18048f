/** Reads of a key that another call deletes at the same moment: they resolve what was there, or `null`. */
import { join } from 'node:path'
import { createBlobStore, createKeyValue } from '@flowport/capabilities'
import { expect, it } from 'vitest'
import { tempDirectory } from '../../../test/support/temp-directory.ts'
import { openFsBlobDriver } from './blob-driver.ts'
import { openFsKvDriver } from './kv-driver.ts'

const clock = { now: () => Date.now() }
const rounds = 400

/** Reads begin in several turns of the event loop, so that some open the file just before it is deleted. */
async function race<T>(read: () => Promise<T>, remove: () => Promise<unknown>): Promise<readonly T[]> {
  const early = [read(), read()]
  const removing = remove()
  const late = read()
  const found = await Promise.all([...early, late])
  await removing
  return found
}

it('reads of an object resolve its content, or null, while it is deleted', { timeout: 120_000 }, async () => {
  const driver = openFsBlobDriver({ directory: join(tempDirectory(), 'blobs'), fsync: 'none', clock })
  const blob = createBlobStore(driver)
  const read = async () => (await (await blob.get('folder/key'))?.text()) ?? null
  const head = async () => (await blob.head('folder/key'))?.size ?? null
  for (let round = 0; round < rounds; round++) {
    await blob.put('folder/key', 'value')
    for (const text of await race(read, () => blob.delete('folder/key')))
      expect([null, 'value']).toContain(text)
    await blob.put('folder/key', 'value')
    for (const size of await race(head, () => blob.delete('folder/key'))) expect([null, 5]).toContain(size)
  }
  await driver.close()
})

it('reads of an entry resolve its value, or null, while it is deleted', { timeout: 120_000 }, async () => {
  const driver = openFsKvDriver({ directory: join(tempDirectory(), 'kv'), fsync: 'none', clock })
  const kv = createKeyValue(driver)
  for (let round = 0; round < rounds; round++) {
    await kv.put('folder/key', 'value')
    const found = await race(
      () => kv.get('folder/key'),
      () => kv.delete('folder/key'),
    )
    for (const text of found) expect([null, 'value']).toContain(text)
  }
  await driver.close()
})
