/** Puts that are made for one version only, or for none: OpenDAL leaves their condition out. `AzureRequests` is the next stop. */
import {
  beforeApplying,
  type BlobDriver,
  type BlobDriverPut,
  type BlobObject,
  CapabilityError,
  isKind,
} from '@flowport/capabilities'
import { toServiceMetadata } from '../opendal/driver.ts'
import type { AzureRequests } from './requests.ts'

type Body = Parameters<BlobDriver['put']>[1]

export interface ConditionalPutsOptions {
  readonly requests: AzureRequests
  /** Bytes of a block; what fits into one goes in one request. */
  readonly chunkBytes: number
  readonly maxObjectBytes: number
  readonly now: () => number
}

/** The driver, with conditional puts of its own. The condition is checked as the object becomes visible. */
export function withConditionalPuts(driver: BlobDriver, options: ConditionalPutsOptions): BlobDriver['put'] {
  return (key, body, put) =>
    put.ifMatch === undefined && put.ifNoneMatch === undefined
      ? driver.put(key, body, put)
      : conditionalPut(options, key, body, put)
}

/** What stands for no content type, as OpenDAL's driver has it. */
const noContentType = 'binary/octet-stream'

async function conditionalPut(
  { requests, chunkBytes, maxObjectBytes, now }: ConditionalPutsOptions,
  key: string,
  body: Body,
  put: BlobDriverPut,
): Promise<BlobObject> {
  const { contentType, metadata, ifMatch, signal } = put
  const headers = {
    ...(ifMatch === undefined ? { 'if-none-match': '*' } : { 'if-match': `"${ifMatch}"` }),
    'x-ms-blob-content-type': contentType ?? noContentType,
    ...Object.fromEntries(
      Object.entries(toServiceMetadata(metadata, 'azblob')).map(([name, value]) => [
        `x-ms-meta-${name}`,
        value,
      ]),
    ),
  }
  const whole = async (bytes: Uint8Array<ArrayBuffer>) => ({
    size: bytes.byteLength,
    answer: await requests.put({
      key,
      headers: { ...headers, 'x-ms-blob-type': 'BlockBlob' },
      body: bytes,
      signal,
    }),
  })
  try {
    const { size, answer } = body instanceof Uint8Array ? await whole(body) : await inBlocks(body)
    const etag = (answer.get('etag') ?? '').replaceAll('"', '')
    const modified = Date.parse(answer.get('last-modified') ?? '')
    const lastModified = new Date(Number.isNaN(modified) ? now() : modified)
    return { key, size, etag, lastModified, contentType, metadata: { ...metadata } }
  } catch (error) {
    throw lost(error, put)
  }

  /** Blocks have names nobody else has: what two writers send is never mixed. */
  async function inBlocks(stream: ReadableStream<Uint8Array<ArrayBuffer>>) {
    const upload = crypto.randomUUID()
    const ids: string[] = []
    let size = 0
    for await (const { bytes, last } of pieces(stream, chunkBytes)) {
      size += bytes.byteLength
      if (size > maxObjectBytes)
        throw new CapabilityError(
          'LimitExceeded',
          `the stream is longer than the limit of ${maxObjectBytes} bytes`,
        )
      if (last && ids.length === 0) return whole(bytes)
      const blockid = btoa(`${upload}-${String(ids.length).padStart(5, '0')}`)
      // Nobody sees a block that is not committed.
      await beforeApplying(() =>
        requests.put({ key, query: { comp: 'block', blockid }, headers: {}, body: bytes, signal }),
      )
      ids.push(blockid)
    }
    const list = `<?xml version="1.0" encoding="utf-8"?><BlockList>${ids.map((id) => `<Latest>${id}</Latest>`).join('')}</BlockList>`
    const answer = await requests.put({
      key,
      query: { comp: 'blocklist' },
      headers: { ...headers, 'content-type': 'application/xml' },
      body: new TextEncoder().encode(list),
      signal,
    })
    return { size, answer }
  }
}

/** A refusal for the condition, told as what it means for this put. */
function lost(error: unknown, { ifMatch }: BlobDriverPut): unknown {
  if (!isKind(error, 'ConditionNotMatch', 'AlreadyExists', 'NotFound', 'Unexpected')) return error
  const code = error.details?.['serviceCode']
  // Another put of the same object has taken the blocks of this one away.
  const raced = code === 'InvalidBlockList'
  const condition = raced || error.kind === 'ConditionNotMatch' || error.kind === 'AlreadyExists'
  if (!condition && code !== 'BlobNotFound') return error
  const { applied, details } = error
  const options = { applied, ...(details === undefined ? {} : { details }) }
  return ifMatch === undefined
    ? new CapabilityError('AlreadyExists', 'there is an object; it was left as it is', options)
    : new CapabilityError('ConditionNotMatch', 'the object has another version; read it again', options)
}

/** The stream in pieces of `size` bytes, each in memory of its own; the last may be shorter. */
async function* pieces(stream: ReadableStream<Uint8Array<ArrayBuffer>>, size: number) {
  let held = new Uint8Array(Math.min(size, 65_536))
  let length = 0
  for await (const chunk of stream) {
    for (let at = 0; at < chunk.byteLength; ) {
      if (length === size) {
        yield { bytes: held, last: false }
        held = new Uint8Array(size)
        length = 0
      }
      const taken = Math.min(chunk.byteLength - at, size - length)
      if (length + taken > held.byteLength) {
        const larger = new Uint8Array(Math.min(size, Math.max(length + taken, 2 * held.byteLength)))
        larger.set(held.subarray(0, length))
        held = larger
      }
      held.set(chunk.subarray(at, at + taken), length)
      length += taken
      at += taken
    }
  }
  yield { bytes: held.slice(0, length), last: true }
}
