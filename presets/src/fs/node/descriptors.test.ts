import fs from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { required } from '../../../test/support/required.ts'
import { tempDirectory } from '../../../test/support/temp-directory.ts'
import { openFsBlobDriver } from './blob-driver.ts'

const clock = { now: () => Date.now() }
const plain = { contentType: null, metadata: {} }
const openFiles = () => fs.readdirSync('/proc/self/fd').length

async function settled(expected: number): Promise<number> {
  for (let i = 0; i < 200 && openFiles() > expected; i++)
    await new Promise((resolve) => setTimeout(resolve, 5))
  return openFiles()
}

describe.skipIf(!required('Linux', process.platform === 'linux'))('descriptors (counted in /proc)', () => {
  it('are closed after reads that end, are cancelled or are aborted, and puts that fail', async () => {
    const directory = join(tempDirectory(), 'blobs')
    const blob = openFsBlobDriver({ directory, fsync: 'none', clock })
    await blob.put('large', new Uint8Array(2_000_000), plain)
    const before = openFiles()
    for (let i = 0; i < 100; i++) {
      const opened = await blob.get('large', {})
      if (!(opened?.body instanceof ReadableStream)) throw new Error('a large object is a stream')
      const reader = opened.body.getReader()
      // Before the first byte, between chunks, and with a read in flight.
      if (i % 3 === 1) await reader.read()
      const inFlight = i % 3 === 2 ? reader.read() : undefined
      await reader.cancel('enough')
      await inFlight
    }
    for (let i = 0; i < 20; i++) {
      const opened = await blob.get('large', {})
      expect((await new Response(opened?.body).arrayBuffer()).byteLength).toBe(2_000_000)
      await expect(blob.get('large', { range: { offset: 3_000_000 } })).rejects.toMatchObject({
        kind: 'RangeNotSatisfied',
      })
      await expect(blob.get('large', { ifMatch: 'other' })).rejects.toMatchObject({
        kind: 'ConditionNotMatch',
      })
    }
    for (let i = 0; i < 50; i++) {
      const controller = new AbortController()
      const body = new ReadableStream<Uint8Array<ArrayBuffer>>({
        pull: (sink) => {
          sink.enqueue(new Uint8Array(100_000))
          if (i % 2 === 0) sink.error(new Error('broken'))
          else if (i % 4 === 1) controller.abort(new Error('aborted'))
          else setTimeout(() => controller.abort(new Error('aborted')), 2)
        },
      })
      await expect(blob.put('large', body, { ...plain, signal: controller.signal })).rejects.toMatchObject({
        applied: 'no',
        cause: { message: i % 2 === 0 ? 'broken' : 'aborted' },
      })
    }
    expect((await blob.head('large'))?.size).toBe(2_000_000)
    expect(await settled(before)).toBe(before)
    expect(fs.readdirSync(join(directory, '.staging')).filter((name) => name.endsWith('.tmp'))).toEqual([])
    await blob.close()
  })
})
