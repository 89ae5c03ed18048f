import { execFile, spawnSync } from 'node:child_process'
import { promisify } from 'node:util'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { type ExampleServer, startExample } from './support/example-server.ts'
import { required } from './support/required.ts'

const hasCurl = required('curl', spawnSync('curl', ['--version']).status === 0)

let server: ExampleServer
beforeAll(async () => {
  server = await startExample()
})
afterAll(() => server.stop())

/** Runs curl and resolves to its output with headers. An argument such as `/path` is completed with the server's address. */
async function curl(...args: readonly string[]): Promise<string> {
  const full = args.map((each) => (each.startsWith('/') ? server.url + each : each))
  const { stdout } = await promisify(execFile)('curl', ['-sS', '-i', ...full])
  return stdout
}

const json = ['-H', 'content-type: application/json'] as const

/** The routes that the README does not show, ordered so that each finds the data it needs. */
describe.skipIf(!hasCurl)('with curl (needs curl)', () => {
  it('notes are listed and deleted', async () => {
    await curl('-X', 'PUT', '/notes/b', ...json, '-d', '{"text":"b"}')
    await curl('-X', 'PUT', '/notes/a', ...json, '-d', '{"text":"a"}')
    expect(await curl('/notes?limit=1')).toMatch(
      /200 OK[\s\S]*\{"keys":\[\{"key":"a"\}\],"listComplete":false,"cursor":"[^"]+"\}$/,
    )
    expect(await curl('-X', 'DELETE', '/notes/a')).toMatch(/^HTTP\/1\.1 204 /)
    expect(await curl('/notes/a')).toMatch(
      /^HTTP\/1\.1 404 [\s\S]*application\/problem\+json[\s\S]*"NOTE_NOT_FOUND"/,
    )
  })

  it('files are inspected, listed and deleted', async () => {
    expect(
      await curl('-X', 'PUT', '/files/x.txt', '-H', 'content-type: text/plain', '--data-binary', 'hello'),
    ).toMatch(/^HTTP\/1\.1 201 /)
    expect(await curl('-I', '/files/x.txt')).toMatch(
      /^HTTP\/1\.1 200 [\s\S]*etag: "[^"]+"[\s\S]*content-length: 5\r\n/i,
    )
    expect(await curl('/files/x.txt')).toMatch(/content-type: text\/plain[\s\S]*hello$/)
    expect(await curl('/files')).toMatch(/\{"files":\[\{"key":"x\.txt","size":5,/)
    expect(await curl('-X', 'DELETE', '/files/x.txt')).toMatch(/^HTTP\/1\.1 204 /)
    expect(await curl('/files/x.txt')).toMatch(/^HTTP\/1\.1 404 /)
  })

  it('an import reports its progress', async () => {
    const answer = await curl(
      '-N',
      '/imports',
      '-H',
      'content-type: text/csv',
      '-H',
      'accept: text/event-stream',
      '--data-binary',
      'id,n\n1,a\n,b\n',
    )
    expect(answer).toMatch(
      /event: result\ndata: \{"rows":2,"stored":1,"rejected":\[\{"line":3,"reason":"the row has no id"\}\]\}/,
    )
  })

  it('emails are accepted, and sent from the queue', async () => {
    const email = '{"id":"e1","to":"ada@example.com","subject":"hello"}'
    expect(await curl('/emails', ...json, '-d', email)).toMatch(/^HTTP\/1\.1 202 [\s\S]*\{"id":"e1"\}$/)
    await expect.poll(() => curl('/emails/e1')).toMatch(/"status":"sent"/)
    expect(await curl('/emails/e2')).toMatch(/^HTTP\/1\.1 404 [\s\S]*"EMAIL_NOT_FOUND"/)
  })

  it('flags are off until they are set', async () => {
    expect(await curl('/flags/beta')).toMatch(/\{"name":"beta","on":false\}$/)
    expect(await curl('-X', 'PUT', '/flags/beta', ...json, '-d', '{"on":true}')).toMatch(/"on":true\}$/)
    expect(await curl('/flags/beta')).toMatch(/\{"name":"beta","on":true\}$/)
  })

  it('the heartbeat is shown', async () => {
    expect(await curl('/heartbeat')).toMatch(/^HTTP\/1\.1 200 [\s\S]*\{"last":(?:null|\{.+\})\}$/)
  })
})
