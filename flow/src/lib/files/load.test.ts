import type { JsonValue } from '@flowport/capabilities/storage'
import { describe, expect, expectTypeOf, it } from 'vitest'
import * as z from 'zod'
import { defineApp } from '../app.ts'
import { type Flow, flow } from '../flow.ts'
import { openApi } from '../http/openapi/document.ts'
import { toIr } from '../ir/export.ts'
import { toMermaid } from '../ir/mermaid.ts'
import { validateMessage } from '../message.ts'
import { node } from '../node.ts'
import { fieldsSchema } from '../nodes/fields.ts'
import { storage } from '../nodes/storage.ts'
import { preflight } from '../preflight/preflight.ts'
import { RunError } from '../runtime/errors.ts'
import { opaque } from '../schema.ts'
import { manual } from '../trigger.ts'
import { validateFlow } from '../validate/validate.ts'
import { loadFlow } from './load.ts'
import { memoryStorage, runtimeOver } from './test/harness.ts'

const yaml = `
name: report
version: 2.0.0
summary: Keeps a day
tags: [reports]
settings: { storage: { default_local: memory } }
input: { day: string, n: { type: integer, default: 1 } }
nodes:
  - name: save
    uses: storage.write
    params: { uri: 'days/{{ input.day }}.json', content: { day: '{{ input.day }}', of: [1, '{{ input.n }}'] } }
  - name: read
    uses: storage.read
    after: [save]
    params: { uri: 'days/{{ input.day }}.json', as: json }
output: { it: '{{ state.read.of.1 }}', size: '{{ state.save.size }}' }
`

const json = JSON.stringify({
  name: 'report',
  version: '2.0.0',
  summary: 'Keeps a day',
  tags: ['reports'],
  settings: { storage: { default_local: 'memory' } },
  input: { day: 'string', n: { type: 'integer', default: 1 } },
  nodes: [
    {
      id: 'save',
      uses: 'storage.write',
      with: {
        uri: 'days/{{ input.day }}.json',
        content: { day: '{{ input.day }}', of: [1, '{{ input.n }}'] },
      },
    },
    {
      id: 'read',
      uses: 'storage.read',
      after: ['save'],
      with: { uri: 'days/{{ input.day }}.json', as: 'json' },
    },
  ],
  output: { it: '{{ state.read.of.1 }}', size: '{{ state.save.size }}' },
})

const inCode = flow('report', {
  version: '2.0.0',
  summary: 'Keeps a day',
  tags: ['reports'],
  trigger: manual({
    input: fieldsSchema<{ day: string; n: number }>(
      new Map([
        ['day', { type: 'string' }],
        ['n', { type: 'integer', default: 1 }],
      ]),
    ),
  }),
  graph: (input, step) => {
    const day = step.at(input, '/day')
    const uri = step.text`days/${day}.json`
    const content = { day, of: [1, step.at(input, '/n')] }
    const save = step(storage.write, step.params({ uri, content, base: 'memory://' }), { alias: 'save' })
    const read = step(storage.read, step.params({ uri, as: 'json', base: 'memory://' }), {
      alias: 'read',
      after: [save],
    })
    return step.params({ it: step.at(read, '/of/1'), size: step.at(save, '/size') })
  },
})

