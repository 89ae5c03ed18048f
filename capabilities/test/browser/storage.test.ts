import { createStorage, kvScheme, memoryScheme } from '@flowport/capabilities/storage'
import { createKeyValue } from '@flowport/capabilities'
import { memoryKvDriver } from '@flowport/capabilities/memory'
import { describe, expect, it } from 'vitest'

const kv = createKeyValue(memoryKvDriver())

describe.each(['memory://folder', 'kv://files/folder'])('storage in a page, %s', (root) => {
  const storage = createStorage({ schemes: [memoryScheme(), kvScheme({ files: kv })] })
  const at = (path: string) => `${root}/${path}`

  it('keeps text, JSON, bytes, blobs and streams', async () => {
    await storage.write(at('ä b%20.txt'), 'Grüße')
    expect(await storage.read(at('ä b%20.txt'))).toBe('Grüße')
    await storage.write(at('value.json'), { a: [1, null] })
    expect(await storage.readJson(at('value.json'))).toEqual({ a: [1, null] })
    const bytes = crypto.getRandomValues(new Uint8Array(50_000))
    await storage.write(at('blob'), new Blob([bytes], { type: 'image/png' }))
    expect(await storage.readBytes(at('blob'))).toEqual(bytes)
    expect(await storage.stat(at('blob'))).toMatchObject({ size: 50_000, contentType: 'image/png' })
    await storage.writeStream(at('stream'), new Blob([bytes]).stream())
    expect(await new Response(await storage.stream(at('stream'))).bytes()).toEqual(bytes)
  })

  it('lists, copies, moves, hashes and deletes', async () => {
    await storage.write(at('deep/a'), 'abc')
    expect(await storage.hash(at('deep/a'))).toBe(
      'ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad',
    )
    expect(await storage.hash(at('deep/a'), { algorithm: 'md5' })).toBe('900150983cd24fb0d6963f7d28e17f72')
    await storage.copy(at('deep/a'), at('deep/b'))
    await storage.move(at('deep/b'), at('deep/c/d'))
    expect((await storage.list(at('deep'))).entries.map(({ uri }) => uri)).toEqual([
      at('deep/a'),
      at('deep/c/'),
    ])
    await storage.delete(at('deep'), { recursive: true })
    expect(await storage.exists(at('deep'))).toBe(false)
  })

  it.each(['..', 'a//b', './a', 'a\\b', 'a/'])('refuses %j as a file', async (path) => {
    await expect(storage.read(at(path))).rejects.toMatchObject({ code: 'INVALID_URI' })
  })
})
