/** A stored object as an answer: `ETag`, conditions, ranges; its bytes are opened only when they are sent. */
import { type BlobStore, isKind, type ResourceBag } from '@flowport/capabilities'
import parseRange from 'range-parser'
import { type BlobRef, blobRef } from '../blob-ref.ts'
import { isHeaderValue } from '../response-head.ts'
import type { HttpCall, HttpOutcome } from './call.ts'
import { HttpProblem } from './problem.ts'

type Slice = { readonly start: number; readonly end: number } | null

/** 200, 206, 304, 412 or 416, as the request's headers ask. */
export async function blobAnswer(
  ref: BlobRef,
  status: number,
  call: HttpCall,
  bag: ResourceBag,
  signal: AbortSignal,
  headers: Record<string, string>,
): Promise<HttpOutcome> {
  const store = bag.control(ref.$blob).view('read', { signal }) as BlobStore
  for (let current = ref, tries = 0; ; tries++) {
    const outcome = await attempt(current, status, call, store, headers)
    if (outcome !== null) return outcome
    // Replaced or removed since the flow looked: answer with what is there now.
    const object = await store.head(current.key)
    if (object === null || tries === 3) throw gone(current.key)
    current = blobRef(object, ref.$blob)
  }
}

async function attempt(
  ref: BlobRef,
  status: number,
  call: HttpCall,
  store: BlobStore,
  base: Record<string, string>,
): Promise<HttpOutcome | null> {
  const etag = `"${ref.etag}"`
  const headers: Record<string, string> = {
    ...base,
    'cache-control': 'private, no-cache',
    'accept-ranges': 'bytes',
    etag,
    'x-content-type-options': 'nosniff',
    // A stored page must not run with the rights of the site that serves it.
    'content-security-policy': "default-src 'none'; sandbox",
    ...(ref.lastModified === undefined ? {} : { 'last-modified': new Date(ref.lastModified).toUTCString() }),
  }
  // Of what was asked for: the answer to a write has been written already.
  const isAsked = status === 200 && (call.method === 'GET' || call.method === 'HEAD')
  const ifMatch = isAsked ? call.header('if-match') : undefined
  if (ifMatch !== undefined && !matches(ifMatch, etag, true)) {
    throw new HttpProblem({
      status: 412,
      code: 'PRECONDITION_FAILED',
      title: 'The object is not the version asked for',
      headers: { etag },
    })
  }
  if (isAsked && notModified(call, ref, etag)) return { status: 304, headers, body: null }
  const slice = isAsked ? sliceFor(call, ref, etag) : null
  const { start, end } = slice ?? { start: 0, end: ref.size }
  // Others store what no header can carry.
  const type = ref.contentType ?? ''
  headers['content-type'] = type !== '' && isHeaderValue(type) ? type : 'application/octet-stream'
  headers['content-length'] = String(end - start)
  if (slice !== null) headers['content-range'] = `bytes ${start}-${end - 1}/${ref.size}`
  const code = slice === null ? status : 206
  if (call.method === 'HEAD') return { status: code, headers, body: null }
  try {
    const range = slice === null ? {} : { range: { offset: start, length: end - start } }
    const handle = await store.get(ref.key, { ifMatch: ref.etag, ...range })
    return handle === null ? null : { status: code, headers, body: handle.stream() }
  } catch (error) {
    if (isKind(error, 'ConditionNotMatch')) return null
    throw error
  }
}

function notModified(call: HttpCall, ref: BlobRef, etag: string): boolean {
  const ifNoneMatch = call.header('if-none-match')
  if (ifNoneMatch !== undefined) return matches(ifNoneMatch, etag, false)
  const since = Date.parse(call.header('if-modified-since') ?? '')
  if (Number.isNaN(since) || ref.lastModified === undefined) return false
  return Math.floor(Date.parse(ref.lastModified) / 1000) * 1000 <= since
}

/** RFC 9110 §14.2: an unknown unit is ignored, several ranges are answered with the whole, nonsense is refused. */
function sliceFor(call: HttpCall, ref: BlobRef, etag: string): Slice {
  const header = call.header('range')
  if (header === undefined || !/^\s*bytes\s*=/i.test(header) || !rangeApplies(call, ref, etag)) return null
  const ranges = parseRange(ref.size, header)
  if (ranges === -1 || ranges === -2) {
    throw new HttpProblem({
      status: 416,
      code: 'RANGE_NOT_SATISFIABLE',
      title: ranges === -1 ? 'There are no bytes in that range' : 'The Range header is malformed',
      detail: `The object has ${ref.size} bytes; ask for "bytes=first-last", "bytes=first-" or "bytes=-length"`,
      headers: { 'content-range': `bytes */${ref.size}`, 'accept-ranges': 'bytes' },
    })
  }
  const [first, ...others] = ranges
  return first === undefined || others.length > 0 ? null : { start: first.start, end: first.end + 1 }
}

/** `If-Range`: the part is of use only with the version the client has. */
function rangeApplies(call: HttpCall, ref: BlobRef, etag: string): boolean {
  const condition = call.header('if-range')
  if (condition === undefined) return true
  if (condition.includes('"')) return condition.trim() === etag
  return (
    ref.lastModified !== undefined &&
    Date.parse(condition) >= Math.floor(Date.parse(ref.lastModified) / 1000) * 1000
  )
}

/** Whether a list of entity tags names this one; weakly, or strongly where `W/` tags never match. */
function matches(header: string, etag: string, strong: boolean): boolean {
  if (header.trim() === '*') return true
  const tags = header.match(/(?:W\/)?"[^"]*"/g) ?? []
  return tags.some((tag) => (strong ? tag === etag : tag.replace(/^W\//, '') === etag))
}

function gone(key: string): HttpProblem {
  return new HttpProblem({
    status: 404,
    code: 'BLOB_NOT_FOUND',
    title: 'There is no such object',
    detail: key,
  })
}