describe('a flow file', () => {
  it.each([
    ['YAML', () => loadFlow(yaml)],
    ['JSON', () => loadFlow(json)],
    ['indented JSON', () => loadFlow(JSON.stringify(JSON.parse(json), null, '\t'))],
    ['code', () => inCode as Flow<never, unknown, unknown>],
  ])('runs the same from %s', async (_, load) => {
    const one = load()
    expect(validateFlow(one)).toEqual([])
    expect(toIr(one)).toEqual(toIr(inCode))
    expect(toMermaid(one)).toBe(toMermaid(inCode))
    const store = memoryStorage()
    const answer = await runtimeOver({ storage: store }).invoke(one, { input: { day: 'mon', n: 7 } as never })
    expect(answer).toEqual({ it: 7, size: 24 })
    expect(await store.read('memory://days/mon.json')).toBe('{"day":"mon","of":[1,7]}')
  })

  it('says in its IR what its params are made of', () => {
    const [, save, read, answer] = toIr(loadFlow(yaml)).nodes
    expect(save).toMatchObject({
      alias: 'save',
      identifier: 'storage.write',
      effects: 'effectful',
      determinism: 'best_effort',
      idempotency: { key: '@input' },
      effectHints: ['resource::storage::write'],
      params: {
        uri: { $text: ['days/', { $from: 'trigger', at: '/day' }, '.json'] },
        content: { day: { $from: 'trigger', at: '/day' }, of: [1, { $from: 'trigger', at: '/n' }] },
        base: 'memory://',
      },
    })
    expect(read).toMatchObject({ effects: 'read_only', effectHints: ['resource::storage::read'] })
    expect(answer).toMatchObject({ alias: 'answer', identifier: 'flowport::pass' })
    expect(toIr(loadFlow(yaml)).edges).toMatchObject([
      { from: 'trigger', to: 'save', feeds: ['/uri', '/content/day', '/content/of/1'] },
      { from: 'trigger', to: 'read', feeds: ['/uri'] },
      { from: 'save', to: 'read', feeds: [] },
      { from: 'read', to: 'answer', feeds: ['/it'] },
      { from: 'save', to: 'answer', feeds: ['/size'] },
    ])
  })

  it('checks its input, fills in defaults and drops what it does not know', async () => {
    const echo = loadFlow(`
name: echo
input: { a: { type: integer, default: 4 }, b: { type: string, optional: true }, c: { enum: [x, y] } }
nodes: [{ name: t, uses: storage.exists, params: { uri: 'memory://x' } }]
output: '{{ input }}'`)
    const runtime = runtimeOver({ storage: memoryStorage() })
    expect(await runtime.invoke(echo, { input: { c: 'x', other: 1, __proto__: { d: 1 } } })).toEqual({
      a: 4,
      c: 'x',
    })
    await expect(runtime.invoke(echo, { input: { a: 'four', c: 'z' } })).rejects.toMatchObject({
      failure: 'InvalidInput',
      message: expect.stringMatching(/\/a must be an integer, not a text; \/c must be one of "x", "y"/),
    })
  })

  it('answers with the last node where it says nothing else, and runs nodes nobody reads', async () => {
    const store = memoryStorage()
    const one = loadFlow(`
name: f
nodes:
  - { name: a, uses: storage.write, params: { uri: 'memory://a', content: hello } }
  - { name: b, uses: storage.exists, params: { uri: 'memory://b' } }`)
    expect(await runtimeOver({ storage: store }).invoke(one, { input: {} })).toBe(false)
    expect(await store.read('memory://a')).toBe('hello')
  })

  it('runs what does not wait for each other at the same time', async () => {
    let open = () => {}
    const both = new Promise<void>((resolve) => (open = resolve))
    let waiting = 0
    const meet = node('meet', {
      input: opaque<{ who: string }>(),
      run: async ({ who }) => {
        if (++waiting === 2) open()
        await both
        return who
      },
    })
    const one = loadFlow(
      `
name: f
nodes:
  - { name: last, uses: join, params: { all: ['{{ state.one }}', '{{ state.two }}'] } }
  - { name: first, uses: meet, store_as: one, params: { who: a } }
  - { name: second, uses: meet, store_as: two, params: { who: b } }
output: '{{ state.last }}'`,
      {
        nodes: [meet, node('join', { input: opaque<{ all: string[] }>(), run: ({ all }) => all.join('+') })],
      },
    )
    expect(await runtimeOver({}).invoke(one, { input: {} })).toBe('a+b')
  })

  it('leaves a node out whose condition is not true, and hands on null for it', async () => {
    const ran: string[] = []
    const say = node('say', {
      input: opaque<{ text: string; flag: unknown }>(),
      run: ({ text }) => {
        ran.push(text)
        return text
      },
    })
    const show = node('show', { input: opaque<{ given: unknown }>(), run: ({ given }) => ({ given }) })
    const one = loadFlow(
      `
name: f
input: [flag]
nodes:
  - { name: yes, uses: say, if: '{{ input.flag }}', params: { text: y } }
  - { name: no, uses: say, unless: '{{ input.flag }}', params: { text: n } }
  - { name: shown, uses: show, after: [no], params: { given: '{{ state.yes }}' } }
output: ['{{ state.yes }}', '{{ state.no }}', '{{ state.shown }}']`,
      { nodes: [say, show] },
    )
    expect(validateFlow(one)).toEqual([])
    const runtime = runtimeOver({})
    expect(await runtime.invoke(one, { input: { flag: true } })).toEqual(['y', null, { given: 'y' }])
    expect(await runtime.invoke(one, { input: { flag: 'true' } })).toEqual([null, 'n', { given: null }])
    expect(ran).toEqual(['y', 'n'])
  })

  it('keeps the type of a param that is one template, and makes text of the rest', async () => {
    const same = node('same', { input: opaque<Record<string, JsonValue>>(), run: (input) => input })
    const one = loadFlow(
      `
name: f
input: [v, s]
nodes:
  - name: a
    uses: same
    params:
      whole: '{{ input.v }}'
      inner: '{{input.v.0.n}}'
      text: 'v={{ input.v.0.n }}/{{ input.s }}'
      spaced: ' {{ input.s }}'
      escaped: '{{{{ input.s }}'
      missing: '{{ input.v.9 }}'
      own: '{{ input.v.constructor }}'
      constant: [1, null, { a: true }]`,
      { nodes: [same] },
    )
    const input = { v: [{ n: 2 }], s: '{{ input.v }}' }
    expect(await runtimeOver({}).invoke(one, { input })).toEqual({
      whole: [{ n: 2 }],
      inner: 2,
      text: 'v=2/{{ input.v }}',
      spaced: ' {{ input.v }}',
      escaped: '{{ input.s }}',
      constant: [1, null, { a: true }],
    })
  })

  it.each([
    ['a list', [1]],
    ['an object', {}],
    ['nothing', null],
  ])('does not put %s into a text', async (what, v) => {
    const one = loadFlow(`
name: f
input: [v]
nodes: [{ name: a, uses: storage.read, params: { uri: 'memory://{{ input.v }}.csv' } }]`)
    const error: unknown = await runtimeOver({ storage: memoryStorage() })
      .invoke(one, { input: { v } })
      .catch((thrown) => thrown)
    expect(error).toBeInstanceOf(RunError)
    expect(error).toMatchObject({ failure: 'NodeFailed', node: 'a', cause: { kind: 'InvalidInput' } })
    expect((error as Error).message).toContain(what)
  })

  it('keeps inputs inside the folder that the file names', async () => {
    const one = loadFlow(`
name: f
input: [v]
nodes: [{ name: a, uses: storage.read, params: { uri: 'memory://in/{{ input.v }}' } }]`)
    const runtime = runtimeOver({ storage: memoryStorage() })
    await expect(runtime.invoke(one, { input: { v: '../secret' } })).rejects.toMatchObject({
      cause: { kind: 'InvalidInput', code: 'INVALID_URI' },
    })
  })

  it('is started by what its trigger says, as in code', () => {
    const load = (trigger: string, rest = 'input: { day: integer }') =>
      loadFlow(`
name: f
trigger: ${trigger}
${rest}
nodes: [{ name: a, uses: storage.exists, params: { uri: 'memory://x' } }]`)
    expect(load('{ http: GET /days/:day, status: 201, deadline: 5s }')).toMatchObject({
      profile: 'web',
      trigger: { kind: 'http', method: 'GET', path: '/days/:day', status: 201, deadlineMs: 5000 },
    })
    const { trigger } = load('{ http: GET /days/:day }')
    expect(validateMessage(trigger, { day: '42', other: 'x' })).toEqual({ day: 42 })
    expect(() => validateMessage(trigger, { day: 'x' })).toThrow('/day must be an integer')
    const app = defineApp({ flows: [load('{ http: GET /days/:day }')], profiles: {} })
    expect(openApi(app)).toMatchObject({
      paths: {
        '/days/{day}': { get: { parameters: [{ name: 'day', in: 'path', schema: { type: 'integer' } }] } },
      },
    })
    expect(load('{ queue: orders, maxAttempts: 3, backoff: 1s }').trigger).toMatchObject({
      kind: 'queue',
      queue: 'orders',
      maxAttempts: 3,
      backoffMs: 1000,
    })
    expect(load("{ cron: '0 3 * * MON-FRI' }", "output: '{{ input.scheduledAt }}'").trigger).toMatchObject({
      kind: 'cron',
      cron: '0 3 * * MON-FRI',
    })
    expect(load('manual').trigger.kind).toBe('manual')
  })

  it('passes timeout and retry to its steps', () => {
    const one = loadFlow(`
name: f
nodes: [{ name: a, uses: storage.exists, params: { uri: 'memory://x' }, timeout: 2s, retry: { maxAttempts: 3, backoff: 50ms } }]`)
    const [, a] = toIr(one).nodes
    expect(a?.retry).toEqual({ max_attempts: 3, backoff_ms: 50 })
    expect(toIr(one).edges).toMatchObject([{ timeout_ms: 2000 }])
  })

  it('is refused by a profile without a storage, by name', () => {
    const sql = `
name: sql
nodes: [{ name: ask, uses: duckdb.query, params: { sql: SELECT 1 } }, { name: save, uses: storage.write, params: { uri: 'm://x', content: '{{ state.ask.rows }}' } }]`
    const { bag } = runtimeOver({})
    expect(preflight([loadFlow(yaml), loadFlow(sql)], bag, { profile: 'edge' })).toMatchObject([
      {
        code: 'CAP101',
        message: 'not bound: storage (needed by "save", "read")',
        location: { flow: 'report', profile: 'edge' },
      },
      {
        code: 'CAP101',
        message: 'not bound: db (needed by "ask"); storage (needed by "save")',
        location: { flow: 'sql' },
      },
    ])
  })

  it('cannot use two nodes of one name', () => {
    const twice = node('storage.read', { input: opaque<object>(), run: () => 1 })
    expect(() => loadFlow(yaml, { nodes: [twice] })).toThrow('two nodes are called "storage.read"')
  })

  it('has the types that are told, and unknown ones else', () => {
    const untyped = loadFlow(yaml)
    expectTypeOf(untyped).toEqualTypeOf<Flow<Record<string, unknown>, unknown, unknown>>()
    const typed = loadFlow<{ day: string }, { it: number }, { storage: unknown }>(yaml)
    const runtime = runtimeOver({ storage: memoryStorage() })
    expectTypeOf(runtime.invoke(typed, { input: { day: 'x' } })).resolves.toEqualTypeOf<{ it: number }>()
    // @ts-expect-error: the input must be what was told
    const wrong = () => runtime.invoke(typed, { input: { day: 1 } })
    expect(wrong).toBeTypeOf('function')
    expect(defineApp({ flows: [untyped], profiles: { none: [] } }).flows).toHaveLength(1)
    // @ts-expect-error: the profile does not bind the storage that was told
    expect(defineApp({ flows: [typed], profiles: { none: [] } }).flows).toHaveLength(1)
  })

  it('takes params of nodes whose schema is known, and tells what they miss', () => {
    const mail = node('mail', { input: z.object({ to: z.string(), text: z.string() }), run: ({ to }) => to })
    expect(() =>
      loadFlow(`name: f\nnodes: [{ name: m, uses: mail, params: { to: a } }]`, { nodes: [mail] }),
    ).toThrow('mail needs "text"')
  })
})
