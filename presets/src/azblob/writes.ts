/** The writing half of Azure's driver: single puts, uploads in blocks, conditions, copies. */
import {
  afterApplying,
  AppliedOverTries,
  appliedOf,
  beforeApplying,
  type BlobDriverPut,
  type BlobObject,
  CapabilityError,
  type Clock,
  isCapabilityError,
  isKind,
  type Logger,
  maybeApplied,
} from '@flowport/capabilities'
import { again } from '../s3/multipart.ts'
import { isTemporary, pause, type Tries } from '../object-http/read.ts'
import type { S3Headers } from '../object-http/transport.ts'
import { type MultipartUpload, partBytesFor, uploadStream } from '../object-http/upload.ts'
import { elements, parseXml, text } from '../object-http/xml.ts'
import { maxBlocks } from './info.ts'
import { azureMetadataHeaders } from './metadata.ts'
import type { AzureClient } from './client.ts'
import { bareEtag, noContentType } from './object.ts'

export interface AzureWritesOptions {
  readonly client: AzureClient
  readonly blockBytes: number
  readonly concurrency: number
  readonly tries: Tries
  /** Waits between looks at a copy that is under way. */
  readonly clock: Pick<Clock, 'sleep'>
  readonly log: Pick<Logger, 'warn'>
  readonly head: (key: string, signal: AbortSignal | undefined) => Promise<BlobObject | null>
}

export class AzureWrites {
  readonly #options: AzureWritesOptions

  constructor(options: AzureWritesOptions) {
    this.#options = options
  }

  /** One `PUT`: https://learn.microsoft.com/rest/api/storageservices/put-blob */
  async bytes(key: string, body: Uint8Array<ArrayBuffer>, put: BlobDriverPut): Promise<BlobObject> {
    const headers = { ...putHeaders(put), 'x-ms-blob-type': 'BlockBlob' }
    const { signal } = put
    const answer = await conditionally(put, () =>
      this.#options.client.sendForHeaders({ method: 'PUT', key, headers, body, signal }),
    )
    return this.#object(key, body.byteLength, answer, put)
  }

  /** Blocks, committed together at the end. Their names are unique, so the blocks of two writers are never mixed. */
  async stream(
    key: string,
    body: ReadableStream<Uint8Array<ArrayBuffer>>,
    put: BlobDriverPut,
  ): Promise<BlobObject> {
    const { tries, blockBytes, concurrency, client, log } = this.#options
    const { size, signal } = put
    const conditional = put.ifMatch !== undefined || put.ifNoneMatch !== undefined
    const upload = crypto.randomUUID()
    let stored = 0
    const sent: MultipartUpload<string> = {
      uploadPart: async (number, bytes, options) => {
        stored += bytes.byteLength
        const blockid = btoa(`${upload}-${String(number).padStart(5, '0')}`)
        const query = { comp: 'block', blockid }
        await again(tries, options.signal ?? signal, () =>
          client.sendForHeaders({ method: 'PUT', key, query, body: bytes, signal: options.signal ?? signal }),
        )
        return blockid
      },
      // Uncommitted blocks are invisible, and Azure drops them after a week. Any call that drops them could also drop the
      // blocks of another writer.
      abort: async () => undefined,
    }
    return uploadStream<string, MultipartUpload<string>, BlobObject>(
      body,
      {
        // The stream is consumed, so the retry layer cannot repeat this put. A conditional put is not retried here either:
        // after a lost answer, our object cannot be told apart from one of another writer.
        putWhole: (bytes) =>
          conditional ? this.bytes(key, bytes, put) : again(tries, signal, () => this.bytes(key, bytes, put)),
        begin: async () => {
          // Refused now rather than when all has been sent; Azure decides again at the end.
          if (conditional) await this.#refuseEarly(key, put)
          return sent
        },
        complete: async (_, ids) => {
          const answer = await conditionally(put, () => this.#commit(key, ids, put))
          return this.#object(key, stored, answer, put)
        },
      },
      {
        partBytes: partBytesFor(size, blockBytes, maxBlocks),
        maxParts: maxBlocks,
        concurrency,
        size,
        signal,
        log,
      },
    )
  }

  /** Copies within the container, at Azure. `null` when `from` is absent. https://learn.microsoft.com/rest/api/storageservices/copy-blob */
  async copy(from: string, to: string, signal: AbortSignal | undefined): Promise<BlobObject | null> {
    const { client, head } = this.#options
    const source = await beforeApplying(() => head(from, signal))
    if (source === null) return null
    const headers = {
      'x-ms-copy-source': client.copySource(from),
      ...(source.etag === '' ? {} : { 'x-ms-source-if-match': `"${source.etag}"` }),
    }
    let answer: S3Headers
    try {
      answer = await client.sendForHeaders({ method: 'PUT', key: to, headers, signal })
    } catch (error) {
      if (isKind(error, 'NotFound')) return null
      throw changed(error)
    }
    const id = answer.get('x-ms-copy-id')
    try {
      // Azure documents copies within an account as synchronous, with exceptions.
      for (let waits = 1, status = answer.get('x-ms-copy-status'); status === 'pending'; waits++) {
        await this.#options.clock.sleep(Math.min(200 * waits, 2000), signal === undefined ? {} : { signal })
        const there = await client.sendForHeaders({ method: 'HEAD', key: to, signal })
        if (there.get('x-ms-copy-id') !== id) break
        status = there.get('x-ms-copy-status')
        if (status !== 'pending' && status !== 'success')
          throw new CapabilityError('Unavailable', 'Azure gave the copy up; try again')
      }
    } catch (error) {
      await this.#undo(to, id)
      throw maybeApplied(error)
    }
    return afterApplying(() => head(to, signal))
  }

  /** Ends a copy that is under way, and deletes the empty object it leaves. Without the caller's signal, which has fired. */
  async #undo(key: string, id: string | null): Promise<void> {
    const { client, log } = this.#options
    const signal = AbortSignal.timeout(cleanUpMs)
    try {
      if (id === null) return
      const query = { comp: 'copy', copyid: id }
      await client
        .sendForHeaders({ method: 'PUT', key, query, headers: { 'x-ms-copy-action': 'abort' }, signal })
        .catch(() => undefined) // It has already ended.
      const there = await client.sendForHeaders({ method: 'HEAD', key, signal })
      const etag = there.get('etag')
      const isOurs = there.get('x-ms-copy-id') === id && there.get('x-ms-copy-status') !== 'success'
      if (!isOurs || etag === null) return
      await client.sendForHeaders({ method: 'DELETE', key, headers: { 'if-match': etag }, signal })
    } catch (error) {
      if (isKind(error, 'NotFound')) return
      log.warn({ err: error }, 'what a failed copy left could not be deleted; delete it')
    }
  }

