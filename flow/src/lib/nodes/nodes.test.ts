import {
  type CapabilityError,
  type DbParameter,
  type DbResult,
  isCapabilityError,
} from '@flowport/capabilities'
import type { JsonValue } from '@flowport/capabilities/storage'
import { createDedupeStore } from '@flowport/capabilities'
import { memoryDedupeDriver } from '@flowport/capabilities/memory'
import { describe, expect, expectTypeOf, it } from 'vitest'
import { fakeDatabase } from '../files/test/fake-database.ts'
import { memoryStorage, runtimeOver } from '../files/test/harness.ts'
import { type Flow, flow } from '../flow.ts'
import type { AnyNode, FlowNode } from '../node.ts'
import { node } from '../node.ts'
import { jsonSchemaOf, opaque } from '../schema.ts'
import { manual } from '../trigger.ts'
import { validateFlow } from '../validate/validate.ts'
import { duckdb } from './duckdb.ts'
import { fieldsSchema } from './fields.ts'
import { storage } from './storage.ts'

/** A flow of one node. */
function only<I, O, N>(one: FlowNode<I, O, N>): Flow<I, O, N> {
  return flow('only', {
    trigger: manual({ input: opaque<I>() }),
    graph: (input, step) => step(one as never, input as never),
  }) as never
}

const causeOf = async (run: Promise<unknown>): Promise<CapabilityError> => {
  const error = await run.then(
    () => undefined,
    (thrown: { readonly cause?: unknown }) => thrown.cause,
  )
  if (isCapabilityError(error)) return error
  throw new Error('there was no such error', { cause: error })
}

