import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { type Compiler, compilers, createWorkspace, type Workspace } from './workspace.ts'

const head = `import { defineApp, event, flow, type FlowNode, manual, node, streamOf } from '@flowport/flow'
import { cloudflareKv } from '@flowport/presets/cloudflare-kv'
import { memory } from '@flowport/presets/memory'
import * as z from 'zod'
const Order = z.object({
  id: z.string(),
  amount: z.number(),
  paid: z.boolean(),
  kind: z.enum(['new', 'old']),
  extra: z.unknown(),
  address: z.object({ city: z.string() }),
})
const Done = z.object({ id: z.string() })
const State = z.object({ state: z.enum(['up', 'down']) })
const run = ({ id }: { id: string }) => ({ id })
const ok = node('ok', { input: Order, output: Done, run })
const save = node('save', {
  input: Order,
  output: Done,
  uses: { kv: { access: 'write', consistency: 'strong' } },
  idempotency: 'natural',
  run,
})
const must = node('must', {
  input: Order,
  output: Done,
  uses: { kv: 'write' },
  idempotency: { key: '/id', atomic: true },
  run,
})
const trigger = manual({ input: Order })
const posting = flow('post-order', { trigger, graph: (order, step) => step(save, step.at(order, '')) })
const atomic = flow('place-order', { trigger, graph: (order, step) => step(must, order) })
`

/** Source of a node named `charge` with the given options in addition to its schemas. */
const charge = (text: string) =>
  `export const faulty = node('charge', { input: Order, output: Done, ${text}, run })`
const graph = (text: string) =>
  `export const faulty = flow('post-order', { trigger, graph: (order, step) => ${text} })`
const app = (flows: string, profiles: string) =>
  `export const faulty = defineApp({ flows: [${flows}], profiles: { ${profiles} } })`

/** By name: the source of an app with one fault, and the sentence that the compiler must print for it. */
const faults: Readonly<Record<string, readonly [source: string, sentence: string]>> = {
  'unknown-resource': [
    charge(`uses: { kv: 'read', ledgr: 'write' }`),
    'node "charge": uses "ledgr", which is no resource; there are kv, blob, dedupe, queue, ',
  ],
  'unknown-access': [
    charge(`uses: { kv: 'wirte' }`),
    'node "charge": uses "kv" with the access "wirte", which it does not have',
  ],
  'missing-access': [
    charge(`uses: { kv: { consistency: 'strong' } }`),
    'node "charge": uses "kv" without an access',
  ],
  'unknown-guarantee': [
    charge(`uses: { kv: { access: 'read', consistancy: 'strong' } }`),
    'node "charge": uses "kv" with "consistancy", which is no guarantee of it',
  ],
  'unknown-level': [
    charge(`uses: { 'kv:a': { access: 'read', consistency: 'stron' } }`),
    'node "charge": uses "kv:a" with the consistency "stron", which it does not have',
  ],
  'unknown-feature': [
    charge(`uses: { kv: { access: 'read', features: ['lisst'] } }`),
    'node "charge": uses "kv" with a value for "features" that does not fit',
  ],
  'key-to-nothing': [
    charge(`idempotency: { key: '/idd', unknown: 'never' }`),
    `node "charge": idempotency.key "/idd" leads to nothing in the node's input`,
  ],
  'key-to-number': [
    charge(`idempotency: { key: '/amount', unknown: 'never' }`),
    `node "charge": idempotency.key "/amount" leads to no text in the node's input`,
  ],
  'partition-to-nothing': [
    charge(`uses: { kv: 'write' }, idempotency: { key: '/id', partition: '/idd', atomic: true }`),
    `node "charge": idempotency.partition "/idd" leads to nothing in the node's input`,
  ],
  'wrong-result': [
    `export const faulty = node('charge', { input: Order, output: State, run: async ({ paid }) => ({ state: paid ? 'sideways' : 'up' }) })`,
    "'the result does not fit the output schema'",
  ],
  'wrong-item': [
    `export const faulty = node('watch', { input: Order, output: streamOf(State), async *run() { yield { state: 'sideways' } } })`,
    "'the result does not fit the output schema'",
  ],
  'if-to-nothing': [
    graph(`step.if(order, '/payd', (it) => step(ok, it), (it) => it)`),
    'flow "post-order", step.if: the pointer "/payd" leads to nothing in the value',
  ],
  'if-to-text': [
    graph(`step.if(order, '/id', (it) => step(ok, it), (it) => it)`),
    'flow "post-order", step.if: the pointer "/id" leads to a value that is no boolean',
  ],
  'switch-to-nothing': [
    graph(`step.switch(order, '/kid', {}, (it) => step(ok, it))`),
    'flow "post-order", step.switch: the pointer "/kid" leads to nothing in the value',
  ],
  'at-nothing': [
    graph(`step.at(order, '/address/town')`),
    'flow "post-order", step.at: the pointer "/address/town" leads to nothing in the value',
  ],
  'not-bound': [
    app('posting', `local: [memory()], edge: []`),
    'CAP101: flow "post-order", node "save" needs "kv", which profile "edge" does not bind',
  ],
  'too-weak': [
    app('posting', `local: [memory()], edge: [cloudflareKv()]`),
    'CAP102: flow "post-order", node "save" needs "kv" with consistency strong, which profile "edge" does not offer',
  ],
  'not-together': [
    app(
      'atomic',
      `local: [memory()], apart: [memory({ only: ['kv'] }), memory({ as: 'x', only: ['dedupe'] })]`,
    ),
    'EXACT004: flow "place-order" has an atomic node, and profile "apart" binds no kv, queue and dedupe that are committed together: take them from one preset that states a transaction',
  ],
}

