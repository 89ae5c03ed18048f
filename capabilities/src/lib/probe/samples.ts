/** The bytes, keys and names a probe tries. */
import type { Rng } from '../rng/contract.ts'

/** `length` random bytes. */
export function randomBytes(rng: Rng, length: number): Uint8Array<ArrayBuffer> {
  const bytes = new Uint8Array(length)
  for (let at = 0; at < length; at += 65_536) {
    bytes.set(rng.bytes(Math.min(65_536, length - at)), at)
  }
  return bytes
}

export function sameBytes(a: Uint8Array, b: Uint8Array): boolean {
  return a.byteLength === b.byteLength && a.every((byte, i) => byte === b[i])
}

/** Names of which some store, path or query language makes another, beside the ones they would be mixed up with. */
export const awkwardNames: readonly string[] = [
  'a b',
  'a+b',
  'a%20b',
  'a%2Fb',
  'a%b',
  'a?b=c&d',
  'a#b',
  "it's",
  '"quoted"',
  '<tag>&amp;',
  'a*b',
  'a:b',
  '..double',
  'trailing.',
  'trailing',
  ' edge ',
  'edge',
  'Case',
  'case',
  'caf\u00e9',
  'cafe\u0301',
  '\u212b',
  '\u00c5',
  '日本語',
  '😀',
  '__proto__',
  'x',
  'x/y',
  'x/y/z',
  'xy',
]

/** Names in UTF-8 byte order, in which other orders go wrong: UTF-16, path after path, without regard to case. */
export const orderedNames: readonly string[] = [
  '!',
  '0',
  'A',
  'Z',
  'a',
  'a!',
  'a-b',
  'a/b',
  'a/c',
  'a0',
  'aa',
  'b',
  '~',
  'é',
  '\ue000',
  '\uff5e',
  '😀',
]