describe('the nodes of storage', () => {
  it('read as text, JSON and bytes, as asked', async () => {
    const store = memoryStorage()
    await store.write('memory://a.json', '{"a":1}')
    const { invoke } = runtimeOver({ storage: store })
    const uri = 'memory://a.json'
    expect(await invoke(only(storage.read), { input: { uri } })).toBe('{"a":1}')
    expect(await invoke(only(storage.read), { input: { uri, as: 'json' } })).toEqual({ a: 1 })
    expect(await invoke(only(storage.readText), { input: { uri } })).toBe('{"a":1}')
    expect(await invoke(only(storage.readJson), { input: { uri } })).toEqual({ a: 1 })
    expect(await invoke(only(storage.readBytes), { input: { uri } })).toEqual(
      new TextEncoder().encode('{"a":1}'),
    )
  })

  it('stop reading a file at its limit, and fetch no more of it', async () => {
    let pulled = 0
    let cancelled = false
    const endless = new ReadableStream<Uint8Array<ArrayBuffer>>({
      pull: (controller) => {
        pulled++
        controller.enqueue(new Uint8Array(1024))
      },
      cancel: () => {
        cancelled = true
      },
    })
    const fakeStorage = { info: { provider: 'fake' }, stream: () => Promise.resolve(endless) }
    const { invoke } = runtimeOver({ storage: fakeStorage as never })
    const error = await causeOf(
      invoke(only(storage.read), { input: { uri: 'm://x?sig=secret', maxBytes: 4096 } }),
    )
    expect(error).toMatchObject({ kind: 'LimitExceeded', key: 'm://x', operation: 'read' })
    expect(error.message).toContain('more than 4096 bytes')
    expect(cancelled).toBe(true)
    expect(pulled).toBeLessThan(8)
  })

  it('hold 16 MiB where nothing else is said', async () => {
    const store = memoryStorage()
    await store.write('memory://fits', new Uint8Array(16 * 1024 * 1024))
    await store.write('memory://does-not', new Uint8Array(16 * 1024 * 1024 + 1))
    const { invoke } = runtimeOver({ storage: store })
    expect(await invoke(only(storage.readBytes), { input: { uri: 'memory://fits' } })).toHaveLength(
      16 * 1024 * 1024,
    )
    expect(
      await causeOf(invoke(only(storage.readBytes), { input: { uri: 'memory://does-not' } })),
    ).toMatchObject({
      kind: 'LimitExceeded',
    })
  })

  it('tell what is not text or not JSON, without quoting it', async () => {
    const store = memoryStorage()
    await store.write('memory://bytes', new Uint8Array([0xff, 0xfe]))
    await store.write('memory://text', 'hunter2 is no JSON')
    const { invoke } = runtimeOver({ storage: store })
    expect(await causeOf(invoke(only(storage.read), { input: { uri: 'memory://bytes' } }))).toMatchObject({
      kind: 'Corrupt',
    })
    const error = await causeOf(invoke(only(storage.readJson), { input: { uri: 'memory://text' } }))
    expect(error.kind).toBe('Corrupt')
    expect(`${error.message}${String(error.cause)}`).not.toContain('hunter2')
  })

  it('say that a file is not there', async () => {
    const { invoke } = runtimeOver({ storage: memoryStorage() })
    expect(await causeOf(invoke(only(storage.read), { input: { uri: 'memory://no' } }))).toMatchObject({
      kind: 'NotFound',
    })
  })

  it('write text, JSON, bytes, streams and bodies of requests', async () => {
    const store = memoryStorage()
    const { invoke } = runtimeOver({ storage: store })
    const bytes = (text: string) => new Blob([text]).stream() as ReadableStream<Uint8Array<ArrayBuffer>>
    const contents = {
      text: 'hello',
      json: { a: [1] },
      bytes: new TextEncoder().encode('hi'),
      stream: bytes('from a stream'),
      number: 5,
      body: { stream: bytes('a,b'), size: 3, contentType: 'text/x-own' },
    }
    for (const [name, content] of Object.entries(contents)) {
      const made = await invoke(only(storage.write), { input: { uri: `memory://${name}`, content } })
      expect(made).toMatchObject({ uri: `memory://${name}`, name, kind: 'file' })
      expect(JSON.parse(JSON.stringify(made))).toEqual(made)
    }
    expect(await store.read('memory://text')).toBe('hello')
    expect(await store.read('memory://json')).toBe('{"a":[1]}')
    expect(await store.read('memory://bytes')).toBe('hi')
    expect(await store.read('memory://number')).toBe('5')
    expect(await store.read('memory://stream')).toBe('from a stream')
    expect(await store.stat('memory://body')).toMatchObject({ size: 3, contentType: 'text/x-own' })
    expect(
      await causeOf(invoke(only(storage.write), { input: { uri: 'memory://n', content: null } })),
    ).toMatchObject({
      kind: 'InvalidInput',
    })
  })

  it('list, look, copy and delete', async () => {
    const store = memoryStorage()
    for (const name of ['a', 'b', 'c/d']) await store.write(`memory://x/${name}`, name)
    const { invoke } = runtimeOver({ storage: store })
    const listed = await invoke(only(storage.list), { input: { uri: 'memory://x/' } })
    expect(listed.entries.map(({ uri, kind }) => `${kind} ${uri}`)).toEqual([
      'file memory://x/a',
      'file memory://x/b',
      'folder memory://x/c/',
    ])
    expect(listed.entries[0]?.lastModified).toMatch(/^\d{4}-\d\d-\d\dT/)
    const page = await invoke(only(storage.list), {
      input: { uri: 'memory://x/', recursive: true, limit: 2 },
    })
    expect(page).toMatchObject({ listComplete: false })
    const rest = await invoke(only(storage.list), {
      input: {
        uri: 'memory://x/',
        recursive: true,
        limit: 2,
        ...(page.cursor === undefined ? {} : { cursor: page.cursor }),
      },
    })
    expect(rest.entries.map(({ name }) => name)).toEqual(['d'])
    expect(await invoke(only(storage.exists), { input: { uri: 'memory://x/a' } })).toBe(true)
    expect(
      await invoke(only(storage.copy), { input: { from: 'x/a', to: 'opfs://y', base: 'memory://' } }),
    ).toEqual({
      from: 'memory://x/a',
      to: 'opfs://y',
      size: 1,
    })
    expect(await store.read('opfs://y')).toBe('a')
    await invoke(only(storage.delete), { input: { uri: 'memory://x/', recursive: true } })
    expect(await invoke(only(storage.exists), { input: { uri: 'memory://x/' } })).toBe(false)
    expect(await invoke(only(storage.delete), { input: { uri: 'memory://x/a' } })).toEqual({
      uri: 'memory://x/a',
    })
  })

  it('refuse what they do not know', async () => {
    const { invoke } = runtimeOver({ storage: memoryStorage() })
    const input = { uri: 'memory://a', as: 'yaml', other: 1 } as never
    await expect(invoke(only(storage.read), { input })).rejects.toMatchObject({
      failure: 'InvalidValue',
      message: expect.stringContaining(
        '/as must be one of "text", "json", "bytes"; /other is not known here',
      ),
    })
  })

  it('declare what they do, and validate', () => {
    const declared = Object.values<AnyNode>(storage).map(({ name, effects, idempotency, uses }) =>
      [
        name,
        effects,
        idempotency?.kind ?? '-',
        uses.map(({ resource, access }) => `${resource} ${access}`).join(),
      ].join(' | '),
    )
    expect(declared).toEqual([
      'storage.read | read_only | - | storage read',
      'storage.readText | read_only | - | storage read',
      'storage.readJson | read_only | - | storage read',
      'storage.readBytes | read_only | - | storage read',
      'storage.write | effectful | natural | storage write',
      'storage.copy | effectful | natural | storage write',
      'storage.list | read_only | - | storage read',
      'storage.exists | read_only | - | storage read',
      'storage.delete | effectful | natural | storage write',
    ])
    for (const one of [...Object.values<AnyNode>(storage), ...Object.values<AnyNode>(duckdb)])
      expect(validateFlow(only(one) as never)).toEqual([])
    const { input } = storage.list
    expect(input === undefined ? null : jsonSchemaOf(input, 'input')).toMatchObject({
      required: ['uri'],
      properties: { limit: { type: 'integer', minimum: 1, maximum: 1000 } },
    })
  })

  it('have types', () => {
    flow('typed', {
      trigger: manual({ input: opaque<{ day: string }>() }),
      graph: (input, step) => {
        const uri = step.text`memory://${step.at(input, '/day')}`
        expectTypeOf(step(storage.readText, step.params({ uri }), { alias: 'a' })['~types']).toExtend<
          { readonly value: string; readonly needs: { readonly storage: unknown } } | undefined
        >()
        expectTypeOf(step.at(input, '/day')['~types']).toExtend<{ readonly value: string } | undefined>()
        const json = step(storage.readJson, step.params({ uri }), { alias: 'b' })
        expectTypeOf(json['~types']).toExtend<{ readonly value: JsonValue } | undefined>()
        const wrong = () => {
          // @ts-expect-error: a URI is text
          step(storage.read, step.params({ uri: 5 }))
          // @ts-expect-error: there is no such form
          step(storage.read, step.params({ uri, as: 'yaml' }))
          // @ts-expect-error: an object cannot stand in a text
          return step.text`memory://${input}`
        }
        expect(wrong).toBeTypeOf('function')
        return json
      },
    })
  })
})

