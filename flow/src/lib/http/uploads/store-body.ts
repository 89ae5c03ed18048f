/** Stores a raw body under the key of its route: at once where the key is known before the body, else staged first. */
import type { BlobPutOptions, BlobStore } from '@flowport/capabilities'
import { type BlobRef, blobRef } from '../../blob-ref.ts'
import type { BlobBody, ByteSource } from '../../body.ts'
import { fillKey } from '../../keys/fill-key.ts'
import { uploadKey } from '../staging.ts'
import { notHeld, type UploadCondition } from '../upload-condition.ts'
import { StagedUpload, type StagedUploadParts } from './staged-upload.ts'

export interface StoreBodyParts extends StagedUploadParts {
  /** The condition that the write to a key is held to. Default: none. */
  readonly conditionFor?: (store: BlobStore, key: string) => Promise<UploadCondition>
}

/** @param input The validated path and query. */
export function storeBody(
  body: BlobBody,
  input: unknown,
  content: ByteSource,
  parts: StoreBodyParts,
): Promise<BlobRef> {
  const { key, field } = body
  if (typeof key === 'function') return storeUnder(uploadKey(key(input as never)), body, content, parts)
  const keyOf = (sha256?: string) => uploadKey(fillKey(key, { input, file: { sha256 }, place: [field] }))
  return key.isByContent
    ? storeByContent(keyOf, body, content, parts)
    : storeUnder(keyOf(), body, content, parts)
}

async function storeUnder(
  key: string,
  body: BlobBody,
  content: ByteSource,
  { bag, signal, conditionFor }: StoreBodyParts,
): Promise<BlobRef> {
  const store = bag.control(body.store).view('write', { signal }) as BlobStore
  const condition = (await conditionFor?.(store, key)) ?? {}
  return putHeld(store, key, content.stream, { ...optionsOf(body, content), ...condition }, body.store)
}

async function storeByContent(
  keyOf: (sha256: string) => string,
  body: BlobBody,
  content: ByteSource,
  parts: StoreBodyParts,
): Promise<BlobRef> {
  // Refuses values that cannot be part of a key before the body is read.
  keyOf('0'.repeat(64))
  const upload = new StagedUpload(body, parts)
  try {
    const file = await upload.stage(content.stream, optionsOf(body, content))
    const key = keyOf(file.sha256 ?? '')
    const condition = await parts.conditionFor?.(upload.receiving, key)
    parts.signal.throwIfAborted()
    if (condition?.ifMatch === undefined && condition?.ifNoneMatch === undefined)
      return await upload.place(file, key)
    // Stores copy without conditions: the content is written once more, in one step with the condition.
    const options = { ...optionsOf(body, content), ...condition }
    return await putHeld(upload.placing, key, await upload.read(file), options, body.store)
  } finally {
    await upload.discard()
  }
}

async function putHeld(
  store: BlobStore,
  key: string,
  stream: ReadableStream<Uint8Array>,
  options: BlobPutOptions,
  name: BlobBody['store'],
): Promise<BlobRef> {
  try {
    return blobRef(await store.put(key, stream, options), name)
  } catch (error) {
    throw notHeld(error, options)
  }
}

function optionsOf({ maxBytes }: BlobBody, { size, contentType }: ByteSource): BlobPutOptions {
  return {
    maxBytes,
    ...(contentType === null ? {} : { contentType }),
    ...(size === null ? {} : { size }),
  }
}