/** Correct source that uses each feature that a fault misuses. */
const right = `${head}
${charge(`uses: { kv: { access: 'read', consistency: { at_least: 'strong' }, features: ['list'] }, 'blob:photos': 'write' }, idempotency: { key: '/id', unknown: 'never' }`).replace('faulty', 'a')}
${charge(`idempotency: { key: '/address/city', partition: ({ id }) => id, unknown: 'never' }`).replace('faulty', 'b')}
${charge(`idempotency: { key: ({ id }) => id, unknown: ({ input }) => ({ done: { id: input.id } }) }`).replace('faulty', 'c')}
const keyOf = (order: { id: string }) => order.id
${charge(`idempotency: { key: keyOf, unknown: 'again' }`).replace('faulty', 'd')}
${graph(`step.at(order, '/extra/anything/at/all')`).replace('faulty', 'e')}
${graph(`step.if(order, '/paid', (it) => step(ok, it), (it) => it)`).replace('faulty', 'f')}
${graph(`step.switch(order, '/kind', { new: (it) => step(ok, it) }, (it) => it)`).replace('faulty', 'g')}
${app('posting, atomic', 'local: [memory()]').replace('faulty', 'h')}
export const i = node('i', { input: Order, output: State, run: ({ paid }) => ({ state: paid ? 'up' : 'down' }) })
export const j = node('j', {
  input: Order,
  output: State,
  uses: { kv: 'read' },
  idempotency: { key: '/id', unknown: async () => ({ done: { state: 'up' } }) },
  async run({ id }, { kv }) {
    if ((await kv.get(id)) === null) return { state: 'down' }
    return { state: 'up' }
  },
})
export const k = node('k', {
  input: Order,
  output: z.discriminatedUnion('ok', [
    z.object({ ok: z.literal(true), list: z.array(z.object({ kind: z.literal('x') })) }),
    z.object({ ok: z.literal(false), code: z.literal(7) }),
  ]),
  run: async ({ paid }) => (paid ? { ok: true, list: [{ kind: 'x' }] } : { ok: false, code: 7 }),
})
export const l = node('l', {
  input: Order,
  output: streamOf(State, { result: z.object({ end: z.enum(['good', 'bad']) }) }),
  async *run({ paid }) {
    yield { state: paid ? 'up' : 'down' }
    yield event('changed', { state: 'down' })
    return { end: 'good' }
  },
})
export const o = node('o', { input: Order, output: z.enum(['up', 'down']), run: () => 'up' })
export const m = node('m', {
  input: Order,
  idempotency: { key: '/id', unknown: ({ input }) => ({ done: { state: input.id } }) },
  run: async () => ({ state: 'up' }),
})
type ResultOf<N> = N extends FlowNode<never, infer O, unknown> ? O : never
const n = node('n', { input: Order, run: ({ id }) => Promise.resolve(id).then(() => undefined) })
export const nothing: undefined = undefined as ResultOf<typeof n>
`

describe.each(Object.keys(compilers) as Compiler[])('TypeScript %s', (compiler) => {
  let workspace: Workspace
  let findings: readonly string[]

  beforeAll(async () => {
    workspace = await createWorkspace()
    const files = Object.entries(faults).map(([name, [source]]) => [`${name}.ts`, `${head}${source}\n`])
    const { output } = await workspace.check(compiler, Object.fromEntries(files))
    findings = output.split(/\n(?=\S)/)
  })
  afterAll(() => workspace[Symbol.asyncDispose]())

  it.each(Object.entries(faults))('prints one sentence for the fault: %s', (name, [, sentence]) => {
    const found = findings.filter((line) => line.includes(`${name}.ts(`))
    expect(found).toHaveLength(1)
    // The compiler escapes quotes in the sentence, as in any literal type.
    expect(found[0]?.replaceAll('\\"', '"')).toContain(sentence)
  })

  it('accepts correct apps', async () => {
    expect((await workspace.check(compiler, { 'right.ts': right })).output).toBe('')
  })
})