  /** Commits the blocks. After a lost answer, the names of the committed blocks show whether it was done. */
  async #commit(key: string, ids: readonly string[], put: BlobDriverPut): Promise<S3Headers> {
    const { client, tries } = this.#options
    const { signal } = put
    const list = `<?xml version="1.0" encoding="utf-8"?><BlockList>${ids.map((id) => `<Latest>${id}</Latest>`).join('')}</BlockList>`
    const headers = { ...putHeaders(put), 'content-type': 'application/xml' }
    const body = new TextEncoder().encode(list)
    const applied = new AppliedOverTries()
    for (let failures = 1; ; failures++) {
      try {
        return await client.sendForHeaders({
          method: 'PUT',
          key,
          query: { comp: 'blocklist' },
          headers,
          body,
          signal,
        })
      } catch (failure) {
        const error = applied.failed(failure)
        if (signal?.aborted === true || (failures === 1 && !isTemporary(error))) throw error
        const there = await this.#committed(key, signal).catch(() => null)
        if (there !== null && there.ids.join() === ids.join()) return there.headers
        if (!isTemporary(error) || failures > tries.more) throw error
        await pause(tries, failures, error, signal)
      }
    }
  }

  /** Which blocks the object is made of. */
  async #committed(
    key: string,
    signal: AbortSignal | undefined,
  ): Promise<{ readonly ids: readonly string[]; readonly headers: S3Headers }> {
    const query = { comp: 'blocklist', blocklisttype: 'committed' }
    const answer = await this.#options.client.send({ method: 'GET', key, query, signal })
    const root = parseXml(await answer.text())
    const blocks =
      root === null ? [] : elements(root, 'CommittedBlocks').flatMap((list) => elements(list, 'Block'))
    return { ids: blocks.map((block) => text(block, 'Name') ?? ''), headers: answer.headers }
  }

  async #refuseEarly(key: string, put: BlobDriverPut): Promise<void> {
    const there = await this.#options.head(key, put.signal)
    if (put.ifMatch === undefined ? there !== null : there?.etag !== put.ifMatch) throw refusal(put)
  }

  #object(
    key: string,
    size: number,
    headers: S3Headers,
    { contentType, metadata }: BlobDriverPut,
  ): BlobObject {
    const stored = Date.parse(headers.get('last-modified') ?? '')
    const lastModified = new Date(Number.isNaN(stored) ? this.#options.client.now() : stored)
    return {
      key,
      size,
      etag: bareEtag(headers.get('etag')),
      contentType,
      metadata: { ...metadata },
      lastModified,
    }
  }
}

function putHeaders({ contentType, metadata, ifMatch, ifNoneMatch }: BlobDriverPut): Record<string, string> {
  return {
    'x-ms-blob-content-type': contentType ?? noContentType,
    ...azureMetadataHeaders(metadata),
    ...(ifMatch === undefined ? {} : { 'if-match': `"${ifMatch}"` }),
    ...(ifNoneMatch === undefined ? {} : { 'if-none-match': ifNoneMatch }),
  }
}

/** Runs a write, telling a condition that did not hold by which one it was. */
async function conditionally<T>(put: BlobDriverPut, write: () => Promise<T>): Promise<T> {
  try {
    return await write()
  } catch (error) {
    if (put.ifMatch === undefined && put.ifNoneMatch === undefined) throw error
    const code = isCapabilityError(error) ? error.details?.['serviceCode'] : undefined
    // Another put of the same object has discarded the blocks of this one; and an absent object has no version.
    const lost = code === 'InvalidBlockList' || code === 'BlobNotFound'
    if (lost || isKind(error, 'ConditionNotMatch', 'AlreadyExists')) throw refusal(put, error)
    throw error
  }
}

function refusal({ ifMatch }: BlobDriverPut, cause?: unknown): CapabilityError {
  const options = { cause, ...(cause === undefined ? {} : { applied: appliedOf(cause) }) }
  return ifMatch === undefined
    ? new CapabilityError('AlreadyExists', 'an object is there already; it was left as it is', options)
    : new CapabilityError('ConditionNotMatch', 'the object has another version; read it again', options)
}

/** A source that was replaced between two requests can be copied again. */
function changed(error: unknown): unknown {
  return isKind(error, 'ConditionNotMatch')
    ? new CapabilityError('Unavailable', 'the object was replaced while it was copied; try again', {
        applied: error.applied,
        cause: error,
      })
    : error
}

/** A store that is silent must not keep the caller for long. */
const cleanUpMs = 5000
