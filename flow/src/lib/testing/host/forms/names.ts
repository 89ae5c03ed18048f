/** Forms about `Content-Disposition`: how names and filenames are read. */
import { end, field, file, formCase, malformed, part, received, taken } from './form-case.ts'

/** A field with the value `x`, by its disposition. */
const named = (name: string, disposition: string, read: string) =>
  formCase(name, part(disposition) + end, taken({ [read]: 'x' }))

/** A file with the content `x`, by the filename that is sent and the one that is read. */
const filed = (name: string, sent: string, read: string) =>
  formCase(name, file(sent) + end, taken({}, received(read)))

const refused = (name: string, disposition: string) =>
  formCase(name, part(disposition) + part('form-data; name="f"; filename="g"') + end, malformed)

export const names = [
  named('a field', 'form-data; name="a"', 'a'),
  filed('a file', 'a.txt', 'a.txt'),
  named('%22 in a name is a quote', 'form-data; name="say %22hi%22"', 'say "hi"'),
  named('%0D%0A in a name is a line break', 'form-data; name="a%0D%0Ab"', 'a\r\nb'),
  filed('%22, %0D and %0A in a filename are decoded', '%22%0D%0A%22.txt', '"\r\n".txt'),
  named('%0d%0a in lower case stays as it is', 'form-data; name="a%0d%0ab"', 'a%0d%0ab'),
  named(
    'other percent-encodings stay as they are',
    'form-data; name="%41%2541%C3%A9%00%"',
    '%41%2541%C3%A9%00%',
  ),
  filed('%2F in a filename stays as it is', '..%2Fa', '..%2Fa'),
  named('a plus sign is a plus sign', 'form-data; name="a+b"', 'a+b'),
  named('spaces in a name are kept', 'form-data; name=" a  b "', ' a  b '),
  named('a name beyond ASCII is UTF-8', 'form-data; name="Äpfel"', 'Äpfel'),
  named('a name may be an emoji', 'form-data; name="🍏"', '🍏'),
  filed('a filename in Cyrillic', 'Отчёт.pdf', 'Отчёт.pdf'),
  filed('a filename with a typographic apostrophe', 'Anna’s.txt', 'Anna’s.txt'),
  filed('a filename with an emoji', '📄.txt', '📄.txt'),
  filed('a filename with decomposed accents', 'e\u0301te\u0301.txt', 'e\u0301te\u0301.txt'),
  filed('a filename in Chinese', '报告.txt', '报告.txt'),
  filed('a filename with characters of Latin-1', 'é ÿ.txt', 'é ÿ.txt'),
  filed('a backslash in a filename is a backslash', 'C:\\dir\\a.txt', 'C:\\dir\\a.txt'),
  filed('a filename may end in a backslash', 'dir\\', 'dir\\'),
  filed('a filename may have a slash', '../a/b.txt', '../a/b.txt'),
  filed('a semicolon and an equals sign in a filename', 'a;b=c; d.txt', 'a;b=c; d.txt'),
  filed('an apostrophe in a filename', "it's.txt", "it's.txt"),
  formCase(
    'a backslash does not protect a quote',
    part('form-data; name="f"; filename="a\\"b.txt"') + end,
    malformed,
  ),
  formCase(
    'filename* is ignored beside filename',
    part(`form-data; name="f"; filename="plain.txt"; filename*=UTF-8''other.txt`) + end,
    taken({}, received('plain.txt')),
  ),
  formCase(
    'filename* alone makes no file',
    part(`form-data; name="a"; filename*=UTF-8''%e2%82%ac.txt`) + end,
    taken({ a: 'x' }),
  ),
  named('name* is ignored beside name', `form-data; name*=UTF-8''b; name="a"`, 'a'),
  named('a name without quotes', 'form-data; name=a', 'a'),
  formCase(
    'a filename without quotes',
    part('form-data; name=f; filename=a.txt') + end,
    taken({}, received('a.txt')),
  ),
  named('parameter names in any case', 'form-data; NAME="a"', 'a'),
  named('form-data in any case', 'Form-Data; name="a"', 'a'),
  formCase(
    'the filename before the name',
    part('form-data; FileName="a.txt"; name="f"') + end,
    taken({}, received('a.txt')),
  ),
  named('unknown parameters are ignored', 'form-data; size=4; name="a"; x="y;z"', 'a'),
  named('a semicolon at the end', 'form-data; name="a";', 'a'),
  named('no space after the semicolon', 'form-data;name="a"', 'a'),
  named('spaces and a tab around the semicolon', 'form-data \t;  name="a" ', 'a'),
  named('an empty name is a name', 'form-data; name=""', ''),
  formCase(
    'names that objects have by themselves',
    ['constructor', 'toString', 'hasOwnProperty'].map((name) => field(name, name)).join('') + end,
    taken({ constructor: 'constructor', toString: 'toString', hasOwnProperty: 'hasOwnProperty' }),
  ),
  formCase('the name __proto__', field('__proto__', 'x') + end, { status: 400, code: 'FIELD_CONFLICT' }),
  refused('no name', 'form-data'),
  refused('a filename without a name', 'form-data; filename="a.txt"'),
  refused('name* without name', `form-data; name*=UTF-8''a`),
  refused('two names', 'form-data; name="a"; name="b"'),
  refused('one name twice', 'form-data; name="a"; name="a"'),
  refused('two filenames', 'form-data; name="a"; filename="b"; filename="c"'),
  refused('a space around the equals sign', 'form-data; name = "a"'),
  refused('a name without its closing quote', 'form-data; name="a'),
  refused('text after the closing quote', 'form-data; name="a"b'),
  refused('a parameter without a value', 'form-data; name='),
  refused('an empty disposition', ''),
  refused('the disposition attachment', 'attachment; name="a"'),
  refused('a control character in a name', 'form-data; name="a\u0000b"'),
  refused('a name with an escape character', 'form-data; name="a\u001bb"'),
  formCase(
    'a name that is not UTF-8',
    ['--B\r\nContent-Disposition: form-data; name="', [0xe9], '"\r\n\r\nx\r\n', end],
    malformed,
  ),
]
