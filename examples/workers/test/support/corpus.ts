/** Requests that both hosts must answer alike, in sending order: later ones read data that earlier ones stored. */

export interface CorpusRequest {
  readonly name: string
  readonly path: string
  readonly init?: RequestInit
}

const MiB = 1024 * 1024

/** Bytes of a length, in a pattern that repeats every 251 bytes. */
function bytes(length: number): Uint8Array<ArrayBuffer> {
  return Uint8Array.from({ length }, (_, at) => at % 251)
}

const get = (path: string, headers: Record<string, string> = {}): CorpusRequest => ({
  name: `GET ${path}${told(headers)}`,
  path,
  init: { headers, redirect: 'manual' },
})

const head = (path: string, headers: Record<string, string> = {}): CorpusRequest => ({
  name: `HEAD ${path}${told(headers)}`,
  path,
  init: { method: 'HEAD', headers },
})

const json = (
  method: string,
  path: string,
  body: unknown,
  headers: Record<string, string> = {},
): CorpusRequest => {
  const text = typeof body === 'string' ? body : JSON.stringify(body)
  return {
    name: `${method} ${path} ${text.slice(0, 60)}${told(headers)}`,
    path,
    init: { method, body: text, headers: { 'content-type': 'application/json', ...headers } },
  }
}

const raw = (
  method: string,
  path: string,
  body: BodyInit | null,
  headers: Record<string, string>,
  what: string,
) => ({
  name: `${method} ${path} ${what}`,
  path,
  init: { method, headers, ...(body === null ? {} : { body }) },
})

const form = (path: string, text: string, what: string) =>
  raw(
    'POST',
    path,
    text.replaceAll('\n', '\r\n'),
    { 'content-type': 'multipart/form-data; boundary=B' },
    what,
  )

const field = (name: string, value: string) =>
  `--B\nContent-Disposition: form-data; name="${name}"\n\n${value}\n`
const file = (field: string, filename: string, content: string, type = 'text/plain') =>
  `--B\nContent-Disposition: form-data; name="${field}"; filename="${filename}"\nContent-Type: ${type}\n\n${content}\n`

function told(headers: Record<string, string>): string {
  const named = Object.entries(headers).map(([name, value]) => `${name}: ${value}`)
  return named.length === 0 ? '' : ` (${named.join(', ')})`
}

const kinds = [
  'NotFound',
  'AlreadyExists',
  'ConditionNotMatch',
  'InvalidInput',
  'LimitExceeded',
  'PermissionDenied',
  'Unauthenticated',
  'RateLimited',
  'Unavailable',
  'Timeout',
  'Cancelled',
  'Unsupported',
  'RangeNotSatisfied',
  'Corrupt',
  'Misconfigured',
  'Unexpected',
]

const octets = { 'content-type': 'application/octet-stream' }
const ndjson = { accept: 'application/x-ndjson' }
const trace = { traceparent: '00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01' }

