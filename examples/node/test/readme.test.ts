import { execFile, spawnSync } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { resolve } from 'node:path'
import { promisify } from 'node:util'
import { Validator } from '@seriousme/openapi-schema-validator'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { type ExampleServer, startExample } from './support/example-server.ts'
import { required } from './support/required.ts'

const root = resolve(import.meta.dirname, '../../..')
const readme = readFileSync(resolve(root, 'README.md'), 'utf8')
const commands = readme.split('\n').filter((line) => line.startsWith('curl '))
const hasCurl = required('curl', spawnSync('curl', ['--version']).status === 0)

let server: ExampleServer
beforeAll(async () => {
  server = await startExample()
})
afterAll(() => server.stop())

/** The expected output of each command in the README, in order. */
const answers: readonly RegExp[] = [
  /^\{"value":"hello world","length":11\}$/,
  /event: snapshot\n[\s\S]*event: update_5\n/,
  /^\{"queue":"bugs","priority":"high"\}$/,
  /^\{"id":"1","text":"remember"\}$/,
  /^\{"id":"1","text":"remember"\}$/,
  /^\{"key":"movies.json","size":\d+,"etag":"[^"]+","contentType":"application\/json"\}$/,
  /^[\s\S]{100}$/,
  /^\{"files":\[\{"key":"README.md",.*\{"key":"AGENTS.md",/,
  /^\{"orderId":"o1","amountCents":4200,"chargeId":"[\da-f-]+"\}$/,
  /^\{"orderId":"o1","charges":1\}$/,
  /^\{"rows":3376,"stored":3376,"rejected":\[\]\}$/,
]

describe.skipIf(!hasCurl)('the README’s commands (need curl)', () => {
  it('have an expected output each', () => {
    expect(commands).toHaveLength(answers.length)
  })

  for (const [i, command] of commands.entries()) {
    it(command, async () => {
      const line = command
        .replace(/localhost:3000/, server.url.replace('http://', ''))
        .replace(/^curl /, 'curl -sS --fail-with-body ')
      const { stdout } = await promisify(execFile)('sh', ['-c', line], { cwd: root })
      expect(stdout).toMatch(answers[i] ?? /^never$/)
    })
  }
})

describe('the example app', () => {
  it('describes every route in OpenAPI that a validator accepts', async () => {
    const document = (await (await fetch(`${server.url}/openapi.json`)).json()) as Record<string, unknown>
    const { valid, errors } = await new Validator().validate(document)
    expect(errors ?? []).toEqual([])
    expect(valid).toBe(true)
    const paths = document['paths'] as Record<string, Record<string, unknown>>
    expect(
      Object.entries(paths)
        .flatMap(([path, methods]) => Object.keys(methods).map((method) => `${method} ${path}`))
        .sort(),
    ).toEqual([
      'delete /files/{name}',
      'delete /notes/{id}',
      'get /emails/{id}',
      'get /files',
      'get /files/{name}',
      'get /flags/{name}',
      'get /heartbeat',
      'get /notes',
      'get /notes/{id}',
      'get /orders/{orderId}',
      'get /sites/{site}/status',
      'post /echo',
      'post /emails',
      'post /files',
      'post /imports',
      'post /orders',
      'post /tickets',
      'put /files/{name}',
      'put /flags/{name}',
      'put /notes/{id}',
    ])
  })

  it('lists its flows and bindings at /, as JSON and as HTML', async () => {
    const json = (await (await fetch(server.url)).json()) as {
      flows: unknown[]
      bindings: { name: string }[]
    }
    expect(json.flows).toHaveLength(22)
    expect(json.bindings.map(({ name }) => name)).toEqual(
      expect.arrayContaining(['kv', 'kv:flags', 'blob', 'dedupe', 'queue:emails', 'cache']),
    )
    const html = await (await fetch(server.url, { headers: { accept: 'text/html' } })).text()
    expect(html).toContain('<code>/files/:name</code>')
  })
})
