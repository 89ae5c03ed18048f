/**
 * Generates clients from the served document with two OpenAPI generators, type-checks them, and calls every route with each.
 */
import { createClient } from '@hey-api/openapi-ts'
import { execFile } from 'node:child_process'
import { copyFile, mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { promisify } from 'node:util'
import openapiTs, { astToString } from 'openapi-typescript'
import ts from 'typescript'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { type ExampleServer, startExample } from '../support/example-server.ts'

const here = import.meta.dirname
let server: ExampleServer
/** Inside the test folder, so that the generated code can import the packages. */
let folder: string
let text: string

beforeAll(async () => {
  await mkdir(join(here, 'generated'), { recursive: true })
  folder = await mkdtemp(join(here, 'generated', 'run-'))
  server = await startExample()
  text = await (await fetch(`${server.url}/openapi.json`)).text()
})
afterAll(async () => {
  await server.stop()
  await rm(folder, { recursive: true, force: true })
})

const generators: Readonly<Record<string, () => Promise<void>>> = {
  'openapi-fetch': async () => {
    const blob = ts.factory.createTypeReferenceNode('Blob')
    const nodes = await openapiTs(text, {
      transform: (schema) => (schema.format === 'binary' ? blob : undefined),
    })
    await writeFile(join(folder, 'openapi-fetch.generated.ts'), astToString(nodes))
  },
  'hey-api': async () => {
    const input = join(folder, 'openapi.json')
    await writeFile(input, text)
    await createClient({ input, output: join(folder, 'hey-api'), logs: { level: 'silent' } })
  },
}

/** The status and the data that each client's program must get from every operation. */
const expected: readonly (readonly [operation: string, status: number, what: unknown])[] = [
  ['post /echo', 200, 'a b'],
  ['get /sites/{site}/status', 200, true],
  ['post /tickets', 200, 'bugs'],
  ['put /notes/{id}', 200, 'remember'],
  ['get /notes/{id}', 200, 'remember'],
  ['get /notes', 200, true],
  ['delete /notes/{id}', 204, null],
  ['put /files/{name}', 201, 11],
  ['get /files/{name}', 200, 'hello world'],
  ['get /files/{name} (range)', 206, 'hello'],
  ['get /files/{name} (unchanged)', 304, null],
  ['post /files', 201, [3, 3]],
  ['get /files', 200, expect.any(Array)],
  ['delete /files/{name}', 204, null],
  ['post /orders', 201, 4200],
  ['get /orders/{orderId}', 200, 1],
  ['post /imports', 200, true],
  ['post /emails', 202, true],
  ['get /emails/{id}', 200, true],
  ['put /flags/{name}', 200, true],
  ['get /flags/{name}', 200, true],
  ['get /heartbeat', 200, true],
]

describe('a generated client', () => {
  it.each(Object.keys(generators))(
    'from %s type-checks and calls every route, including upload and download',
    async (name) => {
      await generators[name]?.()
      const program = join(folder, `${name}.program.ts`)
      await copyFile(join(here, `${name}.program.ts`), program)
      await checkTypes(program)
      const { run } = (await import(program)) as { run(url: string): Promise<typeof expected> }
      expect(await run(server.url)).toEqual(expected)
    },
    60_000,
  )

  it('calls every operation of the document', () => {
    const { paths } = JSON.parse(text) as { paths: Readonly<Record<string, object>> }
    const operations = Object.entries(paths).flatMap(([path, methods]) =>
      Object.keys(methods).map((method) => `${method} ${path}`),
    )
    const asked = new Set(expected.map(([operation]) => operation.replace(/ \(\w+\)$/, '')))
    expect([...asked].toSorted()).toEqual(operations.toSorted())
  })
})

async function checkTypes(file: string): Promise<void> {
  const options =
    '--noEmit --strict --skipLibCheck --module esnext --moduleResolution bundler --target es2023 --types node ' +
    '--lib es2023,dom,dom.iterable,dom.asynciterable --allowImportingTsExtensions'
  const compiler = join(here, '../../node_modules/typescript/bin/tsc')
  const checked = promisify(execFile)(process.execPath, [compiler, ...options.split(' '), file], {
    cwd: folder,
  })
  await checked.catch((error: { stdout: string }) => expect.fail(error.stdout))
}
