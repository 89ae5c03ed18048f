import { createBlobStore, silentLogger } from '@flowport/capabilities'
import { memoryBlobDriver } from '@flowport/capabilities/memory'
import { expect, it } from 'vitest'
import { SegmentWriter, segmentBytes } from './segment-writer.ts'

const sha256 = async (bytes: Uint8Array<ArrayBuffer>) =>
  new Uint8Array(await crypto.subtle.digest('SHA-256', bytes))

function subject(inlineBytes = 0) {
  const driver = memoryBlobDriver()
  const store = createBlobStore(driver)
  let gaveUp = 0
  const writer = new SegmentWriter({
    store,
    folder: 'f/',
    maxBytes: 100 * segmentBytes,
    inlineBytes,
    digest: sha256,
    log: silentLogger,
    gaveUp: () => void gaveUp++,
  })
  return { writer, driver, store, gaveUps: () => gaveUp }
}

it('takes no more than two segments from a producer that is faster than the store', async () => {
  const { writer, driver } = subject()
  const put = driver.put.bind(driver)
  let open: () => void = () => undefined
  const opened = new Promise<void>((resolve) => {
    open = resolve
  })
  driver.put = async (...args) => {
    await opened
    return put(...args)
  }
  let taken = 0
  const producing = (async () => {
    for (let n = 0; n < 80; n++) {
      await writer.add(new Uint8Array(segmentBytes / 8))
      taken++
    }
  })()
  await expect.poll(() => taken).toBe(15)
  await Promise.resolve()
  expect(taken).toBe(15)
  open()
  await producing
  expect(await writer.end()).toMatchObject({ kind: 'segments', bytes: 10 * segmentBytes })
})

it('keeps what it was given, whatever becomes of the chunk', async () => {
  const { writer, store } = subject()
  const chunk = new Uint8Array(10).fill(1)
  await writer.add(chunk)
  chunk.fill(2)
  await writer.end()
  expect(await (await store.get('f/000000'))?.bytes()).toEqual(new Uint8Array(10).fill(1))
})

it('needs no store for what fits into the ledger', async () => {
  const { writer, store } = subject(10)
  await writer.add(new TextEncoder().encode('größe'))
  expect(await writer.end()).toEqual({ kind: 'base64', base64: btoa('gr\u00c3\u00b6\u00c3\u009fe') })
  expect((await store.list()).objects).toEqual([])
})

it('removes what it has stored when it is discarded, and gives up once', async () => {
  const { writer, driver, store, gaveUps } = subject()
  await writer.add(new Uint8Array(3 * segmentBytes))
  driver.put = () => Promise.reject(new Error('the disk is full'))
  await writer.add(new Uint8Array(3 * segmentBytes))
  expect([await writer.end(), gaveUps()]).toEqual([null, 1])
  await writer.discard()
  expect((await store.list()).objects).toEqual([])
})
