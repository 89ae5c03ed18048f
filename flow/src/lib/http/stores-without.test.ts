import {
  type BlobCapabilityInfo,
  type BlobDriver,
  type BlobObject,
  createBlobStore,
  ResourceBag,
} from '@flowport/capabilities'
import { memoryBlobDriver } from '@flowport/capabilities/memory'
import { describe, expect, it } from 'vitest'
import { blobRef } from '../blob-ref.ts'
import { blobAnswer } from './blob-answer.ts'
import type { HttpCall } from './call.ts'
import { uploadCondition } from './upload-condition.ts'

const body: HttpCall['body'] = {
  bytes: () => new Uint8Array(0),
  stream: () => new ReadableStream(),
}

function callOf(method: string, headers: Readonly<Record<string, string>>): HttpCall {
  return {
    method,
    path: '/',
    params: {},
    query: '',
    header: (name) => headers[name],
    body,
    onDisconnect: () => undefined,
  }
}

type Features = BlobCapabilityInfo['features']

/** A store in memory that has less than it could. */
function storeWith(features: Partial<Features>) {
  const driver: BlobDriver = memoryBlobDriver()
  return createBlobStore({
    info: { ...driver.info, features: { ...driver.info.features, ...features } },
    head: (key, call) => driver.head(key, call),
    get: (key, get) => driver.get(key, get),
    put: (key, content, options) => driver.put(key, content, options),
    delete: (key, call) => driver.delete(key, call),
    list: (list) => driver.list(list),
  })
}

/** The condition of a write to `key` of a store that has one object, under `'kept'`. */
async function put(features: Partial<Features>, key: string, headers: Readonly<Record<string, string>>) {
  const blob = storeWith(features)
  await blob.put('kept', 'content')
  return uploadCondition(callOf('PUT', headers), blob, key)
}

describe('a write under a condition to a store without conditional writes', () => {
  const features = { createOnly: false, compareAndSwap: false }

  it('is a 412 where the condition does not hold', async () => {
    for (const headers of [{ 'if-none-match': '*' }, { 'if-match': '"x"' }, { 'if-match': 'W/"x"' }])
      await expect(put(features, 'kept', headers)).rejects.toMatchObject({ status: 412 })
    await expect(put(features, 'absent', { 'if-match': '*' })).rejects.toMatchObject({ status: 412 })
  })

  it('is a 400 where the condition holds now: the store cannot keep it so', async () => {
    const refused = { status: 400, code: 'CONDITION_NOT_SUPPORTED' }
    await expect(put(features, 'absent', { 'if-none-match': '*' })).rejects.toMatchObject(refused)
    await expect(put(features, 'kept', { 'if-match': '*' })).rejects.toMatchObject(refused)
    await expect(put(features, 'kept', { 'if-none-match': '"x"' })).rejects.toMatchObject(refused)
    const date = 'Fri, 01 Jan 2100 00:00:00 GMT'
    await expect(put(features, 'kept', { 'if-unmodified-since': date })).rejects.toMatchObject(refused)
  })

  it('is held to what the store has: creating only, or replacing one version only', async () => {
    const creates = { createOnly: true, compareAndSwap: false }
    expect(await put(creates, 'absent', { 'if-none-match': '"x"' })).toEqual({ ifNoneMatch: '*' })
    await expect(put(creates, 'kept', { 'if-match': '*' })).rejects.toMatchObject({ status: 400 })
    const swaps = { createOnly: false, compareAndSwap: true }
    expect(await put(swaps, 'kept', { 'if-match': '*' })).toEqual({ ifMatch: expect.any(String) as string })
    await expect(put(swaps, 'absent', { 'if-none-match': '*' })).rejects.toMatchObject({ status: 400 })
  })
})

describe('an object of a store without ranges', () => {
  it('is served whole, and says so', async () => {
    const blob = storeWith({ ranges: false })
    const object: BlobObject = await blob.put('a', 'content')
    const bag = ResourceBag.empty().with('blob', blob)
    const call = callOf('GET', { range: 'bytes=1-2' })
    const answer = await blobAnswer(blobRef(object), 200, call, bag, new AbortController().signal, {})
    expect(answer).toMatchObject({
      status: 200,
      headers: { 'accept-ranges': 'none', 'content-length': '7', etag: `"${object.etag}"` },
    })
    expect(await new Response(answer.body as ReadableStream).text()).toBe('content')
  })
})
