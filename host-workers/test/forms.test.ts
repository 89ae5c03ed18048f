/** The table of multipart forms in workerd: every form split at every byte, and some of these over real connections. */
import { inChunks, runFormTable } from '@flowport/flow/testing/host'
import { type RunningWorkerd, serveWorkerd } from '@flowport/host-workers/testing'
import { resolve } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'

let workerd: RunningWorkerd
beforeAll(async () => {
  workerd = await serveWorkerd(resolve(import.meta.dirname, 'forms/worker.ts'), {
    vars: { LOG_LEVEL: 'error' },
  })
})
afterAll(() => workerd.close())

describe('multipart forms in workerd', () => {
  it('have the table’s outcome wherever a chunk ends', { timeout: 300_000 }, async () => {
    expect(await (await fetch(`${workerd.url}/wrong?everyBytes=1`)).json()).toEqual([])
  })

  it('have the table’s outcome over connections', async () => {
    const wrong = await runFormTable({
      send: (path, type, chunks) =>
        fetch(workerd.url + path, {
          method: 'POST',
          headers: { 'content-type': type },
          body: inChunks(chunks),
          duplex: 'half',
        } as RequestInit),
      get: (path) => fetch(workerd.url + path),
      everyBytes: 41,
    })
    expect(wrong).toEqual([])
  })
})
