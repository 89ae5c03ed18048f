/** The order of keys in every listing: by UTF-8 bytes, which for well-formed text is code point order. */

/** Compares `a` and `b` by their UTF-8 bytes, for `Array.sort`: negative, zero or positive. */
export function compareUtf8(a: string, b: string): number {
  const length = Math.min(a.length, b.length)
  for (let i = 0; i < length; i++) {
    const x = a.charCodeAt(i)
    const y = b.charCodeAt(i)
    if (x !== y) return rank(x) - rank(y)
  }
  return a.length - b.length
}

/** Index of the first key for which `after` holds; `keys` must be sorted so that it holds from some key on. */
export function firstIndex(keys: readonly string[], after: (key: string) => boolean): number {
  let low = 0
  let high = keys.length
  while (low < high) {
    const middle = (low + high) >>> 1
    if (after(keys[middle] as string)) high = middle
    else low = middle + 1
  }
  return low
}

/** Surrogates encode code points above all other units, so U+E000 to U+FFFF move below them. */
function rank(unit: number): number {
  if (unit < 0xd800) return unit
  return unit < 0xe000 ? unit + 0x2000 : unit - 0x800
}
