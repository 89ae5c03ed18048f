/** Forms about the boundary, what stands around the parts, and the route's limits. */
import { cutOff, end, field, file, formCase, formLimits, malformed, received, taken } from './form-case.ts'

const a = field('a', 'x')
const read = taken({ a: 'x' })

/** A form with another content type; the boundary in the body is `B`. */
const declared = (name: string, contentType: string) => formCase(name, a + end, read, contentType)

/** A form whose boundary, in quotes, is `boundary`. */
const bounded = (name: string, boundary: string) =>
  formCase(
    name,
    (a + end).replaceAll('--B', `--${boundary}`),
    read,
    `multipart/form-data; boundary="${boundary}"`,
  )

const undeclared = (name: string, contentType: string) =>
  formCase(name, file('a') + end, malformed, contentType)
const noForm = (name: string, contentType: string) =>
  formCase(name, file('a') + end, { status: 415, code: 'UNSUPPORTED_MEDIA_TYPE' }, contentType)

export const boundaries = [
  declared('a boundary in quotes', 'multipart/form-data; boundary="B"'),
  declared('the media type in any case', 'Multipart/Form-Data; Boundary=B'),
  declared('other parameters', 'multipart/form-data; charset=utf-8; boundary=B; x="y"'),
  declared('no space before the boundary', 'multipart/form-data;boundary=B'),
  bounded('a boundary of 70 characters', 'b'.repeat(70)),
  bounded('a boundary with every character of RFC 2046', "0aZ'()+_,-./:=? b"),
  bounded('a boundary of dashes', '--------'),
  formCase(
    'a boundary without quotes that is no token',
    (a + end).replaceAll('--B', '------=_Part_1'),
    read,
    'multipart/form-data; boundary=----=_Part_1',
  ),
  undeclared('a boundary of 71 characters', `multipart/form-data; boundary=${'b'.repeat(71)}`),
  undeclared('a boundary of 200 characters', `multipart/form-data; boundary=${'b'.repeat(200)}`),
  formCase(
    'a boundary of 253 characters',
    file('a') + end,
    { status: 400, code: 'CONTENT_TYPE_TOO_LONG' },
    `multipart/form-data; boundary=${'b'.repeat(253)}`,
  ),
  undeclared('an empty boundary', 'multipart/form-data; boundary=""'),
  undeclared('a boundary that ends in a space', 'multipart/form-data; boundary="B "'),
  undeclared('two boundaries', 'multipart/form-data; boundary=B; boundary=B'),
  undeclared('a boundary without its closing quote', 'multipart/form-data; boundary="B'),
  noForm('no boundary', 'multipart/form-data'),
  noForm('no boundary among the parameters', 'multipart/form-data; charset=utf-8'),
  noForm('multipart/mixed', 'multipart/mixed; boundary=B'),
]

export const surroundings = [
  formCase('text before the first delimiter is ignored', `preamble\r\n--A\r\n--\r\n${a}${end}`, read),
  formCase('a line break before the first delimiter', `\r\n${a}${end}`, read),
  formCase(
    'a boundary within the first line is no delimiter',
    `x--B\r\nContent-Disposition: form-data; name="b"\r\n\r\ny\r\n${a}${end}`,
    read,
  ),
  formCase(
    'more than 16 KiB before the first delimiter',
    `${'x'.repeat(16 * 1024)}x\r\n${a}${end}`,
    malformed,
  ),
  formCase('text after the closing delimiter is ignored', `${a}${end}epilogue\r\n`, read),
  formCase('parts after the closing delimiter are ignored', `${a}${end}${file('late')}${end}`, read),
  formCase('text right after the closing delimiter is ignored', `${a}--B--text`, read),
  formCase('no line break after the closing delimiter', `${a}--B--`, read),
  formCase('spaces and tabs after a delimiter', (a + end).replace('--B', '--B \t'), read),
  formCase('text after a delimiter', (file('a') + a + end).replace('--B', '--Bx'), malformed),
  formCase('text after spaces after a delimiter', (file('a') + a + end).replace('--B', '--B x'), malformed),
  formCase('one dash after a delimiter', `${file('a')}--B-\r\n`, malformed),
  formCase('a line in a file that starts with the boundary', file('a', 'x\r\n--Bx') + end, malformed),
  formCase('lines ended by LF alone', (file('a') + end).replaceAll('\r\n', '\n'), malformed),
  formCase('LF alone before a delimiter', `${file('a').slice(0, -2)}\n${end}`, cutOff),
  formCase('only the closing delimiter', end, taken({})),
  formCase('an empty body', '', cutOff),
  formCase('no delimiter', 'x', cutOff),
  formCase('a body of another boundary', (a + end).replaceAll('--B', '--A'), cutOff),
  formCase('cut off in a delimiter', '--', cutOff),
  formCase('cut off after a delimiter', `${file('a')}--B`, cutOff),
  formCase('cut off in a closing delimiter', `${file('a')}--B-`, cutOff),
  formCase('cut off in a header', `${file('a')}--B\r\nContent-Dis`, cutOff),
  formCase('cut off after the headers', file('a').slice(0, -3), cutOff),
  formCase('cut off in a file', file('a', 'some content').slice(0, -8), cutOff),
  formCase('cut off in a field', file('a') + a.slice(0, -2), cutOff),
  formCase('no closing delimiter', file('a') + a, cutOff),
]

const tooMany = { status: 413, code: 'TOO_MANY_PARTS' } as const
const times = (count: number, part: (at: number) => string) =>
  Array.from({ length: count }, (_, at) => part(at)).join('')
const { maxFiles, maxFields, maxFieldBytes, maxFileBytes } = formLimits

export const limits = [
  formCase(
    'as many files as the route takes',
    times(maxFiles, (at) => file(`${at}`)) + end,
    taken({}, ...Array.from({ length: maxFiles }, (_, at) => received(`${at}`))),
  ),
  formCase('one file more', times(maxFiles + 1, (at) => file(`${at}`)) + end, tooMany),
  formCase('file inputs without a file count', times(maxFiles + 1, () => file('', '')) + end, tooMany),
  formCase(
    'as many fields as the route takes',
    times(maxFields, (at) => field(`${at}`, 'x')) + end,
    taken(Object.fromEntries(Array.from({ length: maxFields }, (_, at) => [`${at}`, 'x']))),
  ),
  formCase('one field more', file('a') + times(maxFields + 1, (at) => field(`${at}`, 'x')) + end, tooMany),
  formCase(
    'a field as long as the route takes',
    field('a', 'x'.repeat(maxFieldBytes)) + end,
    taken({ a: 'x'.repeat(maxFieldBytes) }),
  ),
  formCase('a field that is one byte longer', file('a') + field('a', 'x'.repeat(maxFieldBytes + 1)) + end, {
    status: 413,
    code: 'FIELD_TOO_LONG',
  }),
  formCase(
    'a file as large as the route takes',
    file('a', 'x'.repeat(maxFileBytes)) + end,
    taken({}, received('a', 'x'.repeat(maxFileBytes))),
  ),
  formCase('a file that is one byte larger', file('b') + file('a', 'x'.repeat(maxFileBytes + 1)) + end, {
    status: 413,
    code: 'CAPABILITY_LIMIT_EXCEEDED',
  }),
]
