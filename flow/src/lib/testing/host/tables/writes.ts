/** Writes with conditions and their right answers: RFC 9110, 13, 14.5 and 8.4. */

export interface WriteCase {
  /** Whether an object is stored under the key before. */
  readonly on: 'an' | 'no'
  /** `ETAG`, `BARE`, `MODIFIED`, `EARLIER` and `LATER` stand for the stored object's own. */
  readonly headers: Readonly<Record<string, string>>
  readonly status: 201 | 400 | 412 | 415
}

const onObject: readonly (readonly [
  headers: Readonly<Record<string, string>>,
  status: WriteCase['status'],
])[] = [
  [{}, 201],
  [{ 'if-match': 'ETAG' }, 201],
  [{ 'if-match': '*' }, 201],
  [{ 'if-match': '"x", ETAG' }, 201],
  [{ 'if-match': 'W/"x", ETAG' }, 201],
  [{ 'if-match': 'W/ETAG' }, 412],
  [{ 'if-match': '"x"' }, 412],
  [{ 'if-match': '"x", "y"' }, 412],
  [{ 'if-match': '""' }, 412],
  [{ 'if-match': '"*"' }, 412],
  [{ 'if-match': '"W/BARE"' }, 412],
  [{ 'if-match': '"é"' }, 412],
  [{ 'if-match': 'BARE' }, 400],
  [{ 'if-match': '"BARE' }, 400],
  [{ 'if-match': ',' }, 400],
  [{ 'if-none-match': '*' }, 412],
  [{ 'if-none-match': 'ETAG' }, 412],
  [{ 'if-none-match': 'W/ETAG' }, 412],
  [{ 'if-none-match': '"x", W/ETAG' }, 412],
  [{ 'if-none-match': '"x"' }, 201],
  [{ 'if-none-match': '"x", W/"y"' }, 201],
  [{ 'if-none-match': 'BARE' }, 400],
  [{ 'if-none-match': '*, ETAG' }, 400],
  [{ 'if-unmodified-since': 'MODIFIED' }, 201],
  [{ 'if-unmodified-since': 'LATER' }, 201],
  [{ 'if-unmodified-since': 'EARLIER' }, 412],
  // Text that is no date is ignored, as RFC 9110, 13.1.4, demands.
  [{ 'if-unmodified-since': 'yesterday' }, 201],
  [{ 'if-modified-since': 'LATER' }, 201],
  [{ 'if-match': 'ETAG', 'if-none-match': '"x"' }, 201],
  [{ 'if-match': 'ETAG', 'if-none-match': 'ETAG' }, 412],
  [{ 'if-match': '"x"', 'if-none-match': '"x"' }, 412],
  [{ 'if-match': 'ETAG', 'if-unmodified-since': 'EARLIER' }, 201],
  [{ 'if-match': '"x"', 'if-unmodified-since': 'LATER' }, 412],
  [{ 'if-none-match': '*', 'if-unmodified-since': 'LATER' }, 412],
  [{ 'if-none-match': '"x"', 'if-unmodified-since': 'EARLIER' }, 412],
  // Ranges are of GET alone.
  [{ 'if-range': '"x"', range: 'bytes=0-1' }, 201],
  [{ range: 'bytes=90-' }, 201],
  [{ 'content-range': 'bytes 0-2/26' }, 400],
  [{ 'content-range': 'bytes 0-2/*' }, 400],
  [{ 'content-range': 'bytes */3' }, 400],
  [{ 'content-range': 'nonsense' }, 400],
  [{ 'content-encoding': 'identity' }, 201],
  [{ 'content-encoding': 'IDENTITY' }, 201],
  ...['gzip', 'GZIP', 'br', 'deflate', 'zstd', 'x-gzip', 'identity, gzip', 'aes128gcm'].map(
    (coding) => [{ 'content-encoding': coding }, 415] as const,
  ),
]

