/**
 * Generates hostile requests from a seed: broken HTTP, broken bodies, junk in every header, path traversal. Leaves out CONNECT,
 * because workerd answers it with a 500 without calling the Worker, and Cloudflare's edge does not forward it.
 */

/** Returns a generator of numbers in [0, 1) that repeats for the same seed (mulberry32). */
export function randomOf(seed: number): () => number {
  let state = seed >>> 0
  return () => {
    state = (state + 0x6d2b79f5) >>> 0
    let t = Math.imul(state ^ (state >>> 15), 1 | state)
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t
    return ((t ^ (t >>> 14)) >>> 0) / 4_294_967_296
  }
}

type Random = () => number

/** Returns the bytes of one request. */
export function hostileRequest(random: Random): Buffer {
  const make = pick(random, kinds)
  return Buffer.from(make(random), 'latin1')
}

const pick = <T>(random: Random, from: readonly T[]): T => from[Math.floor(random() * from.length)] as T
const junk = (random: Random, length: number) =>
  Array.from({ length }, () => String.fromCharCode(Math.floor(random() * 256))).join('')
/** Random visible ASCII, which is valid in a header. */
const visible = (random: Random, length: number) =>
  Array.from({ length }, () => String.fromCharCode(33 + Math.floor(random() * 94))).join('')

function request(method: string, path: string, headers: readonly string[] = [], body?: string): string {
  const length = body === undefined ? [] : [`content-length: ${body.length}`]
  return [
    `${method} ${path} HTTP/1.1`,
    'host: localhost',
    'connection: close',
    ...headers,
    ...length,
    '',
    body ?? '',
  ].join('\r\n')
}

const jsonHead = ['content-type: application/json']
const texts = [
  '',
  '{',
  '{"name":',
  'nul',
  '"\\ud800"',
  '{"__proto__":{"a":1}}',
  '{"constructor":{"prototype":{}}}',
  '['.repeat(20_000),
  `${'{"a":'.repeat(5_000)}1${'}'.repeat(5_000)}`,
  '{"name":"a","size":1e999}',
  '{"name":"a","size":99999999999999999999999999}',
  '\xff\xfe{}',
  '\xef\xbb\xbf{}',
  `{"name":"${'x'.repeat(70_000)}","size":1}`,
  '{"name":"a\0b","size":1}',
  '[1,2,3]',
]
const paths = [
  '/../../etc/passwd',
  '/blobs/..%2f..%2fetc%2fpasswd',
  '/blobs/%00',
  '/blobs/%E0%A4%A',
  '/blobs/%252e%252e%252f',
  `/blobs/${'a'.repeat(7_000)}`,
  '/items/%ud800',
  '//evil.example/',
  'http://evil.example/zero',
  '*',
  '/zero?__proto__=1&__proto__=2',
  `/items/x?${'size=1&'.repeat(500)}`,
  '/items/x?size=1&size=2',
  '/openapi.json/../zero',
]
const headers = [
  'range',
  'if-range',
  'if-match',
  'if-none-match',
  'if-modified-since',
  'accept',
  'accept-encoding',
  'content-type',
  'content-encoding',
  'content-range',
  'idempotency-key',
  'traceparent',
  'x-request-id',
  'origin',
  'sec-fetch-site',
  'x-forwarded-for',
  'x-forwarded-host',
  'cookie',
  'authorization',
  'last-event-id',
]

const kinds: readonly ((random: Random) => string)[] = [
  (random) => junk(random, 1 + Math.floor(random() * 300)),
  (random) => `${visible(random, 5)} / HTTP/1.1\r\nhost: localhost\r\n\r\n`,
  (random) => request('GET', '/zero', [`${visible(random, 20)}: ${junk(random, 40)}`]),
  (random) => request('GET', pick(random, paths)),
  (random) => request(pick(random, ['PUT', 'DELETE', 'PROPFIND', 'TRACE', 'OPTIONS']), pick(random, paths)),
  (random) => request('POST', '/items', jsonHead, pick(random, texts)),
  (random) => request('PUT', '/items/a', jsonHead, pick(random, texts)),
  (random) => request('POST', '/items', [`content-type: ${visible(random, 300)}`], pick(random, texts)),
  (random) =>
    request('GET', '/blobs/a', [`${pick(random, headers)}: ${visible(random, 1 + random() * 200)}`]),
  (random) =>
    request(
      'PUT',
      '/blobs/a',
      [`${pick(random, headers)}: ${visible(random, 1 + random() * 200)}`],
      junk(random, 500),
    ),
  (random) => request('POST', '/keyed', [`idempotency-key: ${visible(random, 1 + random() * 400)}`], ''),
  (random) => request('GET', '/zero', [`host: ${visible(random, 30)}`]),
  (random) => request('GET', '/zero', [`x: ${'x'.repeat(Math.floor(random() * 80_000))}`]),
  (random) =>
    request(
      'GET',
      '/zero',
      Array.from({ length: 3_000 }, (_, at) => `x${at}: ${Math.floor(random() * 9)}`),
    ),
  (random) =>
    request(
      'POST',
      '/items',
      [...jsonHead, 'transfer-encoding: chunked'],
      pick(random, [
        'zz\r\n',
        '5\r\nabc',
        `${'f'.repeat(20)}\r\n`,
        '1;x=y\r\na\r\n0\r\n\r\n',
        '0\r\nx: y\r\n\r\n',
      ]),
    ),
  () => 'POST /items HTTP/1.1\r\nhost: localhost\r\ncontent-length: -1\r\n\r\n',
  () => 'POST /items HTTP/1.1\r\nhost: localhost\r\ncontent-length: 5, 5\r\n\r\nabcde',
  () => 'POST /items HTTP/1.1\r\nhost: localhost\r\ncontent-length: 99999999999999999999\r\n\r\n',
  () => 'GET /zero HTTP/1.1\r\nhost: localhost\r\nexpect: wonders\r\nconnection: close\r\n\r\n',
  () => 'GET /zero HTTP/1.0\r\n\r\n',
  (random) => {
    const parts = Array.from(
      { length: Math.floor(random() * 8) },
      () => `--B\r\n${junk(random, 60)}\r\n\r\n${junk(random, 200)}\r\n`,
    )
    return request(
      'POST',
      '/forms/a',
      ['content-type: multipart/form-data; boundary=B'],
      `${parts.join('')}--B--\r\n`,
    )
  },
  (random) =>
    request(
      'POST',
      '/forms/a',
      [`content-type: multipart/form-data; boundary=${visible(random, 1 + random() * 300)}`],
      '--B\r\n',
    ),
  (random) =>
    request('POST', '/count', ['content-type: text/plain', 'sec-fetch-site: cross-site'], junk(random, 100)),
  (random) => request('POST', '/count', ['content-type: text/csv'], junk(random, 20_000)),
  () => request('GET', '/zero', ['connection: upgrade', 'upgrade: h2c', 'http2-settings: AAMAAABkAAQAAP__']),
]
