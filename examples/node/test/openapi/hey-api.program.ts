/** Calls every route of the example app with the client that @hey-api/openapi-ts generates. */
import { client } from './hey-api/client.gen'
import * as sdk from './hey-api/sdk.gen'

type Call = readonly [operation: string, status: number, what: unknown]

export async function run(baseUrl: string): Promise<readonly Call[]> {
  client.setConfig({ baseUrl })
  const calls: Call[] = []
  const note = (operation: string, { response }: { response?: Response | undefined }, what: unknown) =>
    void calls.push([operation, response?.status ?? 0, what])
  const path = { id: 'n2' }

  const echo = await sdk.echo({ body: { value: ' a  b ' } })
  note('post /echo', echo, echo.data?.value)
  const events: unknown[] = []
  const status = await sdk.siteStatus({ path: { site: 'main' }, query: { intervalMs: 50 } })
  for await (const event of status.stream) events.push(event)
  calls.push(['get /sites/{site}/status', 200, events.length > 1])
  const ticket = await sdk.tickets({ body: { kind: 'bug', urgent: true, text: 'It broke' } })
  note('post /tickets', ticket, ticket.data?.queue)
  const put = await sdk.putNote({ path, body: { text: 'remember' } })
  note('put /notes/{id}', put, put.data?.text)
  const read = await sdk.getNote({ path })
  note('get /notes/{id}', read, read.data?.text)
  const notes = await sdk.listNotes({ query: { limit: 5 } })
  note('get /notes', notes, notes.data !== undefined)
  const deleted = await sdk.deleteNote({ path })
  note('delete /notes/{id}', deleted, null)

  const name = { name: 'hi.txt' }
  const upload = await sdk.putFile({ path: name, body: new Blob(['hello world']) })
  note('put /files/{name}', upload, upload.data?.size)
  const whole = await sdk.getFile({ path: name, parseAs: 'blob' })
  note('get /files/{name}', whole, await whole.data?.text())
  const range = await sdk.getFile({ path: name, headers: { Range: 'bytes=0-4' }, parseAs: 'blob' })
  note('get /files/{name} (range)', range, await range.data?.text())
  const etag = whole.response?.headers.get('etag') ?? ''
  const same = await sdk.getFile({ path: name, headers: { 'If-None-Match': etag }, parseAs: 'blob' })
  note('get /files/{name} (unchanged)', same, null)
  const form = await sdk.postFiles({
    body: { files: [new File(['one'], '2.txt'), new File(['two'], '3.txt')] },
  })
  note(
    'post /files',
    form,
    form.data?.files.map(({ size }) => size),
  )
  const files = await sdk.listFiles({ query: { limit: 10 } })
  note(
    'get /files',
    files,
    files.data?.files.map(({ key }) => key),
  )
  const removed = await sdk.deleteFile({ path: name })
  note('delete /files/{name}', removed, null)

  const order = await sdk.postOrder({
    headers: { 'Idempotency-Key': '"k2"' },
    body: { orderId: 'o2', amountCents: 4200 },
  })
  note('post /orders', order, order.data?.amountCents)
  const ordered = await sdk.getOrder({ path: { orderId: 'o2' } })
  note('get /orders/{orderId}', ordered, ordered.data?.charges)
  const imported = await sdk.imports({
    body: new Blob(['code,name,latitude,longitude\nOSL,Oslo,60.1,11.1\n']),
  })
  note('post /imports', imported, imported.data !== undefined)
  const email = await sdk.postEmail({ body: { id: 'e2', to: 'ada@example.test', subject: 'Hello' } })
  note('post /emails', email, email.data !== undefined)
  const sent = await sdk.getEmail({ path: { id: 'e2' } })
  note('get /emails/{id}', sent, sent.error === undefined)
  const flag = await sdk.putFlag({ path: { name: 'dark' }, body: { on: true } })
  note('put /flags/{name}', flag, flag.data !== undefined)
  const flagged = await sdk.getFlag({ path: { name: 'dark' } })
  note('get /flags/{name}', flagged, flagged.data !== undefined)
  const heartbeat = await sdk.getHeartbeat()
  note('get /heartbeat', heartbeat, heartbeat.error === undefined)
  return calls
}
