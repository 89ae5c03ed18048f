import { createHash } from 'node:crypto'
import fs from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { killAfter, startChild } from '../../test/children.ts'
import { tempDirectory } from '../../test/temp-directory.ts'
import { openFsBlobDriver } from './blob-driver.ts'
import { openFsKvDriver } from './kv-driver.ts'
import { thisOwner, writeOwner } from './owner.ts'

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
        const left = fs.readdirSync(join(root, name, '.staging'))
        expect(left.filter((each) => !each.endsWith('.owner'))).toEqual([])
        expect(left).toHaveLength(1)
      }
      await Promise.all(Array.from({ length: 5 }, (_, i) => blob.put(`crash/${i}`, new Uint8Array(1), plain)))
      for (let i = 0; i < 5; i++) await blob.delete(`crash/${i}`)
      await blob.close()
      await kv.close()
    }
  })

  it('the lock of a dead process is taken over at once', async () => {
    const directory = join(tempDirectory(), 'blobs')
    const blob = openFsBlobDriver({ directory, fsync: 'none', clock })
    const staging = join(directory, '.staging')
    // A pid no system gives out: its owner is certainly dead.
    const dead = { ...thisOwner('deadbeefdeadbeef'), pid: 2 ** 30 }
    writeOwner(staging, dead)
    fs.linkSync(join(staging, `${dead.id}.owner`), join(staging, '=key.lock'))
    await blob.put('key', new Uint8Array(1), plain)
    expect(await blob.head('key')).not.toBeNull()
    await blob.close()
    expect(fs.existsSync(join(staging, '=key.lock'))).toBe(false)
  })

  it('the lock of a silent process is taken over, and what it staged can no longer be published', async () => {
    const directory = join(tempDirectory(), 'blobs')
    const blob = openFsBlobDriver({ directory, fsync: 'none', clock })
    const staging = join(directory, '.staging')
    const other = { ...thisOwner('0123456789abcdef'), host: 'another-host' }
    writeOwner(staging, other)
    fs.writeFileSync(join(staging, `${other.id}-1.tmp`), 'staged')
    fs.linkSync(join(staging, `${other.id}.owner`), join(staging, '=key.lock'))
    const waiting = blob.put('key', new Uint8Array(1), plain)
    const settled = await Promise.race([
      waiting.then(() => true),
      new Promise((resolve) => setTimeout(resolve, 100, false)),
    ])
    expect(settled).toBe(false)
    // The time of change cannot be set, so the file that names the owner is made to look at the system's clock instead.
    const now = Date.now
    Date.now = () => now() + 60_000
    try {
      await waiting
    } finally {
      Date.now = now
    }
    expect(fs.existsSync(join(staging, `${other.id}-1.tmp`))).toBe(false)
    await blob.close()
  })
})

function sha256(bytes: Uint8Array): string {
  return createHash('sha256').update(bytes).digest('hex')
}
