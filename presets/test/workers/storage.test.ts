import { env } from 'cloudflare:workers'
import { createStorage, memoryScheme } from '@flowport/capabilities/storage'
import { fileScheme } from '@flowport/presets/fs/storage'
import { r2Scheme } from '@flowport/presets/cloudflare-r2/storage'
import { s3Scheme } from '@flowport/presets/s3/storage'
import { describe, expect, it } from 'vitest'

describe('storage in a Worker', () => {
  const storage = createStorage({
    schemes: [
      memoryScheme(),
      r2Scheme({ bindings: { media: env.BUCKET } }),
      s3Scheme(),
      fileScheme({ root: '/' }),
    ],
    fallback: { file: memoryScheme() },
  })

  it('reads, lists, copies and deletes in a bucket of a binding', async () => {
    await storage.write('r2://media/uris/ä b.json', { a: 1 })
    expect(await storage.readJson('r2://media/uris/ä b.json')).toEqual({ a: 1 })
    expect(await storage.stat('r2://media/uris/ä b.json')).toMatchObject({
      contentType: 'application/json',
      size: 7,
    })
    const bytes = new Uint8Array(300_000).fill(7)
    await storage.writeStream('r2://media/uris/deep/stream', new Blob([bytes]).stream())
    expect(await storage.hash('r2://media/uris/deep/stream')).toMatch(/^[0-9a-f]{64}$/)
    expect((await storage.list('r2://media/uris')).entries.map(({ name }) => name)).toEqual([
      'deep',
      'ä b.json',
    ])
    expect(await storage.copy('r2://media/uris/deep/stream', 'memory://copied')).toEqual({ size: 300_000 })
    await storage.move('memory://copied', 'r2://media/uris/moved')
    expect((await storage.readBytes('r2://media/uris/moved')).byteLength).toBe(300_000)
    await storage.delete('r2://media/uris', { recursive: true })
    expect(await storage.exists('r2://media/uris')).toBe(false)
  })

  it('says what is missing, and lets a fallback take the place of what no Worker has', async () => {
    await expect(storage.read('r2://other/x')).rejects.toMatchObject({ code: 'MISSING_BINDING' })
    await expect(storage.read('s3://bucket/x')).rejects.toMatchObject({ code: 'MISSING_CREDENTIALS' })
    await storage.write('file:///x', 'kept')
    expect(await storage.read('file:///x')).toBe('kept')
    expect(storage.describe()).toMatchObject([
      {},
      {},
      {},
      { scheme: 'file', fallback: { provider: 'memory' } },
    ])
  })
})
