import { execFileSync } from 'node:child_process'
import fs from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { tempDirectory } from '../../../test/support/temp-directory.ts'
import { openFsBlobDriver } from './blob-driver.ts'
import { openFsKvDriver } from './kv-driver.ts'
import { fileOfKey } from './key-path.ts'

const clock = { now: () => Date.now() }
const plain = { contentType: null, metadata: {} }

/** A store, and outside of it another one whose object must stay out of reach. */
async function planted() {
  const directory = join(tempDirectory(), 'blobs')
  const outside = join(tempDirectory(), 'blobs')
  const blob = openFsBlobDriver({ directory, fsync: 'none', clock })
  const other = openFsBlobDriver({ directory: outside, fsync: 'none', clock })
  await other.put('secret', new TextEncoder().encode('secret'), plain)
  await other.close()
  return { blob, directory, outside, secret: () => fs.readFileSync(join(outside, 'secret'), 'latin1') }
}

describe('the root is not left', () => {
  it('by a link in an object’s place', async () => {
    const { blob, directory, outside, secret } = await planted()
    const before = secret()
    fs.symlinkSync(join(outside, 'secret'), join(directory, 'key'))
    await expect(blob.get('key', {})).rejects.toMatchObject({ kind: 'PermissionDenied' })
    await expect(blob.head('key')).rejects.toMatchObject({ kind: 'PermissionDenied' })
    await expect(blob.copy('key', 'copy', {})).rejects.toMatchObject({ kind: 'PermissionDenied' })
    expect((await blob.list({ prefix: '', limit: 10 })).objects).toEqual([])
    // Writing replaces the link, deleting removes it; neither goes through it.
    await blob.put('key', new Uint8Array(3), plain)
    expect(fs.lstatSync(join(directory, 'key')).isFile()).toBe(true)
    fs.rmSync(join(directory, 'key'))
    fs.symlinkSync(join(outside, 'secret'), join(directory, 'key'))
    await blob.delete('key')
    expect(fs.existsSync(join(directory, 'key'))).toBe(false)
    expect(secret()).toBe(before)
    await blob.close()
  })

  it('by a link in a directory’s place', async () => {
    const { blob, directory, outside, secret } = await planted()
    const before = secret()
    fs.symlinkSync(outside, join(directory, 'a+'))
    await expect(blob.get('a/secret', {})).rejects.toMatchObject({ kind: 'PermissionDenied' })
    await expect(blob.head('a/secret')).rejects.toMatchObject({ kind: 'PermissionDenied' })
    await expect(blob.put('a/secret', new Uint8Array(1), plain)).rejects.toMatchObject({
      kind: 'PermissionDenied',
    })
    await expect(blob.put('a/b/c', new Uint8Array(1), plain)).rejects.toMatchObject({
      kind: 'PermissionDenied',
    })
    await expect(blob.put('a/new', new Uint8Array(1), { ...plain, ifNoneMatch: '*' })).rejects.toMatchObject({
      kind: 'PermissionDenied',
    })
    await expect(blob.delete('a/secret')).rejects.toMatchObject({ kind: 'PermissionDenied' })
    expect((await blob.list({ prefix: 'a/', limit: 10 })).objects).toEqual([])
    expect(fs.readdirSync(outside).sort()).toEqual(['.staging', 'secret'])
    expect(secret()).toBe(before)
    expect(fs.readdirSync(join(directory, '.staging')).filter((name) => name.endsWith('.tmp'))).toEqual([])
    await blob.close()
  })

  it('by keys that climb', async () => {
    const root = tempDirectory()
    const kv = openFsKvDriver({ directory: join(root, 'kv'), fsync: 'none', clock })
    const climbing = [
      '../x',
      '../../x',
      '/x',
      '//x',
      'a/../../x',
      './x',
      'a/./x',
      '..\\x',
      '.staging/x',
      '....//x',
      '%2e%2e/x',
    ]
    for (const key of climbing) {
      await kv.put(key, key, {})
      expect((await kv.get(key))?.value).toBe(key)
      expect(fileOfKey(key).split('/')).not.toContain('..')
    }
    expect((await kv.list({ prefix: '', limit: 100 })).keys).toHaveLength(climbing.length)
    expect(fs.readdirSync(root)).toEqual(['kv'])
    await kv.close()
  })

  it('by a staging directory that is a link', () => {
    const directory = join(tempDirectory(), 'blobs')
    fs.mkdirSync(directory)
    fs.symlinkSync(tempDirectory(), join(directory, '.staging'))
    expect(() => openFsBlobDriver({ directory, fsync: 'none', clock })).toThrow(
      expect.objectContaining({ kind: 'Misconfigured' }),
    )
  })

  it.skipIf(process.platform === 'win32')('and a named pipe in an object’s place blocks nobody', async () => {
    const { blob, directory } = await planted()
    execFileSync('mkfifo', [join(directory, 'pipe')])
    await expect(blob.get('pipe', {})).rejects.toMatchObject({ kind: 'Corrupt' })
    await blob.close()
  })

  it('and a cut object is Corrupt, is listed, and can be replaced', async () => {
    const { blob, directory } = await planted()
    await blob.put('key', new Uint8Array(1000), plain)
    fs.truncateSync(join(directory, 'key'), 500)
    await expect(blob.get('key', {})).rejects.toMatchObject({ kind: 'Corrupt' })
    expect((await blob.list({ prefix: '', limit: 10 })).objects).toHaveLength(1)
    await blob.put('key', new Uint8Array(7), plain)
    expect((await blob.get('key', {}))?.end).toBe(7)
    await blob.close()
  })
})
