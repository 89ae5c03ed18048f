/** Forms about a part's other headers, its type and its content. */
import { end, field, file, formCase, malformed, part, received, taken, type Piece } from './form-case.ts'

const typed = (name: string, type: string, stored: string) =>
  formCase(name, file('a', 'x', `Content-Type: ${type}`) + end, taken({}, received('a', 'x', stored)))

const text = (name: string, content: string, ...headers: readonly string[]) =>
  formCase(name, field('a', content, ...headers) + end, taken({ a: content }))

const refused = (name: string, ...headers: readonly string[]) =>
  formCase(name, file('first') + file('a', 'x', ...headers) + end, malformed)

/** A form with one field `a`, with its content as bytes. */
const bytes = (...content: readonly Piece[]): readonly Piece[] => [
  '--B\r\nContent-Disposition: form-data; name="a"\r\n\r\n',
  ...content,
  `\r\n${end}`,
]

const everyByte = Array.from({ length: 256 }, (_, byte) => byte)
const latin1 = (codes: readonly number[]) => String.fromCharCode(...codes)
/** A media type of that many characters. */
const long = (length: number) => `text/${'x'.repeat(length - 5)}`
const tooLong = { status: 400, code: 'CONTENT_TYPE_TOO_LONG' } as const

export const types = [
  formCase('a file without a type', file('a') + end, taken({}, received('a'))),
  typed('a file with an empty type', '', 'application/octet-stream'),
  typed('a file with a type', 'image/png', 'image/png'),
  typed(
    'the parameters of a type are kept',
    'text/plain; charset=ISO-8859-1',
    'text/plain; charset=ISO-8859-1',
  ),
  typed('the case of a type is kept', 'Text/CSV', 'Text/CSV'),
  text('a field of type application/json is text', '{"n":1}', 'Content-Type: application/json'),
  text('its digits are kept', '12345678901234567890.10', 'Content-Type: application/json; charset=utf-8'),
  text('it need not be JSON', '{', 'Content-Type: application/json'),
  text('a field of type application/octet-stream is text', 'ä', 'Content-Type: application/octet-stream'),
  text('a field of type image/png is text', 'ä', 'Content-Type: image/png'),
  text(
    'a field of type multipart/mixed is text',
    '--C\r\n\r\ny\r\n--C--',
    'Content-Type: multipart/mixed; boundary=C',
  ),
  text('a field that declares UTF-8', 'ä€', 'Content-Type: text/plain; charset="UTF-8"'),
  text('a field that declares US-ASCII', 'a', 'Content-Type: text/plain; charset=us-ascii'),
  formCase(
    'a field that declares ISO-8859-1',
    [
      '--B\r\nContent-Disposition: form-data; name="a"\r\nContent-Type: text/plain; charset=ISO-8859-1\r\n\r\n',
      [0xe4, 0x80, 0xff],
      `\r\n${end}`,
    ],
    taken({ a: 'ä\u0080ÿ' }),
  ),
  formCase(
    'a field in another charset',
    field('a', 'x', 'Content-Type: text/plain; charset=utf-16le') + end,
    {
      status: 415,
      code: 'UNSUPPORTED_CHARSET',
    },
  ),
  formCase('a field that is not UTF-8', bytes([0xff, 0xfe]), malformed),
  formCase('a field that ends within a character', bytes([0xe2, 0x82]), malformed),
  typed('a type of 256 bytes', long(256), long(256)),
  formCase('a file with a type of 257 bytes', file('a', 'x', `Content-Type: ${long(257)}`) + end, tooLong),
  formCase('a field with a type of 257 bytes', field('a', 'x', `Content-Type: ${long(257)}`) + end, tooLong),
  formCase(
    'a request with a type of 257 bytes',
    file('a') + end,
    tooLong,
    `multipart/form-data; boundary=B; x=${'x'.repeat(222)}`,
  ),
  refused('a type beyond ASCII', 'Content-Type: text/plain; x="ä"'),
]

