import fs from 'node:fs'
import { join } from 'node:path'
import { type BlobDriver, isCapabilityError } from '@flowport/capabilities'
import { afterEach, describe, expect, it } from 'vitest'
import { type Child, startChild } from '../../../test/support/children.ts'
import { required } from '../../../test/support/required.ts'
import { tempDirectory } from '../../../test/support/temp-directory.ts'
import { openFsBlobDriver } from './blob-driver.ts'
import { openFsKvDriver } from './kv-driver.ts'
import { PlainFileDriver } from './plain-file-driver.ts'
import { hasDescriptorPaths } from './places.ts'

const clock = { now: () => Date.now() }
const plain = { contentType: null, metadata: {} }
const bytes = (text: string) => new TextEncoder().encode(text)
const rounds = 600

const attackers: Child[] = []
afterEach(async () => {
  for (const { process: child } of attackers.splice(0)) {
    const gone = new Promise((resolve) => child.once('close', resolve))
    child.kill('SIGKILL')
    await gone
  }
})

async function attack(directories: readonly string[], outside: string): Promise<void> {
  const attacker = startChild('swap-attacker.ts', '', { directories, outside })
  attackers.push(attacker)
  await attacker.started
}

/** All files below a directory with their content. */
function contentsOf(directory: string): Readonly<Record<string, string>> {
  const names = fs.readdirSync(directory, { recursive: true, encoding: 'utf8' }).sort()
  return Object.fromEntries(
    names.map((name) => {
      const path = join(directory, name)
      return [name, fs.statSync(path).isFile() ? fs.readFileSync(path, 'latin1') : '']
    }),
  )
}

/** What a call resolves; the errors of the store are expected while directories come and go. */
async function attempt<T>(call: Promise<T>): Promise<T | null> {
  try {
    return await call
  } catch (error) {
    if (isCapabilityError(error)) return null
    throw error
  }
}

async function textOf(blob: BlobDriver, key: string): Promise<string | null> {
  return attempt(
    (async () => {
      const opened = await blob.get(key, {})
      return opened === null ? null : new Response(opened.body).text()
    })(),
  )
}

/** Calls every method in turn. Resolves how many succeeded, and what was read that no caller had written. */
async function use(blob: BlobDriver, folder: string) {
  const seen = { done: 0, outside: 0 }
  const mine = 'inside'
  for (let round = 0; round < rounds; round++) {
    const key = `${folder}/secret`
    const put = await attempt(Promise.resolve(blob.put(key, bytes(mine), plain)))
    if (put !== null) seen.done += 1
    const text = await textOf(blob, key)
    if (text !== null && text !== mine) seen.outside += 1
    await attempt(
      Promise.resolve(blob.put(`${folder}/new-${round % 3}`, bytes(mine), { ...plain, ifNoneMatch: '*' })),
    )
    const head = await attempt(Promise.resolve(blob.head(key, {})))
    if (head !== null && head.size !== mine.length) seen.outside += 1
    if (blob.copy !== undefined && (await attempt(Promise.resolve(blob.copy(key, 'copy', {})))) !== null) {
      const copied = await textOf(blob, 'copy')
      if (copied !== null && copied !== mine) seen.outside += 1
    }
    const listed = await attempt(Promise.resolve(blob.list({ prefix: `${folder}/`, limit: 100 })))
    for (const object of listed?.objects ?? []) {
      if (object.key.includes('only-outside') || object.size !== mine.length) seen.outside += 1
    }
    await attempt(Promise.resolve(blob.delete(key, {})))
    await attempt(Promise.resolve(blob.delete(`${folder}/only-outside`, {})))
  }
  return seen
}

describe.skipIf(!required('descriptor paths of Linux', hasDescriptorPaths))(
  'while somebody exchanges directories for links, nothing outside of the root is read, written or deleted',
  { timeout: 180_000 },
  () => {
    it('by the fs preset’s blobs', async () => {
      const directory = join(tempDirectory(), 'blobs')
      const outside = join(tempDirectory(), 'outside')
      // A store of its own, so that what lies there is readable as objects.
      const other = openFsBlobDriver({ directory: outside, fsync: 'none', clock })
      for (const key of ['secret', 'only-outside']) await other.put(key, bytes('outside the root'), plain)
      await other.close()
      fs.rmSync(join(outside, '.staging'), { recursive: true })
      const before = contentsOf(outside)
      const blob = openFsBlobDriver({ directory, fsync: 'data', clock })
      await blob.put('a/secret', bytes('inside'), plain)
      await attack([join(directory, 'a+')], outside)
      const { done, outside: escaped } = await use(blob, 'a')
      expect(escaped).toBe(0)
      expect(contentsOf(outside)).toEqual(before)
      // Without calls that succeeded in between the test has shown nothing.
      expect(done).toBeGreaterThan(rounds / 20)
      await blob.close()
    })

    it('by the fs preset’s entries, also when they expire', async () => {
      const directory = join(tempDirectory(), 'kv')
      const outside = join(tempDirectory(), 'outside')
      const other = openFsKvDriver({ directory: outside, fsync: 'none', clock })
      await other.put('expired', 'outside the root', { expiresAt: Date.now() + 3_600_000 })
      await other.close()
      fs.rmSync(join(outside, '.staging'), { recursive: true })
      const before = contentsOf(outside)
      const later = { now: () => Date.now() + 7_200_000 }
      const kv = openFsKvDriver({ directory, fsync: 'none', clock: later })
      await attack([join(directory, 'a+')], outside)
      let done = 0
      for (let round = 0; round < rounds; round++) {
        if ((await attempt(kv.put('a/expired', 'inside', { expiresAt: 1 }))) !== null) done += 1
        expect(await attempt(kv.get('a/expired'))).toBeNull()
        await attempt(kv.list({ prefix: 'a/', limit: 10 }))
        await attempt(kv.delete('a/expired'))
      }
      await kv.close()
      expect(contentsOf(outside)).toEqual(before)
      expect(done).toBeGreaterThan(rounds / 20)
    })

    it('by file://', async () => {
      const root = fs.realpathSync(tempDirectory())
      const outside = tempDirectory()
      for (const name of ['secret', 'only-outside']) fs.writeFileSync(join(outside, name), 'outside the root')
      // Same place below its own root, as the place in the store.
      fs.mkdirSync(join(outside, 'inner'))
      fs.writeFileSync(join(outside, 'inner', 'secret'), 'outside the root')
      const before = contentsOf(outside)
      const files = new PlainFileDriver({ roots: [root], readOnly: false })
      const folder = `${root.slice(1)}/data`
      fs.mkdirSync(join(root, 'data'))
      await attack([join(root, 'data')], outside)
      const { done, outside: escaped } = await use(files, folder)
      for (let round = 0; round < rounds / 5; round++) {
        await attempt(files.make(`${folder}/inner/deep`))
        await attempt(files.remove(`${folder}/inner`))
        const text = await textOf(files, `${folder}/inner/secret`)
        expect(text).not.toBe('outside the root')
      }
      expect(escaped).toBe(0)
      expect(contentsOf(outside)).toEqual(before)
      expect(done).toBeGreaterThan(rounds / 20)
    })
  },
)
