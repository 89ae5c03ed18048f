import { createHash } from 'node:crypto'
import fs from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { killAfter, startChild } from '../../../test/support/children.ts'
import { tempDirectory } from '../../../test/support/temp-directory.ts'
import { openFsBlobDriver } from './blob-driver.ts'
import { openFsKvDriver } from './kv-driver.ts'

const clock = { now: () => Date.now() }
const plain = { contentType: null, metadata: {} }

describe('after kill -9', { timeout: 120_000 }, () => {
  it('every object is whole, staging is swept, and every key can be written', async () => {
    const root = tempDirectory()
    for (let round = 0; round < 8; round++) {
      await killAfter(startChild('fs-worker.ts', 'write', { root }), 20 + round * 23)
      const blob = openFsBlobDriver({ directory: join(root, 'blobs'), fsync: 'none', clock })
      const kv = openFsKvDriver({ directory: join(root, 'kv'), fsync: 'none', clock })
      for (let i = 0; i < 5; i++) {
        const key = `crash/${i}`
        const opened = await blob.get(key, {})
        if (opened !== null) {
          const bytes = new Uint8Array(await new Response(opened.body).arrayBuffer())
          expect(sha256(bytes)).toBe(opened.object.metadata['sha256'])
        }
        const entry = await kv.get(key)
        if (entry !== null) expect({ sha256: sha256(entry.value as Uint8Array) }).toEqual(entry.metadata)
      }
      const listed = await blob.list({ prefix: '', limit: 1000 })
      expect(listed.objects.length).toBeLessThanOrEqual(5)
      for (const name of ['blobs', 'kv']) {
        // What this store itself keeps there: its owner file, and the socket where there are sockets.
        const staging = join(root, name, '.staging')
        await expect
          .poll(() => fs.readdirSync(staging).filter((each) => !each.endsWith('.alive')))
          .toHaveLength(1)
        expect(fs.readdirSync(staging).filter((each) => each.endsWith('.owner'))).toHaveLength(1)
      }
      await Promise.all(Array.from({ length: 5 }, (_, i) => blob.put(`crash/${i}`, new Uint8Array(1), plain)))
      for (let i = 0; i < 5; i++) await blob.delete(`crash/${i}`)
      await blob.close()
      await kv.close()
    }
  })

  it.each([
    ['was killed', 0],
    ['exited without closing', 1],
  ])('the lock of a process that %s is taken over at once', async (_, count) => {
    const root = tempDirectory()
    const child = startChild('fs-worker.ts', 'hold', { root, count })
    await (count === 0 ? killAfter(child, 0) : child.result)
    const lock = join(root, 'blobs', '.staging', '=key.lock')
    expect(fs.readdirSync(lock)).toHaveLength(1)
    const blob = openFsBlobDriver({ directory: join(root, 'blobs'), fsync: 'none', clock })
    const start = performance.now()
    await blob.put('key', new Uint8Array(1), plain)
    expect(performance.now() - start).toBeLessThan(5_000)
    expect((await blob.head('key'))?.size).toBe(1)
    await blob.close()
    expect(fs.readdirSync(join(root, 'blobs', '.staging'))).toEqual([])
  })
})

function sha256(bytes: Uint8Array): string {
  return createHash('sha256').update(bytes).digest('hex')
}
