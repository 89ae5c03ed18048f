/**
 * Reads of a stored object and their right answers: RFC 9110, 13 and 14, over the questions that the test suites of Go's
 * net/http, nginx, send, fresh and range-parser ask. Their expectations were not taken where they differ from the RFC.
 */

export interface ReadCase {
  /** Default `'GET'`. */
  readonly method?: 'GET' | 'HEAD'
  /** Bytes of the object. Default 26. */
  readonly size?: 0 | 26
  /** `ETAG`, `BARE`, `MODIFIED`, `EARLIER` and `LATER` stand for the object's own. */
  readonly headers: Readonly<Record<string, string>>
  readonly status: 200 | 206 | 304 | 400 | 412 | 416
  /** First and last byte of a 206. */
  readonly part?: readonly [first: number, last: number]
}

const parts: readonly (readonly [range: string, first: number, last: number])[] = [
  ['bytes=0-0', 0, 0],
  ['bytes=0-25', 0, 25],
  ['bytes=0-', 0, 25],
  ['bytes=3-7', 3, 7],
  ['bytes=25-', 25, 25],
  ['bytes=25-25', 25, 25],
  ['bytes=25-100', 25, 25],
  ['bytes=0-99999999999999999999', 0, 25],
  ['bytes=-1', 25, 25],
  ['bytes=-5', 21, 25],
  ['bytes=-26', 0, 25],
  ['bytes=-27', 0, 25],
  ['bytes=-99999999999999999999', 0, 25],
  ['bytes=00-0001', 0, 1],
  ['BYTES=0-1', 0, 1],
  ['Bytes=0-1', 0, 1],
  ['bytes= 0-1', 0, 1],
  ['bytes=0-1,', 0, 1],
  ['bytes=,0-1', 0, 1],
  ['bytes=0-1 ,', 0, 1],
  ['bytes=0-1,26-', 0, 1],
  ['bytes=26-30,24-', 24, 25],
  ['bytes=-0,1-2', 1, 2],
]

const whole = [
  'items=0-1',
  'bytes',
  'bytes 0-1',
  'bytes =0-1',
  '=0-1',
  'x-bytes=0-1',
  'bytes=0-1,3-4',
  'bytes=0-1,-1',
  'bytes=0-,0-',
]

const outside = ['bytes=26-', 'bytes=26-30', 'bytes=99999999999999999999-', 'bytes=-0', 'bytes=30-,40-50']

const malformed = [
  'bytes=',
  'bytes=,',
  'bytes=-',
  'bytes=x',
  'bytes=5-2',
  'bytes=--1',
  'bytes=1-2-3',
  'bytes=0-1-',
  'bytes=a-b',
  'bytes=0 - 1',
  'bytes=0x0-1',
  'bytes=+0-1',
  'bytes=1.5-2',
  'bytes=0-1,x',
  'bytes=0-1;2-3',
  'bytes=1',
]

const rangeReads: readonly ReadCase[] = [
  ...parts.map(([range, ...part]) => ({ headers: { range }, status: 206, part }) as const),
  ...whole.map((range) => ({ headers: { range }, status: 200 }) as const),
  ...[...outside, ...malformed].map((range) => ({ headers: { range }, status: 416 }) as const),
  { size: 0, headers: { range: 'bytes=0-' }, status: 416 },
  { size: 0, headers: { range: 'bytes=0-0' }, status: 416 },
  { size: 0, headers: { range: 'bytes=-0' }, status: 416 },
  { size: 0, headers: { range: 'bytes=-5' }, status: 200 },
  { method: 'HEAD', headers: { range: 'bytes=0-1' }, status: 200 },
  { method: 'HEAD', headers: { range: 'bytes=26-' }, status: 200 },
]

/** Without the double quotes of JSON: lists of tags, and what each makes of the two tag conditions. */
const tags: readonly (readonly [list: string, ifNoneMatch: 200 | 304, ifMatch: 200 | 400 | 412])[] = [
  ['ETAG', 304, 200],
  ['*', 304, 200],
  ['W/ETAG', 304, 412],
  ['"other"', 200, 412],
  ['""', 200, 412],
  ['"*"', 200, 412],
  ['"x", ETAG', 304, 200],
  ['"x",ETAG', 304, 200],
  ['"x"\t,\tETAG', 304, 200],
  ['"x" , W/"y" , ETAG', 304, 200],
  ['W/"x", W/ETAG', 304, 412],
  [', ETAG,', 304, 200],
  [',,ETAG', 304, 200],
  ['"x", "y"', 200, 412],
  ['"a,b"', 200, 412],
  ['"a,b", ETAG', 304, 200],
  ['"W/BARE"', 200, 412],
  ['BARE', 200, 400],
  ['"BARE', 200, 400],
  ['BARE"', 200, 400],
  ["'BARE'", 200, 400],
  ['w/ETAG', 200, 400],
  ['W/ ETAG', 200, 400],
  ['ETAG ETAG', 200, 400],
  ['ETAG; "x"', 200, 400],
  ['*, ETAG', 200, 400],
  ['ETAG, *', 200, 400],
  [',', 200, 400],
]

