/** Copies an object to another key or provider: as a stream with backpressure, the whole object or nothing. */
import { afterApplying } from '../applied.ts'
import { CapabilityError } from '../error.ts'
import type { BlobObject, BlobProgressListener, BlobReader, BlobStore } from './contract.ts'
import type { CallOptions } from '../kv/contract.ts'

export interface CopyBlobSource {
  readonly store: BlobReader
  readonly key: string
}

export interface CopyBlobTarget {
  readonly store: BlobStore
  readonly key: string
}

export interface CopyBlobOptions extends CallOptions {
  /** Copy only this version of the source, else `ConditionNotMatch`. Default: the current version. */
  readonly sourceIfMatch?: string
  /** Replace only this version of the target, else `ConditionNotMatch`. */
  readonly ifMatch?: string
  /** `'*'`: create the target only, else `AlreadyExists`. */
  readonly ifNoneMatch?: '*'
  /**
   * How to treat a content type or metadata that the target cannot store. `'refuse'`: throw `Unsupported` before a byte is
   * read. `'drop'`: copy without it and list it in `dropped`. Default `'refuse'`.
   */
  readonly lossy?: 'refuse' | 'drop'
  /** Receives the number of bytes written so far; called one time at the end when the provider copies. */
  readonly onProgress?: BlobProgressListener
}

export interface CopiedBlob {
  /** The object now stored under the target's key. */
  readonly object: BlobObject
  /** The version that was copied; after a provider-side copy, the version seen just before it. */
  readonly source: BlobObject
  /** `'server'`: the provider copied; `'stream'`: the bytes passed through this process. */
  readonly by: 'server' | 'stream'
  /** Properties of the source that the target does not store. Empty unless `lossy` is `'drop'`. */
  readonly dropped: readonly ('contentType' | 'metadata')[]
}

/**
 * Streams one version of an object to another key or store, with its content type and metadata, buffering no more than the
 * target's driver does. Within one store with `features.serverCopy`, and without conditions, the provider copies.
 *
 * Throws `NotFound` when the source is absent, `ConditionNotMatch` when it changes before the last byte is written, and
 * `Unavailable` or `Corrupt` when its length differs from its stated size: the target object is then unchanged. A failed
 * copy can be started again.
 */
export async function copyBlob(
  from: CopyBlobSource,
  to: CopyBlobTarget,
  options: CopyBlobOptions = {},
): Promise<CopiedBlob> {
  const { signal, sourceIfMatch } = options
  const where = { capability: 'blob', operation: 'copyBlob', key: from.key }
  const source = await from.store.head(from.key, { signal })
  if (source === null) throw new CapabilityError('NotFound', 'there is no object to copy', where)
  if (sourceIfMatch !== undefined && source.etag !== sourceIfMatch) {
    throw new CapabilityError('ConditionNotMatch', 'the source has another version; read it again', where)
  }
  const { kept, dropped } = whatIsKept(source, to.store, options.lossy ?? 'refuse')
  if (isCopiedThere(from.store, to.store) && isUnconditional(options)) {
    const object = await to.store.copy(from.key, to.key, { signal })
    options.onProgress?.({ bytes: object.size, total: object.size })
    return { object, source, by: 'server', dropped }
  }
  const object = await streamed(from, to, source, kept, options)
  await afterApplying(() => verifySize(object, to, source, signal))
  return { object, source, by: 'stream', dropped }
}

interface Kept {
  readonly contentType?: string
  readonly metadata?: Readonly<Record<string, string>>
}

