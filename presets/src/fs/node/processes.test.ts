import { join } from 'node:path'
import { readdirSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import { runChildren } from '../../../test/support/children.ts'
import { tempDirectory } from '../../../test/support/temp-directory.ts'
import { openFsBlobDriver } from './blob-driver.ts'
import { openFsKvDriver } from './kv-driver.ts'

const clock = { now: () => Date.now() }
const plain = { contentType: null, metadata: {} }
const processes = 8

describe('eight processes on one directory', { timeout: 120_000 }, () => {
  it('create every key once', async () => {
    const root = tempDirectory()
    const won = (await runChildren(processes, 'fs-worker.ts', 'create', { root, count: 100 })) as string[][]
    expect(won.flat().sort()).toEqual(Array.from({ length: 100 }, (_, i) => `shared/${i}`).sort())
  })

  it('create every entry once', async () => {
    const root = tempDirectory()
    const won = (await runChildren(processes, 'fs-worker.ts', 'createKv', { root, count: 100 })) as string[][]
    expect(won.flat().sort()).toEqual(Array.from({ length: 100 }, (_, i) => `shared/${i}`).sort())
  })

  it('lose no increment of a counter kept by compare-and-swap', async () => {
    const root = tempDirectory()
    const blob = openFsBlobDriver({ directory: join(root, 'blobs'), fsync: 'none', clock })
    await blob.put('counter', new TextEncoder().encode('0'), plain)
    const lost = await runChildren(processes, 'fs-worker.ts', 'increment', { root, count: 25 })
    const counter = await blob.get('counter', {})
    expect(new TextDecoder().decode(counter?.body as Uint8Array)).toBe(String(processes * 25))
    // Without a lost race the test has shown nothing.
    expect((lost as number[]).reduce((a, b) => a + b)).toBeGreaterThan(0)
    await blob.close()
  })

  it('lose no increment of an entry kept by compare-and-swap', async () => {
    const root = tempDirectory()
    const kv = openFsKvDriver({ directory: join(root, 'kv'), fsync: 'none', clock })
    await kv.put('counter', '0', {})
    await runChildren(processes, 'fs-worker.ts', 'incrementKv', { root, count: 25 })
    expect((await kv.get('counter'))?.value).toBe(String(processes * 25))
    await kv.close()
  })

  it('never replace by compare-and-swap what another put or deleted meanwhile', async () => {
    const root = tempDirectory()
    const swaps = (await runChildren(processes, 'fs-worker.ts', 'overwrite', {
      root,
      count: 400,
    })) as number[]
    // Without swaps in between the test has shown nothing.
    expect(swaps.reduce((a, b) => a + b)).toBeGreaterThan(20)
  })

  it('do not take directories away from one another', async () => {
    const root = tempDirectory()
    await runChildren(processes, 'fs-worker.ts', 'churn', { root, count: 60 })
    expect(readdirSync(join(root, 'blobs')).sort()).toEqual(['.staging', 'kept+'])
    expect(readdirSync(join(root, 'blobs', 'kept+'))).toHaveLength(processes)
    expect(readdirSync(join(root, 'blobs', '.staging'))).toEqual([])
  })
})