export const headers = [
  formCase(
    'header names in any case, without a space after the colon',
    '--B\r\ncontent-disposition:form-data; name="f"; filename="a"\r\nCONTENT-TYPE:text/css\r\n\r\nx\r\n' +
      end,
    taken({}, received('a', 'x', 'text/css')),
  ),
  typed('spaces and tabs around a value', ' \t text/css \t', 'text/css'),
  text('unknown headers are ignored', 'x', 'X-Anything: "', 'X-Anything: again'),
  text('the length of a part is not looked at', 'x', 'Content-Length: 999'),
  text('Content-Transfer-Encoding: binary', 'x', 'Content-Transfer-Encoding: binary'),
  text('Content-Transfer-Encoding: 8bit', 'ä', 'content-transfer-encoding: 8BIT'),
  refused('Content-Transfer-Encoding: base64', 'Content-Transfer-Encoding: base64'),
  refused('Content-Transfer-Encoding: quoted-printable', 'Content-Transfer-Encoding: quoted-printable'),
  text('100 headers', 'x', ...Array.from({ length: 99 }, () => 'X:')),
  refused('101 headers', ...Array.from({ length: 100 }, () => 'X:')),
  refused('headers of more than 16 KiB', `X: ${'x'.repeat(16 * 1024)}`),
  refused('two Content-Type headers', 'Content-Type: text/css', 'Content-Type: text/css'),
  refused('two Content-Disposition headers', 'Content-Disposition: form-data; name="b"'),
  refused('a folded header', 'X-Long: a', ' b'),
  refused('a header line without a colon', 'nonsense'),
  refused('a header without a name', ': x'),
  refused('a space before the colon', 'X : x'),
  refused('a control character in a header', 'X: \u0001'),
  refused('a header line ended by LF alone', 'X: x\nY: y'),
  refused('a carriage return in a header', 'X: x\rY: y'),
  formCase('no headers', `--B\r\n\r\nx\r\n${file('a')}${end}`, malformed),
  formCase('no disposition', `--B\r\nContent-Type: text/css\r\n\r\nx\r\n${file('a')}${end}`, malformed),
  formCase(
    'headers without the empty line',
    `--B\r\nContent-Disposition: form-data; name="a"\r\n${end}`,
    malformed,
  ),
  formCase(
    'headers without content',
    `--B\r\nContent-Disposition: form-data; name="a"\r\n\r\n${end}`,
    taken({ a: '' }),
  ),
]

export const contents = [
  text('an empty field', ''),
  formCase('an empty file', file('a', '') + end, taken({}, received('a', ''))),
  formCase(
    'a file input without a file',
    file('', '', 'Content-Type: application/octet-stream') + end,
    taken({}),
  ),
  formCase('a file without a name that has content', file('') + end, taken({}, received(''))),
  text('spaces around a value are kept', '  a\t '),
  text('line breaks in a value are kept', 'a\r\nb\nc\rd\r\n'),
  text('a value of line breaks', '\r\n\r\n\r'),
  text('a value that looks like a delimiter', '--A\r\n--\r\n-\r\n-B\r\r\n--C--\r\n --B'),
  text('a value that starts like a delimiter', '--'),
  formCase('a byte order mark is kept', bytes([0xef, 0xbb, 0xbf], 'a'), taken({ a: '\ufeffa' })),
  formCase('NUL in a field is kept', bytes([0]), taken({ a: '\0' })),
  formCase(
    'every byte in a file',
    ['--B\r\nContent-Disposition: form-data; name="f"; filename="a"\r\n\r\n', everyByte, `\r\n${end}`],
    taken({}, received('a', latin1(everyByte))),
  ),
  formCase('a file that ends in a line break', file('a', 'x\r\n') + end, taken({}, received('a', 'x\r\n'))),
  formCase('one field twice with one value', field('a', 'x') + field('a', 'x') + end, taken({ a: 'x' })),
  formCase('one field with two values', field('a', 'x') + file('a') + field('a', 'y') + end, {
    status: 400,
    code: 'FIELD_CONFLICT',
  }),
  formCase(
    'fields and files in any order',
    file('1', 'one') + field('a', 'x') + file('2', 'two', 'Content-Type: text/css') + field('b', 'y') + end,
    taken({ a: 'x', b: 'y' }, received('1', 'one'), received('2', 'two', 'text/css')),
  ),
  formCase(
    'files of two fields',
    part('form-data; name="g"; filename="1"') + file('1', 'y') + end,
    taken({}, received('1', 'x', 'application/octet-stream', 'g'), received('1', 'y')),
  ),
]
