/** `opfs://` through URI storage: what a URI is there, what is done with files, and that credentials stay in memory. */
import { type KeyValue, silentLogger } from '@flowport/capabilities'
import { createStorage, memoryScheme } from '@flowport/capabilities/storage'
import { systemClock } from '@flowport/capabilities/system'
import { opfsBrowser } from '@flowport/presets/opfs-browser'
import { opfsScheme } from '@flowport/presets/opfs-browser/storage'
import { s3Scheme } from '@flowport/presets/s3/storage'
import { afterEach, describe, expect, it } from 'vitest'

const marker = 'MARKER-3f9c'

const open = () => createStorage({ schemes: [opfsScheme(), memoryScheme(), s3Scheme()] })

async function files(
  folder: FileSystemDirectoryHandle,
  path = '',
): Promise<readonly (readonly [string, File])[]> {
  const found: (readonly [string, File])[] = []
  for await (const [name, handle] of folder.entries()) {
    if (handle.kind === 'file') found.push([path + name, await (handle as FileSystemFileHandle).getFile()])
    else found.push(...(await files(handle as FileSystemDirectoryHandle, `${path}${name}/`)))
  }
  return found
}

describe('opfs:// through URI storage', () => {
  const storage = open()
  afterEach(() => storage.delete('opfs://uris', { recursive: true }))

  it('writes the very file other code reads, and reads what other code wrote', async () => {
    await storage.write('opfs://uris/é b/100%.txt', 'héllo')
    const root = await navigator.storage.getDirectory()
    const folder = await (await root.getDirectoryHandle('uris')).getDirectoryHandle('é b')
    expect(await (await (await folder.getFileHandle('100%.txt')).getFile()).text()).toBe('héllo')

    const writable = await (await folder.getFileHandle('other.json', { create: true })).createWritable()
    await writable.write('{"by":"others"}')
    await writable.close()
    expect(await storage.readJson('opfs://uris/é b/other.json')).toEqual({ by: 'others' })
    expect(await storage.stat('opfs://uris/é b/other.json')).toMatchObject({ kind: 'file', size: 15 })
  })

  it('lists, copies, moves, hashes and deletes', async () => {
    for (const name of ['b', 'a/x', 'a/y', 'ab']) await storage.write(`opfs://uris/${name}`, name)
    const uris = async (options?: { recursive: boolean }) =>
      (await storage.list('opfs://uris/', options)).entries.map(({ uri }) => uri)
    expect(await uris()).toEqual(['opfs://uris/a/', 'opfs://uris/ab', 'opfs://uris/b'])
    expect(await uris({ recursive: true })).toEqual([
      'opfs://uris/a/x',
      'opfs://uris/a/y',
      'opfs://uris/ab',
      'opfs://uris/b',
    ])
    await storage.copy('opfs://uris/b', 'memory://far/b')
    await storage.move('memory://far/b', 'opfs://uris/c')
    expect(await storage.read('opfs://uris/c')).toBe('b')
    expect(await storage.exists('memory://far/b')).toBe(false)
    expect(await storage.hash('opfs://uris/b')).toBe(
      '3e23e8160039594a33894f6564e1b1348bbd7a0088d42c4acb73eeaed59c009d',
    )
    await storage.delete('opfs://uris/a', { recursive: true })
    expect(await uris()).toEqual(['opfs://uris/ab', 'opfs://uris/b', 'opfs://uris/c'])
    await expect(storage.read('opfs://uris/a/x')).rejects.toMatchObject({
      kind: 'NotFound',
      message: expect.stringContaining('opfs://uris/a/x'),
    })
  })

  it.each([
    'opfs:///x',
    'opfs://a//b',
    'opfs://a/../b',
    'opfs://a/./b',
    'opfs://',
    'opfs://a/',
    'opfs://a\0b',
  ])('refuses %j as a file', async (uri) => {
    await expect(storage.write(uri, 'x')).rejects.toMatchObject({ kind: 'InvalidInput', code: 'INVALID_URI' })
  })

  it('leaves no credentials in files or databases', async () => {
    storage.setCredentials('s3', {
      accessKeyId: marker,
      secretAccessKey: marker,
      endpoint: location.origin,
    })
    await storage.write('opfs://uris/data', 'data', { metadata: { kept: 'yes' } })
    // What answers here is no S3.
    await expect(storage.copy('opfs://uris/data', 's3://bucket/data')).rejects.toThrow()
    await expect(storage.copy('s3://bucket/data', 'opfs://uris/back')).rejects.toThrow()
    const kept = await files(await navigator.storage.getDirectory())
    expect(kept.map(([path]) => path)).toContain('uris/data')
    for (const [path, file] of kept) {
      expect(path).not.toContain(marker)
      expect(await file.text()).not.toContain(marker)
    }
    for (const { name } of await indexedDB.databases()) expect(name).not.toContain(marker)
    for (const store of [localStorage, sessionStorage]) expect(JSON.stringify(store)).not.toContain(marker)
  })
})

describe('key-value entries on OPFS', () => {
  it('are listed while another tab overwrites them', async () => {
    const context = { env: {}, log: silentLogger, clock: systemClock, bindings: {} }
    const [one, other] = await Promise.all([0, 1].map(() => opfsBrowser({ root: 'listed' }).open(context)))
    const [writing, reading] = [one, other].map(
      (opened) => opened?.resources.get('kv') as unknown as KeyValue,
    )
    await writing?.put('k', 'x')
    let isWriting = true
    const writes = (async () => {
      for (let i = 0; i < 150; i++) await writing?.put('k', 'v'.repeat(1 + (i % 3) * 50_000))
      isWriting = false
    })()
    const seen = new Set<number | undefined>()
    while (isWriting) seen.add((await reading?.list())?.keys.length)
    await writes
    expect([...seen]).toEqual([1])
    await Promise.all([one?.close(), other?.close()])
    await (await navigator.storage.getDirectory()).removeEntry('listed', { recursive: true })
  })
})