async function streamed(
  from: CopyBlobSource,
  to: CopyBlobTarget,
  source: BlobObject,
  kept: Kept,
  { signal, ifMatch, ifNoneMatch, onProgress }: CopyBlobOptions,
): Promise<BlobObject> {
  const handle = await from.store.get(from.key, { ifMatch: source.etag, signal })
  if (handle === null) throw changed(from.key)
  try {
    return await to.store.put(to.key, unchanged(handle.stream(), from, source, signal), {
      ...kept,
      size: source.size,
      ...(signal && { signal }),
      ...(ifMatch === undefined ? {} : { ifMatch }),
      ...(ifNoneMatch === undefined ? {} : { ifNoneMatch }),
      ...(onProgress && { onProgress }),
    })
  } finally {
    await handle.cancel()
  }
}

/** Ends only if the source still has its version: no store makes an object visible before its body has ended. */
function unchanged(
  body: ReadableStream<Uint8Array<ArrayBuffer>>,
  { store, key }: CopyBlobSource,
  { etag }: BlobObject,
  signal: AbortSignal | undefined,
): ReadableStream<Uint8Array<ArrayBuffer>> {
  const reader = body.getReader()
  return new ReadableStream<Uint8Array<ArrayBuffer>>(
    {
      async pull(controller) {
        const { done, value } = await reader.read()
        if (!done) return controller.enqueue(value)
        if ((await store.head(key, { signal }))?.etag !== etag) throw changed(key)
        controller.close()
      },
      cancel: (reason) => reader.cancel(reason),
    },
    { highWaterMark: 0 },
  )
}

function whatIsKept(
  { contentType, metadata }: BlobObject,
  { info }: BlobStore,
  lossy: 'refuse' | 'drop',
): { readonly kept: Kept; readonly dropped: CopiedBlob['dropped'] } {
  const hasMetadata = Object.keys(metadata).length > 0
  const dropped: CopiedBlob['dropped'] = [
    ...(contentType !== null && !info.features.contentType ? (['contentType'] as const) : []),
    ...(hasMetadata && !info.features.metadata ? (['metadata'] as const) : []),
  ]
  if (dropped.length > 0 && lossy === 'refuse') {
    const what = dropped.map((name) => (name === 'metadata' ? 'metadata' : 'content type')).join(' and ')
    throw new CapabilityError(
      'Unsupported',
      `${info.provider} keeps no ${what}, and the source has some; copy with lossy: 'drop' to go without`,
      { capability: 'blob', operation: 'copyBlob', details: { dropped } },
    )
  }
  return {
    kept: {
      ...(contentType === null || dropped.includes('contentType') ? {} : { contentType }),
      ...(!hasMetadata || dropped.includes('metadata') ? {} : { metadata }),
    },
    dropped,
  }
}

/** Whether the provider can copy. `false` for two views of one store, which are separate objects: streaming works there too. */
function isCopiedThere(from: BlobReader, to: BlobStore): boolean {
  return (from as object) === to && to.info.features.serverCopy
}

function isUnconditional({ ifMatch, ifNoneMatch, sourceIfMatch }: CopyBlobOptions): boolean {
  return ifMatch === undefined && ifNoneMatch === undefined && sourceIfMatch === undefined
}

/** Compares the size that `put` returned, and on a strongly consistent store also the size from `head`. */
async function verifySize(
  stored: BlobObject,
  to: CopyBlobTarget,
  source: BlobObject,
  signal: AbortSignal | undefined,
): Promise<void> {
  const head = to.store.info.consistency === 'strong' ? await to.store.head(to.key, { signal }) : stored
  // With another etag, a later writer has replaced the object: its size says nothing about this copy.
  const size = head !== null && head.etag === stored.etag ? head.size : stored.size
  if (size === source.size && stored.size === source.size) return
  throw new CapabilityError(
    'Corrupt',
    `the target has ${size === source.size ? stored.size : size} bytes of ${source.size}; delete it and copy again`,
    { capability: 'blob', operation: 'copyBlob', key: to.key },
  )
}

function changed(key: string): CapabilityError {
  return new CapabilityError(
    'ConditionNotMatch',
    'the source changed while it was copied; nothing was stored, copy it again',
    { capability: 'blob', operation: 'copyBlob', key },
  )
}