const onNothing: typeof onObject = [
  [{}, 201],
  [{ 'if-match': '*' }, 412],
  [{ 'if-match': '"x"' }, 412],
  [{ 'if-match': 'W/"x"' }, 412],
  [{ 'if-match': '"x", "y"' }, 412],
  [{ 'if-match': 'x' }, 400],
  [{ 'if-none-match': '*' }, 201],
  [{ 'if-none-match': '"x"' }, 201],
  [{ 'if-none-match': 'W/"x", "y"' }, 201],
  [{ 'if-none-match': 'x' }, 400],
  [{ 'if-unmodified-since': 'Fri, 01 Jan 2100 00:00:00 GMT' }, 201],
  [{ 'if-unmodified-since': 'Thu, 01 Jan 1970 00:00:00 GMT' }, 201],
  [{ 'if-modified-since': 'Fri, 01 Jan 2100 00:00:00 GMT' }, 201],
  [{ 'if-match': '*', 'if-none-match': '*' }, 412],
  [{ 'content-range': 'bytes 0-2/3' }, 400],
  [{ 'content-encoding': 'gzip' }, 415],
]

export const writes: readonly WriteCase[] = [
  ...onObject.map(([headers, status]) => ({ on: 'an', headers, status }) as const),
  ...onNothing.map(([headers, status]) => ({ on: 'no', headers, status }) as const),
]

export interface RefusedWrite {
  readonly what: string
  /** `KEY` stands for a key that is not used. */
  readonly path: string
  readonly init: RequestInit
  readonly status: number
  readonly code?: string
}

const preconditions: readonly (readonly [name: string, value: string])[] = [
  ['if-match', '"x"'],
  ['if-match', '*'],
  ['if-none-match', '*'],
  ['if-none-match', '"x"'],
  ['if-unmodified-since', 'Fri, 01 Jan 2100 00:00:00 GMT'],
]

const json = { 'content-type': 'application/json' }
const item = JSON.stringify({ name: 'a', size: 1 })
const form = '--B\r\nContent-Disposition: form-data; name="title"\r\n\r\nx\r\n--B--\r\n'
const formType = { 'content-type': 'multipart/form-data; boundary=B' }

/** Routes that store no body of their own: what they would do under a condition is not theirs to check. */
const routes: readonly (readonly [what: string, path: string, init: RequestInit])[] = [
  ['DELETE', '/blobs/KEY', { method: 'DELETE' }],
  ['POST of JSON', '/items', { method: 'POST', body: item, headers: json }],
  ['PUT of JSON', '/items/a', { method: 'PUT', body: '{"size":1}', headers: json }],
  ['POST of a form', '/forms/KEY', { method: 'POST', body: form, headers: formType }],
  ['POST of a stream', '/count', { method: 'POST', body: 'x', headers: { 'content-type': 'text/plain' } }],
]

function having(init: RequestInit, name: string, value: string): RequestInit {
  return { ...init, headers: { ...(init.headers as Record<string, string>), [name]: value } }
}

export const refusedWrites: readonly RefusedWrite[] = [
  ...routes.flatMap(([what, path, init]) =>
    preconditions.map(([name, value]) => ({
      what: `${what} with ${name}: ${value}`,
      path,
      init: having(init, name, value),
      status: 400,
      code: 'CONDITION_NOT_SUPPORTED',
    })),
  ),
  ...routes.map(([what, path, init]) => ({
    what: `${what} with If-Modified-Since, which only reads have,`,
    path,
    init: having(init, 'if-modified-since', 'Fri, 01 Jan 2100 00:00:00 GMT'),
    status: { DELETE: 204, 'POST of a form': 201 }[what] ?? 200,
  })),
  ...routes.slice(1).flatMap(([what, path, init]) => [
    {
      what: `${what} with Content-Encoding: gzip`,
      path,
      init: having(init, 'content-encoding', 'gzip'),
      status: 415,
      code: 'UNSUPPORTED_CONTENT_ENCODING',
    },
    {
      what: `${what} with Content-Range`,
      path,
      init: having(init, 'content-range', 'bytes 0-1/2'),
      status: 400,
      code: 'PARTIAL_BODY',
    },
  ]),
  {
    what: 'DELETE with If-Match, where the flow honours it itself,',
    path: '/conditional/KEY',
    init: { method: 'DELETE', headers: { 'if-match': '"mine"' } },
    status: 200,
  },
]
