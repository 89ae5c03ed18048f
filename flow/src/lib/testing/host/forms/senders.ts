/** Forms as browsers and common clients send them, byte for byte. */
import { formCase, received, taken } from './form-case.ts'

/** Lines joined by CRLF. */
const lines = (...all: readonly string[]) => all.join('\r\n')

/** A form with a field and a file, as one client frames it. */
const sent = (
  client: string,
  boundary: string,
  field: readonly string[],
  file: readonly string[],
  quoted = false,
) =>
  formCase(
    `as ${client} sends it`,
    lines(`--${boundary}`, ...field, '', 'Zoë', `--${boundary}`, ...file, '', 'a,b', `--${boundary}--`, ''),
    taken({ title: 'Zoë' }, received('naïve ”1”.csv', 'a,b', 'text/csv', 'file')),
    `multipart/form-data; boundary=${quoted ? `"${boundary}"` : boundary}`,
  )

const title = 'Content-Disposition: form-data; name="title"'
const file = 'Content-Disposition: form-data; name="file"; filename="naïve ”1”.csv"'

export const senders = [
  sent('Chrome', '----WebKitFormBoundary7MA4YWxkTrZu0gW', [title], [file, 'Content-Type: text/csv']),
  sent('Firefox', '----geckoformboundary5b1c0e2a7d9f', [title], [file, 'Content-Type: text/csv']),
  sent('curl', '------------------------d74496d66958873e', [title], [file, 'Content-Type: text/csv']),
  sent('Node’s fetch', '----formdata-undici-014418251317', [title], [file, 'Content-Type: text/csv']),
  sent('Python requests', '3b2f8a1c9d7e4f60a1b2c3d4e5f60718', [title], [file, 'Content-Type: text/csv']),
  sent('Go', 'a1b2c3d4e5f6a7b8c9d0e1f2a3b4c5d6', [title], [file, 'Content-Type: text/csv']),
  sent(
    'OkHttp',
    '0f3c1a52-9c3e-4e0b-8d0d-6d2f5b7a9e11',
    [title, 'Content-Length: 4'],
    [file, 'Content-Type: text/csv', 'Content-Length: 3'],
  ),
  sent(
    '.NET',
    '8d4f0b1e-6f0a-4c57-9e4e-0a6d6e2f1c11',
    ['Content-Type: text/plain; charset=utf-8', 'Content-Disposition: form-data; name=title'],
    ['Content-Type: text/csv', `${file}; filename*=utf-8''na%C3%AFve%20%E2%80%9D1%E2%80%9D.csv`],
    true,
  ),
]