export const corpus: readonly CorpusRequest[] = [
  // Answers.
  ...['nothing', 'null', 'zero', 'text', 'created', 'reply', 'plain', 'empty'].map((name) => get(`/${name}`)),
  ...['nothing', 'text', 'created', 'plain'].map((name) => head(`/${name}`)),
  get('/params/a/of/b'),
  get('/params/%C3%A4%20%2F/of/%F0%9F%98%80'),
  get('/zero', trace),
  get('/zero', { traceparent: 'nonsense' }),
  // Errors.
  ...kinds.map((kind) => get(`/fail?kind=${kind}`)),
  get('/fail?kind=RateLimited&retryAfterMs=2500'),
  get('/boom'),
  get('/throws-text'),
  get('/teapot'),
  get('/denied'),
  get('/broken-output'),
  get('/deaf?id=parity'),
  get('/no/such/route'),
  get('/items'),
  json('DELETE', '/items', {}),
  json('PATCH', '/zero', {}),
  get('/items/%E0%A4%A?size=1'),
  get(`/items/${'x'.repeat(9_000)}?size=1`),
  // Inputs.
  json('POST', '/items', { name: 'ä€😀', size: 3 }),
  json('POST', '/items', { name: 'a', size: '3' }),
  json('POST', '/items', { size: 'x' }),
  json('POST', '/items', '{"name":'),
  json('POST', '/items', ''),
  json('POST', '/items', 'null'),
  json('POST', '/items', '{"__proto__":{"a":1},"name":"a","size":1}'),
  json('POST', '/items', { name: 'a', size: 1 }, { 'content-type': 'text/plain' }),
  json('POST', '/items', { name: 'a', size: 1 }, { 'content-type': 'application/ld+json' }),
  json('POST', '/items', { name: 'x'.repeat(2 * MiB), size: 1 }),
  raw('POST', '/items', null, {}, 'without a body'),
  json('PUT', '/items/box', { size: 3 }),
  json('PUT', '/items/box', { name: 'box', size: 3 }),
  json('PUT', '/items/box', { name: 'bag', size: 3 }),
  json('PUT', '/items/box', '[1]'),
  get('/items/a%20b%2Fc%2525?size=%33'),
  get('/items/box?size=1&size=2'),
  get('/items/box?size=1&size=1'),
  get('/items/box?size='),
  json('POST', '/keyed', {}),
  json('POST', '/keyed', {}, { 'idempotency-key': '"k 1"' }),
  json('POST', '/keyed', {}, { 'idempotency-key': 'k-1' }),
  json('POST', '/keyed', {}, { 'idempotency-key': '"open' }),
  // Stored bodies.
  raw('PUT', '/blobs/one', bytes(1_000), { 'content-type': 'image/x-test' }, '1000 bytes'),
  raw('PUT', '/blobs/none', new Uint8Array(0), octets, 'no bytes'),
  raw('PUT', '/blobs/large', bytes(3 * MiB), octets, '3 MiB'),
  raw('PUT', '/blobs/too-large', bytes(4 * MiB + 1), octets, '4 MiB and a byte'),
  raw('PUT', '/blobs/a%5Cb', bytes(1), octets, 'a key with a backslash'),
  get('/blobs/one'),
  get('/blobs/none'),
  get('/blobs/large'),
  get('/blobs/too-large'),
  head('/blobs/one'),
  head('/blobs/absent'),
  ...['0-9', '990-', '-10', '995-5000', '1000-', '5-2', 'x', '0-1,4-5'].map((range) =>
    get('/blobs/one', { range: `bytes=${range}` }),
  ),
  get('/blobs/one', { range: 'items=0-1' }),
  head('/blobs/one', { range: 'bytes=0-9' }),
  get('/blobs/one', { 'if-match': '"other"' }),
  get('/blobs/one', { 'if-none-match': '*' }),
  get('/blobs/one', { 'if-modified-since': 'Fri, 01 Jan 2100 00:00:00 GMT' }),
  // Forms.
  form(
    '/forms/f1',
    `${field('title', 'Äpfel')}${file('a', 'a.txt', 'some text')}${file('b', 'b.csv', 'x,y', 'text/csv')}--B--\n`,
    'two files',
  ),
  form('/forms/f2', `${field('title', 'none')}--B--\n`, 'no file'),
  form('/forms/f3', file('a', 'a.txt', 'cut').slice(0, -1), 'cut off'),
  form('/forms/f4', `${file('a', '../up.txt', 'x')}--B--\n`, 'a name that leaves'),
  form('/forms/f5', `${file('a', 'same.txt', 'x')}${file('b', 'same.txt', 'y')}--B--\n`, 'one name twice'),
  form('/forms/f6', `${['1', '2', '3', '4'].map((n) => file('a', n, n)).join('')}--B--\n`, 'four files'),
  form('/forms/f7', `${field('title', 'x'.repeat(101))}--B--\n`, 'a long field'),
  raw('POST', '/forms/f8', 'x', { 'content-type': 'text/plain' }, 'no form'),
  raw('POST', '/forms/f9', 'x', { 'content-type': 'multipart/form-data' }, 'no boundary'),
  get('/blobs?prefix='),
  get('/blobs/f1%2Fa.txt'),
  raw('POST', '/count', 'a,b\n1,2\n', { 'content-type': 'text/csv' }, 'a stream'),
  raw('POST', '/count', '{}', { 'content-type': 'application/json' }, 'of a type not taken'),
  raw('POST', '/count', new Uint8Array(4 * MiB + 1), octets, 'over its bound'),
  // Streams.
  get('/events?count=3'),
  get('/events?count=3', ndjson),
  get('/events?count=1&fail=1'),
  get('/events?count=1&fail=1', ndjson),
  get('/events?count=2000', ndjson),
  head('/events?count=1'),
  get('/with-result'),
  get('/with-result', { accept: 'text/event-stream' }),
  get('/with-result', ndjson),
  // Routes that the hosts serve in addition to the app's flows.
  get('/healthz'),
  get('/readyz'),
  get('/openapi.json'),
  get('/', { accept: 'text/html' }),
]
