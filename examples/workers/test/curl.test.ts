import { execFile, spawnSync } from 'node:child_process'
import { createRequire } from 'node:module'
import { dirname, join } from 'node:path'
import { promisify } from 'node:util'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { type DevServer, startDev } from './support/dev-server.ts'
import { required } from './support/required.ts'

const hasCurl = required('curl', spawnSync('curl', ['--version']).status === 0)
const data = join(dirname(createRequire(import.meta.url).resolve('vega-datasets')), '../data')

let server: DevServer
beforeAll(async () => {
  server = await startDev()
})
afterAll(() => server.stop())

/** Runs curl and resolves to its output with headers. An argument such as `/path` is completed with the server's address. */
async function curl(...args: readonly string[]): Promise<string> {
  const full = args.map((each) => (each.startsWith('/') && !each.startsWith(data) ? server.url + each : each))
  const { stdout } = await promisify(execFile)('curl', ['-sS', '-i', ...full], {
    maxBuffer: 64 * 1024 * 1024,
  })
  return stdout
}

const json = ['-H', 'content-type: application/json'] as const
const problem = (status: number, code: string) =>
  new RegExp(`^HTTP/1\\.1 ${status} [\\s\\S]*application/problem\\+json[\\s\\S]*"${code}"`)

/** Ordered so that each test finds the data it needs. */
describe.skipIf(!hasCurl)('the example on wrangler dev, with curl (needs curl)', () => {
  it('echoes', async () => {
    const answer = await curl('/echo', ...json, '-d', '{"value":"  hello   world "}')
    expect(answer).toMatch(/^HTTP\/1\.1 200 [\s\S]*\{"value":"hello world","length":11\}$/)
    expect(answer).toMatch(/x-request-id: [\da-f-]{36}\r\n/i)
    expect(answer).not.toMatch(/server-timing/i)
  })

  it('streams a status', async () => {
    expect(await curl('-N', '/sites/main/status?intervalMs=20')).toMatch(
      /text\/event-stream[\s\S]*event: snapshot\n[\s\S]*event: update_5\n/,
    )
  })

  it('routes tickets', async () => {
    const ticket = '{"kind":"bug","urgent":true,"text":"It broke"}'
    expect(await curl('/tickets', ...json, '-d', ticket)).toMatch(/\{"queue":"bugs","priority":"high"\}$/)
  })

  it('writes notes, reads them immediately, lists them in order and deletes them', async () => {
    await curl('-X', 'PUT', '/notes/b', ...json, '-d', '{"text":"b"}')
    await curl('-X', 'PUT', '/notes/a', ...json, '-d', '{"text":"a"}')
    expect(await curl('/notes/a')).toMatch(/\{"id":"a","text":"a"\}$/)
    expect(await curl('/notes?limit=1')).toMatch(
      /\{"keys":\[\{"key":"a"\}\],"listComplete":false,"cursor":"[^"]+"\}$/,
    )
    expect(await curl('-X', 'DELETE', '/notes/a')).toMatch(/^HTTP\/1\.1 204 /)
    expect(await curl('/notes/a')).toMatch(problem(404, 'NOTE_NOT_FOUND'))
  })

  it('stores files in R2: streamed uploads and downloads, ranges, ETags and forms', async () => {
    const movies = join(data, 'movies.json')
    const put = await curl('-T', movies, '-H', 'content-type: application/json', '/files/movies.json')
    expect(put).toMatch(
      /HTTP\/1\.1 201 [\s\S]*\{"key":"movies\.json","size":\d+,"etag":"[^"]+","contentType":"application\/json"\}$/,
    )
    const part = await curl('-r', '0-99', '/files/movies.json')
    expect(part).toMatch(/^HTTP\/1\.1 206 [\s\S]*content-range: bytes 0-99\/\d+\r\n/i)
    expect(part.split('\r\n\r\n')[1]).toHaveLength(100)
    const etag = /"etag":"([^"]+)"/.exec(put)?.[1] ?? ''
    expect(await curl('-H', `if-none-match: "${etag}"`, '/files/movies.json')).toMatch(/^HTTP\/1\.1 304 /)
    expect(await curl('-I', '/files/movies.json')).toMatch(/^HTTP\/1\.1 200 /)
    expect(
      await curl('-F', `a=@${join(data, 'airports.csv')}`, '-F', `b=@${join(data, '7zip.png')}`, '/files'),
    ).toMatch(/HTTP\/1\.1 201 [\s\S]*"key":"airports\.csv"[\s\S]*"key":"7zip\.png"/)
    expect(await curl('/files')).toMatch(
      /"key":"7zip\.png"[\s\S]*"key":"airports\.csv"[\s\S]*"key":"movies\.json"/,
    )
    expect(await curl('-X', 'DELETE', '/files/movies.json')).toMatch(/^HTTP\/1\.1 204 /)
    expect(await curl('/files/movies.json')).toMatch(/^HTTP\/1\.1 404 /)
  })

  it('stores a body of unknown length as a multipart upload', async () => {
    const sent = spawnSync('sh', [
      '-c',
      `head -c 20000000 /dev/zero | curl -sS -T - -H 'content-type: application/octet-stream' ${server.url}/files/zeros.bin`,
    ])
    expect(sent.stdout.toString()).toMatch(/^\{"key":"zeros\.bin","size":20000000,/)
  })

  it('charges an order once under concurrent requests', async () => {
    const order = '{"orderId":"o1","amountCents":4200}'
    const answers = await Promise.all(
      Array.from({ length: 16 }, () => curl('/orders', ...json, '-H', 'idempotency-key: "k1"', '-d', order)),
    )
    const statuses = new Set(answers.map((answer) => /^HTTP\/1\.1 (\d+)/.exec(answer)?.[1]))
    expect([...statuses].every((status) => status === '201' || status === '409')).toBe(true)
    expect(statuses).toContain('201')
    expect(await curl('/orders/o1')).toMatch(/\{"orderId":"o1","charges":1\}$/)
  })

  it('imports rows as they arrive, and reports progress', async () => {
    const file = join(data, 'airports.csv')
    expect(
      await curl('/imports', '-H', 'content-type: text/csv', '--data-binary', 'id,n\n1,a\n,b\n'),
    ).toMatch(/\{"rows":2,"stored":1,"rejected":\[\{"line":3,"reason":"the row has no id"\}\]\}$/)
    const head = spawnSync('head', ['-n', '101', file]).stdout.toString()
    expect(
      await curl(
        '-N',
        '/imports',
        '-H',
        'content-type: text/csv',
        '-H',
        'accept: text/event-stream',
        '--data-binary',
        head,
      ),
    ).toMatch(/event: result\ndata: \{"rows":100,"stored":100,"rejected":\[\]\}/)
  })

  it('accepts emails, and sends them from a queue', async () => {
    const email = '{"id":"e1","to":"ada@example.com","subject":"hello"}'
    expect(await curl('/emails', ...json, '-d', email)).toMatch(/^HTTP\/1\.1 202 [\s\S]*\{"id":"e1"\}$/)
    await expect.poll(() => curl('/emails/e1')).toMatch(/"status":"sent"/)
  })

  it('stores flags in KV', async () => {
    expect(await curl('/flags/beta')).toMatch(/\{"name":"beta","on":false\}$/)
    expect(await curl('-X', 'PUT', '/flags/beta', ...json, '-d', '{"on":true}')).toMatch(/"on":true\}$/)
    await expect.poll(() => curl('/flags/beta')).toMatch(/\{"name":"beta","on":true\}$/)
  })

  it('runs its schedule', async () => {
    expect(await curl('/heartbeat')).toMatch(/\{"last":null\}$/)
    await curl('/cdn-cgi/local/scheduled?cron=*/5+*+*+*+*')
    await expect.poll(() => curl('/heartbeat')).toMatch(/"cron":"\*\/5 \* \* \* \*"/)
  })

  it('refuses bad input like the Node host', async () => {
    expect(await curl('/echo', ...json, '-d', '{"value":')).toMatch(problem(400, 'MALFORMED_JSON'))
    expect(await curl('/echo', ...json, '-d', '{"value":1}')).toMatch(problem(422, 'INVALID_INPUT'))
    expect(await curl('/nowhere')).toMatch(problem(404, 'NO_SUCH_ROUTE'))
    expect(await curl('-X', 'DELETE', '/echo')).toMatch(problem(405, 'METHOD_NOT_ALLOWED'))
  })

  it('is ready, and shows its flows and bindings', async () => {
    expect(await curl('/readyz')).toMatch(/"status":"ready"/)
    expect(await curl('/')).toMatch(/"profile":"workers"[\s\S]*"provider":"cloudflare-kv"/)
    expect(await curl('/openapi.json')).toMatch(/"openapi":"3\.1\.0"/)
  })

  it('finds its data after a restart', { timeout: 120_000 }, async () => {
    await curl('-X', 'PUT', '/notes/kept', ...json, '-d', '{"text":"still here"}')
    await server.end()
    server = await startDev(server.dataDir)
    expect(await curl('/notes/kept')).toMatch(/"text":"still here"/)
    expect(await curl('/orders/o1')).toMatch(/"charges":1\}$/)
    expect(await curl('/orders', ...json, '-d', '{"orderId":"o1","amountCents":4200}')).toMatch(
      /^HTTP\/1\.1 201 /,
    )
    expect(await curl('/orders/o1')).toMatch(/"charges":1\}$/)
  })
})