describe('the nodes of duckdb', () => {
  const result: DbResult = {
    columns: [{ name: 'n', type: 'BIGINT' }],
    rows: [
      {
        n: 5n,
        big: 2n ** 60n,
        at: new Date(0),
        nan: Number.NaN,
        list: [1n, { x: 2n }],
        text: 'x',
        no: null,
        yes: true,
      },
    ],
  }

  it('bind parameters and yield JSON', async () => {
    const db = fakeDatabase(() => result)
    const { invoke } = runtimeOver({ db })
    const params: readonly DbParameter[] = ["'; DROP TABLE t --", 1]
    const answer = await invoke(only(duckdb.query), {
      input: { sql: 'SELECT ? WHERE a = ?', params, maxRows: 10 },
    })
    expect(db.asked).toEqual([{ sql: 'SELECT ? WHERE a = ?', parameters: params, options: { maxRows: 10 } }])
    expect(answer).toEqual({
      columns: [{ name: 'n', type: 'BIGINT' }],
      rows: [
        {
          n: 5,
          big: '1152921504606846976',
          at: '1970-01-01T00:00:00.000Z',
          nan: null,
          list: [1, { x: 2 }],
          text: 'x',
          no: null,
          yes: true,
        },
      ],
      rowCount: 1,
    })
    expect(JSON.parse(JSON.stringify(answer))).toEqual(answer)
  })

  it('refuse columns of bytes and say what to write', async () => {
    const db = fakeDatabase(() => ({ columns: [], rows: [{ b: new Uint8Array(1) }] }))
    const error = await causeOf(
      runtimeOver({ db }).invoke(only(duckdb.query), { input: { sql: 'SELECT 1' } }),
    )
    expect(error.message).toContain('to_base64(b)')
  })

  it('do not run a statement twice that may not be: query refuses it, execute runs it once per key', async () => {
    const db = fakeDatabase(() => ({ columns: [], rows: [] }))
    const dedupe = createDedupeStore(memoryDedupeDriver())
    const { invoke } = runtimeOver({ db, dedupe })
    const sql = 'INSERT INTO t VALUES (1)'
    const error = await causeOf(invoke(only(duckdb.query), { input: { sql } }))
    expect(error.message).toContain(
      'INSERT is no statement that may be done twice, as after a crash: use duckdb.execute',
    )
    expect(db.asked).toHaveLength(0)
    const once = only(duckdb.execute)
    const first = await invoke(once, { input: { sql, key: 'k' } })
    expect(await invoke(once, { input: { sql, key: 'k' } })).toEqual(first)
    expect(db.asked).toHaveLength(1)
    await invoke(once, { input: { sql, key: 'other' } })
    expect(db.asked).toHaveLength(2)
  })
})

