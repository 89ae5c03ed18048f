/** Calls every route of the example app with a client of openapi-fetch, typed by what openapi-typescript generates. */
import createClient from 'openapi-fetch'
import type { paths } from './openapi-fetch.generated.ts'

type Call = readonly [operation: string, status: number, what: unknown]

export async function run(baseUrl: string): Promise<readonly Call[]> {
  const client = createClient<paths>({ baseUrl })
  const calls: Call[] = []
  const note = (operation: string, { response }: { response: Response }, what: unknown) =>
    void calls.push([operation, response.status, what])
  const path = { id: 'n1' }

  const echo = await client.POST('/echo', { body: { value: ' a  b ' } })
  note('post /echo', echo, echo.data?.value)
  const status = await client.GET('/sites/{site}/status', {
    params: { path: { site: 'main' }, query: { intervalMs: 50 } },
    parseAs: 'text',
  })
  note('get /sites/{site}/status', status, String(status.data).includes('event: snapshot'))
  const ticket = await client.POST('/tickets', { body: { kind: 'bug', urgent: true, text: 'It broke' } })
  note('post /tickets', ticket, ticket.data?.queue)
  const put = await client.PUT('/notes/{id}', { params: { path }, body: { text: 'remember' } })
  note('put /notes/{id}', put, put.data?.text)
  const read = await client.GET('/notes/{id}', { params: { path } })
  note('get /notes/{id}', read, read.data?.text)
  const notes = await client.GET('/notes', { params: { query: { limit: 5 } } })
  note('get /notes', notes, notes.data !== undefined)
  const deleted = await client.DELETE('/notes/{id}', { params: { path } })
  note('delete /notes/{id}', deleted, deleted.data ?? null)

  const name = { name: 'hello.txt' }
  const upload = await client.PUT('/files/{name}', {
    params: { path: name },
    body: new Blob(['hello world']),
    bodySerializer: (body) => body,
    headers: { 'content-type': 'text/plain' },
  })
  note('put /files/{name}', upload, upload.data?.size)
  const whole = await client.GET('/files/{name}', { params: { path: name }, parseAs: 'arrayBuffer' })
  note('get /files/{name}', whole, Buffer.from(whole.data as ArrayBuffer).toString())
  const range = await client.GET('/files/{name}', {
    params: { path: name, header: { Range: 'bytes=0-4' } },
    parseAs: 'text',
  })
  note('get /files/{name} (range)', range, range.data)
  const etag = whole.response.headers.get('etag') ?? ''
  const same = await client.GET('/files/{name}', {
    params: { path: name, header: { 'If-None-Match': etag } },
    parseAs: 'text',
  })
  note('get /files/{name} (unchanged)', same, same.data ?? null)
  const form = await client.POST('/files', {
    body: { files: [new Blob(['one']), new Blob(['two'])] },
    bodySerializer({ files = [] }) {
      const data = new FormData()
      for (const [at, file] of files.entries()) data.append('files', file, `${at}.txt`)
      return data
    },
  })
  note(
    'post /files',
    form,
    form.data?.files.map(({ size }) => size),
  )
  const files = await client.GET('/files', { params: { query: { limit: 10 } } })
  note(
    'get /files',
    files,
    files.data?.files.map(({ key }) => key),
  )
  const removed = await client.DELETE('/files/{name}', { params: { path: name } })
  note('delete /files/{name}', removed, removed.data ?? null)

  const order = await client.POST('/orders', {
    params: { header: { 'Idempotency-Key': '"k1"' } },
    body: { orderId: 'o1', amountCents: 4200 },
  })
  note('post /orders', order, order.data?.amountCents)
  const ordered = await client.GET('/orders/{orderId}', { params: { path: { orderId: 'o1' } } })
  note('get /orders/{orderId}', ordered, ordered.data?.charges)

  const imported = await client.POST('/imports', {
    body: new Blob(['code,name,latitude,longitude\nOSL,Oslo,60.1,11.1\n']),
    bodySerializer: (body) => body,
    headers: { 'content-type': 'text/csv' },
  })
  note('post /imports', imported, imported.data !== undefined)
  const email = await client.POST('/emails', { body: { id: 'e1', to: 'ada@example.test', subject: 'Hello' } })
  note('post /emails', email, email.data !== undefined)
  const sent = await client.GET('/emails/{id}', { params: { path: { id: 'e1' } } })
  note('get /emails/{id}', sent, sent.error === undefined)
  const flag = await client.PUT('/flags/{name}', { params: { path: { name: 'dark' } }, body: { on: true } })
  note('put /flags/{name}', flag, flag.data !== undefined)
  const flagged = await client.GET('/flags/{name}', { params: { path: { name: 'dark' } } })
  note('get /flags/{name}', flagged, flagged.data !== undefined)
  const heartbeat = await client.GET('/heartbeat', {})
  note('get /heartbeat', heartbeat, heartbeat.error === undefined)
  return calls
}
