/** A stored object as an answer: validators, conditions, one range. Its bytes are opened only when they are sent. */
import { type BlobStore, isKind, isUnversioned, type ResourceBag } from '@flowport/capabilities'
import { type BlobRef, blobRef } from '../blob-ref.ts'
import { isHeaderValue } from '../response-head.ts'
import type { HttpCall, HttpOutcome } from './call.ts'
import { type Part, rangeApplies, rangeOf } from './conditions/byte-range.ts'
import { entityTagOf, tagText } from './conditions/entity-tag.ts'
import { evaluate, type Preconditions, preconditionsOf } from './conditions/preconditions.ts'
import { validatorsOf } from './conditions/validators.ts'
import { HttpProblem } from './problem.ts'
import { answersPrefix } from './recorded/place.ts'

/** How often an object that is replaced meanwhile is looked up again before it is served whole, as it is then. */
const maxLookups = 3

interface Wanted {
  /** The status where no condition and no range changes it. */
  readonly status: number
  readonly call: HttpCall
  /** `null` where the request has none, or its answer is not a successful read. */
  readonly conditions: Preconditions | null
  /** The `Range` header, where this answer may be partial. */
  readonly range: string | undefined
  readonly store: BlobStore
  readonly base: Readonly<Record<string, string>>
}

/** 200, 206, 304, 412 or 416, as the request's headers ask. */
export async function blobAnswer(
  ref: BlobRef,
  status: number,
  call: HttpCall,
  bag: ResourceBag,
  signal: AbortSignal,
  headers: Record<string, string>,
): Promise<HttpOutcome> {
  // Recorded answers belong to their callers: a flow that serves keys of the client's choice must not hand them out.
  if (ref.key.startsWith(answersPrefix)) throw gone(ref.key)
  const store = bag.control(ref.$blob).view('read', { signal }) as BlobStore
  // Conditions are about what is read: the answer to a write was decided before the write (upload-condition.ts).
  const isRead = (call.method === 'GET' || call.method === 'HEAD') && status < 300
  const wanted: Wanted = {
    status,
    call,
    conditions: isRead ? preconditionsOf(call) : null,
    // GET is the only method with ranges (RFC 9110, 14.2).
    range:
      call.method === 'GET' && status === 200 && store.info.features.ranges
        ? call.header('range')
        : undefined,
    store,
    base: headers,
  }
  let current = ref
  for (let lookups = 0; lookups < maxLookups; lookups++) {
    const outcome = await attempt(current, wanted)
    if (outcome !== null) return outcome
    // Replaced or removed since the flow looked: answer with what is there now.
    const object = await store.head(current.key)
    if (object === null) throw gone(current.key)
    current = blobRef(object, ref.$blob)
  }
  return whateverIsThere(current, wanted)
}

/** The answer from this version of the object; `null` when the store has another one by now. */
async function attempt(ref: BlobRef, wanted: Wanted): Promise<HttpOutcome | null> {
  const { call, store, status } = wanted
  const early = withoutBytes(ref, wanted)
  if (early !== null) return early
  const part = partOf(ref, wanted)
  const headers = { ...headersOf(ref, wanted), ...contentOf(ref, part) }
  const code = part === null ? status : 206
  if (call.method === 'HEAD') return { status: code, headers, body: null }
  const hasVersion = !isUnversioned(ref.etag)
  try {
    const handle = await store.get(ref.key, {
      ...(hasVersion ? { ifMatch: ref.etag } : {}),
      ...(part === null ? {} : { range: { offset: part.start, length: part.end - part.start } }),
    })
    if (handle === null) return null
    if (hasVersion || handle.object.size === ref.size) return { status: code, headers, body: handle.stream() }
    await handle.cancel()
    return null
  } catch (error) {
    if (isKind(error, 'ConditionNotMatch', 'RangeNotSatisfied')) return null
    throw error
  }
}

/** The whole object, described by what was opened: for one that is replaced faster than it can be looked up. */
async function whateverIsThere({ key, $blob }: BlobRef, wanted: Wanted): Promise<HttpOutcome> {
  const handle = await wanted.store.get(key)
  if (handle === null) throw gone(key)
  const ref = blobRef(handle.object, $blob)
  try {
    const early = withoutBytes(ref, wanted)
    if (early === null) {
      const headers = { ...headersOf(ref, wanted), ...contentOf(ref, null) }
      return { status: wanted.status, headers, body: handle.stream() }
    }
    await handle.cancel()
    return early
  } catch (error) {
    await handle.cancel()
    throw error
  }
}

/** The 304 where the conditions ask for it, else `null`. @throws HttpProblem 412. */
function withoutBytes(ref: BlobRef, wanted: Wanted): HttpOutcome | null {
  const { conditions } = wanted
  if (conditions === null) return null
  const outcome = evaluate(conditions, validatorsOf(ref), true)
  if (outcome === 'passed') return null
  const headers = headersOf(ref, wanted)
  if (outcome === 'unchanged') return { status: 304, headers, body: null }
  const { etag } = headers
  throw new HttpProblem({
    status: 412,
    code: 'PRECONDITION_FAILED',
    title: 'The object is not the version asked for',
    ...(etag === undefined ? {} : { headers: { etag } }),
  })
}

function headersOf(ref: BlobRef, { base, store }: Wanted): Record<string, string> {
  const { modified } = validatorsOf(ref)
  const tag = entityTagOf(ref.etag)
  return {
    ...base,
    'cache-control': 'private, no-cache',
    'accept-ranges': store.info.features.ranges ? 'bytes' : 'none',
    'x-content-type-options': 'nosniff',
    // A stored page must not run with the rights of the site that serves it.
    'content-security-policy': "default-src 'none'; sandbox",
    ...(tag === null ? {} : { etag: tagText(tag) }),
    ...(modified === null ? {} : { 'last-modified': new Date(modified).toUTCString() }),
  }
}

/** Content headers of the bytes that are sent. A 304 sends no bytes and takes none of these. */
function contentOf({ size, contentType }: BlobRef, part: Part | null): Record<string, string> {
  // Other programs store types that no header can carry.
  const type = contentType ?? ''
  const { start, end } = part ?? { start: 0, end: size }
  return {
    'content-type': type !== '' && isHeaderValue(type) ? type : 'application/octet-stream',
    'content-length': String(end - start),
    ...(part === null ? {} : { 'content-range': `bytes ${start}-${end - 1}/${size}` }),
  }
}

/** The part to serve, `null` for the whole. @throws HttpProblem 416. */
function partOf({ size, etag }: BlobRef, { range, call }: Wanted): Part | null {
  if (range === undefined || !rangeApplies(call.header('if-range'), etag)) return null
  const part = rangeOf(range, size)
  if (typeof part === 'object') return part
  if (part === 'whole') return null
  throw new HttpProblem({
    status: 416,
    code: 'RANGE_NOT_SATISFIABLE',
    title: part === 'malformed' ? 'The Range header is malformed' : 'There are no bytes in that range',
    detail: `The object has ${size} bytes; ask for "bytes=first-last", "bytes=first-" or "bytes=-length"`,
    headers: { 'content-range': `bytes */${size}`, 'accept-ranges': 'bytes' },
  })
}

function gone(key: string): HttpProblem {
  return new HttpProblem({
    status: 404,
    code: 'BLOB_NOT_FOUND',
    title: 'There is no such object',
    detail: key,
  })
}