describe('step.params, at, text and after', () => {
  const show = node('show', { input: opaque<Record<string, unknown>>(), run: (input) => input })
  const run = (graph: Parameters<typeof flow<{ a: { b: number }[] }, unknown, never>>[1]['graph']) =>
    runtimeOver({}).invoke(
      flow('f', { trigger: manual({ input: opaque<{ a: { b: number }[] }>() }), graph }) as Flow<
        never,
        unknown,
        unknown
      >,
      { input: { a: [{ b: 1 }, { b: 2 }] } as never },
    )

  it('put inputs together at any depth', async () => {
    const answer = await run(
      (input, step) =>
        step(
          show,
          step.params({
            deep: [{ x: step.at(input, '/a/1/b') }],
            text: step.text`b=${step.at(input, '/a/0/b')}`,
            constant: { n: 1 },
            gone: step.at(input, '/a/9/b'),
          }),
        ) as never,
    )
    expect(answer).toEqual({ deep: [{ x: 2 }], text: 'b=1', constant: { n: 1 } })
  })

  it('can be answers, members of joins and what a branch looks at', async () => {
    expect(await run((input, step) => step.at(input, '/a/0') as never)).toEqual({ b: 1 })
    expect(await run((input, step) => ({ whole: input, part: step.at(input, '/a/0/b') }) as never)).toEqual({
      whole: { a: [{ b: 1 }, { b: 2 }] },
      part: 1,
    })
    const made = await run(
      (input, step) =>
        step.if(
          step.params({ is: true, of: step.at(input, '/a/0/b') }),
          '/is',
          (value) => step(show, value),
          () => step.params({ no: 1 }),
        ) as never,
    )
    expect(made).toEqual({ is: true, of: 1 })
  })
})

describe('fields', () => {
  it('hand out a default of their own each time, and compare lists as JSON', () => {
    const schema = fieldsSchema<{ list: unknown[] }>(
      new Map([['list', { type: 'array', default: [1], oneOf: [[1], [{ b: 1, a: 2 }]] }]]),
    )
    const made = (value: unknown) => schema['~standard'].validate(value)
    const first = made({}) as { value: { list: unknown[] } }
    first.value.list.push('mine')
    expect(made({})).toEqual({ value: { list: [1] } })
    expect(made({ list: [{ a: 2, b: 1 }] })).toEqual({ value: { list: [{ a: 2, b: 1 }] } })
    expect(made({ list: [2] })).toMatchObject({
      issues: [{ message: 'must be one of [1], [{"b":1,"a":2}]' }],
    })
  })
})
