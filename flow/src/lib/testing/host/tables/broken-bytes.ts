/** Bytes that are not UTF-8, by what is wrong with them (Unicode 16, table 3-7). */

export const brokenBytes: readonly (readonly [what: string, bytes: readonly number[]])[] = [
  ...Array.from({ length: 0x40 }, (_, at) => 0x80 + at).map(
    (byte) => [`a continuation byte ${byte.toString(16)} alone`, [byte]] as const,
  ),
  ...[0xc0, 0xc1, 0xf5, 0xf8, 0xfc, 0xfe, 0xff].map(
    (byte) => [`the byte ${byte.toString(16)}`, [byte, 0x80]] as const,
  ),
  ['two bytes cut off', [0xc3]],
  ['three bytes cut off after one', [0xe2]],
  ['three bytes cut off after two', [0xe2, 0x82]],
  ['four bytes cut off after one', [0xf0]],
  ['four bytes cut off after two', [0xf0, 0x9f]],
  ['four bytes cut off after three', [0xf0, 0x9f, 0x98]],
  ['an overlong slash of two bytes', [0xc0, 0xaf]],
  ['an overlong slash of three bytes', [0xe0, 0x80, 0xaf]],
  ['an overlong slash of four bytes', [0xf0, 0x80, 0x80, 0xaf]],
  ['an overlong NUL', [0xc0, 0x80]],
  ['a high surrogate', [0xed, 0xa0, 0x80]],
  ['a low surrogate', [0xed, 0xbf, 0xbf]],
  ['a pair of surrogates', [0xed, 0xa0, 0xbd, 0xed, 0xb8, 0x80]],
  ['a code point over 10ffff', [0xf4, 0x90, 0x80, 0x80]],
  ['five bytes', [0xf8, 0x88, 0x80, 0x80, 0x80]],
  ['a letter in ISO 8859-1', [0xe4]],
  ['a quotation mark in Windows-1252', [0x93]],
  ['text in Shift JIS', [0x93, 0xfa, 0x96, 0x7b]],
  ['text in GB 18030', [0xd6, 0xd0, 0xce, 0xc4]],
  ['a byte order mark of UTF-16', [0xff, 0xfe]],
]