const conditional: readonly (readonly [
  headers: Readonly<Record<string, string>>,
  status: ReadCase['status'],
])[] = [
  ...tags.map(([list, status]) => [{ 'if-none-match': list }, status] as const),
  ...tags.map(([list, , status]) => [{ 'if-match': list }, status] as const),
  [{ 'if-modified-since': 'MODIFIED' }, 304],
  [{ 'if-modified-since': 'LATER' }, 304],
  [{ 'if-modified-since': 'EARLIER' }, 200],
  [{ 'if-modified-since': 'Friday, 01-Jan-99 00:00:00 GMT' }, 200],
  [{ 'if-modified-since': 'Fri Jan  1 00:00:00 2100' }, 304],
  [{ 'if-modified-since': 'Fri, 01 Jan 2100 00:00:00 GMT' }, 304],
  [{ 'if-modified-since': 'Fri, 01 Jan 2100 00:00:00 UTC' }, 200],
  [{ 'if-modified-since': 'Fri, 01 Jan 2100 00:00:00 +0000' }, 200],
  [{ 'if-modified-since': 'Fri, 32 Jan 2100 00:00:00 GMT' }, 200],
  [{ 'if-modified-since': '2100-01-01T00:00:00Z' }, 200],
  [{ 'if-modified-since': '4102444800' }, 200],
  [{ 'if-modified-since': 'tomorrow' }, 200],
  [{ 'if-unmodified-since': 'MODIFIED' }, 200],
  [{ 'if-unmodified-since': 'LATER' }, 200],
  [{ 'if-unmodified-since': 'EARLIER' }, 412],
  [{ 'if-unmodified-since': 'Thu Jan  1 00:00:00 1970' }, 412],
  [{ 'if-unmodified-since': '1970-01-01' }, 200],
  // The order of RFC 9110, 13.2.2: a tag condition outweighs the date condition of its kind.
  [{ 'if-none-match': '"x"', 'if-modified-since': 'LATER' }, 200],
  [{ 'if-none-match': 'ETAG', 'if-modified-since': 'EARLIER' }, 304],
  [{ 'if-match': 'ETAG', 'if-unmodified-since': 'EARLIER' }, 200],
  [{ 'if-match': '"x"', 'if-unmodified-since': 'LATER' }, 412],
  [{ 'if-match': '"x"', 'if-none-match': 'ETAG' }, 412],
  [{ 'if-match': 'ETAG', 'if-none-match': 'ETAG' }, 304],
  [{ 'if-match': '*', 'if-none-match': '*' }, 304],
  [{ 'if-match': 'ETAG', 'if-none-match': '"x"' }, 200],
  [{ 'if-unmodified-since': 'EARLIER', 'if-none-match': 'ETAG' }, 412],
  [{ 'if-unmodified-since': 'LATER', 'if-modified-since': 'LATER' }, 304],
  [{ 'if-unmodified-since': 'EARLIER', 'if-modified-since': 'LATER' }, 412],
  // Conditions come before ranges.
  [{ 'if-none-match': 'ETAG', range: 'bytes=0-1' }, 304],
  [{ 'if-none-match': 'ETAG', range: 'bytes=26-' }, 304],
  [{ 'if-match': '"x"', range: 'bytes=0-1' }, 412],
  [{ 'if-match': '"x"', range: 'bytes=26-' }, 412],
  [{ 'if-match': 'ETAG', range: 'bytes=26-' }, 416],
  [{ 'if-modified-since': 'LATER', range: 'bytes=0-1' }, 304],
  [{ 'if-unmodified-since': 'EARLIER', range: 'bytes=0-1' }, 412],
  // `If-Range`: only the object's own strong tag lets a part be served.
  [{ 'if-range': 'ETAG', range: 'bytes=26-' }, 416],
  [{ 'if-range': '"x"', range: 'bytes=26-' }, 200],
  [{ 'if-range': 'ETAG' }, 200],
  ...['W/ETAG', '"x"', 'BARE', '*', 'ETAG, "x"', 'MODIFIED', 'LATER', 'EARLIER', 'tomorrow'].map(
    (validator) => [{ 'if-range': validator, range: 'bytes=0-1' }, 200] as const,
  ),
]

export const reads: readonly ReadCase[] = [
  { headers: {}, status: 200 },
  ...rangeReads,
  ...conditional.map(([headers, status]) => ({ headers, status })),
  { headers: { 'if-match': 'ETAG', range: 'bytes=1-2' }, status: 206, part: [1, 2] },
  { headers: { 'if-none-match': '"x"', range: 'bytes=1-2' }, status: 206, part: [1, 2] },
  { headers: { 'if-range': 'ETAG', range: 'bytes=1-2' }, status: 206, part: [1, 2] },
  { headers: { 'if-range': 'ETAG', 'if-match': '*', range: 'bytes=-2' }, status: 206, part: [24, 25] },
  { method: 'HEAD', headers: { 'if-none-match': 'ETAG' }, status: 304 },
  { method: 'HEAD', headers: { 'if-none-match': '"x"' }, status: 200 },
  { method: 'HEAD', headers: { 'if-match': '"x"' }, status: 412 },
  { method: 'HEAD', headers: { 'if-match': 'W/ETAG' }, status: 412 },
  { method: 'HEAD', headers: { 'if-modified-since': 'MODIFIED' }, status: 304 },
  { method: 'HEAD', headers: { 'if-unmodified-since': 'EARLIER' }, status: 412 },
  { method: 'HEAD', headers: { 'if-range': '"x"', range: 'bytes=0-1' }, status: 200 },
]
