import { control, type Provider, ResourceBag } from '@flowport/capabilities'
import { describe, expect, it } from 'vitest'
import type { StandardSchemaV1 } from '@standard-schema/spec'
import * as z from 'zod'
import { blobBody, type BodyBinding, multipartBody } from '../body.ts'
import { codes, type DiagnosticCode, type Stage } from '../diagnostics/codes.ts'
import { deadlinesBeyondLease } from '../delivery/platform.ts'
import { type Diagnostic, DiagnosticsError, FlowDefinitionError } from '../diagnostics/diagnostic.ts'
import { loadFlow } from '../files/load.ts'
import { type AnyFlow, flow } from '../flow.ts'
import { node } from '../node.ts'
import { environmentDiagnostics } from '../preflight/environment.ts'
import { preflight } from '../preflight/preflight.ts'
import { http, type HttpTrigger, manual, queue } from '../trigger.ts'
import { validateApp } from './validate-app.ts'
import { validateFlow, validateIr } from './validate.ts'

const Note = z.object({ id: z.string(), text: z.string(), urgent: z.boolean() })
const byHand = manual({ input: Note })
const echo = node('echo', { input: Note, output: Note, run: (note) => note })
const read = node('read', { input: Note, output: Note, uses: { kv: 'read' }, run: (note) => note })
const save = node('save', {
  input: Note,
  output: Note,
  uses: { kv: 'write' },
  idempotency: 'natural',
  run: (note) => note,
})
const careless = node('careless', { input: Note, output: Note, uses: { kv: 'write' }, run: (note) => note })
const putBlob = node('put', {
  input: Note,
  output: Note,
  uses: { blob: 'write' },
  idempotency: 'natural',
  run: (note) => note,
})
const getBlob = node('get', { input: Note, output: Note, uses: { blob: 'read' }, run: (note) => note })
const keyed = (ttl: '1s' | '1h') =>
  node('keyed', {
    input: Note,
    output: Note,
    uses: { kv: 'write', dedupe: 'write' },
    idempotency: { key: '/id', unknown: 'never', ttl },
    run: (note) => note,
  })
const simple = (target: typeof echo | typeof save, name = 'simple') =>
  flow(name, { trigger: byHand, graph: (note, step) => step(target, note) })

type Patch = Readonly<Record<string, unknown>>
const t = { alias: 'trigger', kind: 'trigger' }
const n = (alias: string, patch: Patch = {}) => ({
  alias,
  kind: 'activity',
  effects: 'pure',
  determinism: 'strict',
  ...patch,
})
const e = (from: string, to: string, patch: Patch = {}) => ({ from, to, ...patch })
const effectful = { effects: 'effectful', determinism: 'best_effort', idempotency: { key: '@input' } }
/** trigger -> a -> b, answered by b, with changes. */
const ir = (patch: Patch = {}) =>
  validateIr({
    id: 'i',
    name: 'f',
    version: '1',
    profile: 'dev',
    nodes: [t, n('a'), n('b')],
    edges: [e('trigger', 'a'), e('a', 'b')],
    metadata: { answer: 'b' },
    ...patch,
  })
const onEdge = (patch: Patch) => ir({ edges: [e('trigger', 'a'), e('a', 'b', patch)] })
const surface = (kind: string, config: Patch, targets: readonly string[] = [], patch: Patch = {}) =>
  ir({ control_surfaces: [{ id: 's', kind, targets, config: { v: 1, ...config } }], ...patch })
const branch = {
  nodes: [t, n('a'), n('x'), n('y'), n('b')],
  edges: [e('trigger', 'a'), e('a', 'x'), e('a', 'y'), e('x', 'b'), e('y', 'b')],
}
const switched = { source: 'a', selector_pointer: '/k', cases: { one: 'x' }, default: 'y' }
const decided = { source: 'a', selector_pointer: '/k', then: 'x', else: 'y' }
const twoSurfaces = (kind: string, config: Patch) => ({
  ...branch,
  control_surfaces: ['s', 's2'].map((id) => ({ id, kind, targets: ['x', 'y'], config: { v: 1, ...config } })),
})

/** The findings of a flow that cannot be defined. */
const defining = (define: () => unknown): readonly Diagnostic[] => {
  try {
    define()
  } catch (error) {
    if (error instanceof FlowDefinitionError) return error.diagnostics
    throw error
  }
  return []
}

const resource = (info: Patch, layers: readonly string[] = []) =>
  ({
    [control]: {
      domain: 'kv',
      provider: 'test',
      info,
      layers,
      view: () => ({}),
      check: async () => {},
      close: async () => {},
    },
  }) as never
const strong = { consistency: 'strong', reservation: 'atomic' }
const bag = (kv: Patch = strong, layers: readonly string[] = []) =>
  ResourceBag.empty()
    .with('kv', resource(kv, layers))
    .with('blob', resource(kv))
    .with('dedupe', resource({ ...strong, ...kv })) as ResourceBag
const start = (one: AnyFlow, on = bag(), providers: readonly Provider[] = []) =>
  preflight([one], on, { profile: 'local', providers })

/** A provider that tries again by itself. */
const native: Provider = {
  preset: 'native',
  provides: { kv: strong },
  env: {} as never,
  nativeRetry: true,
  bindings: [],
  hints: [],
  check: () => null,
  open: () => Promise.reject(new Error('preflight opens nothing')),
}

/** What is found in a flow file; its first node reads a file. */
const inFile = (patch: string, first = "{ name: a, uses: storage.read, params: { uri: 'm://x' } }") => {
  try {
    loadFlow(`name: f\nnodes:\n  - ${first}\n${patch}`)
  } catch (error) {
    if (error instanceof DiagnosticsError) return error.diagnostics
    throw error
  }
  return []
}

/** For each code, what fires it and nothing else; beside it, the findings that come along of necessity. */
const table: Partial<
  Record<DiagnosticCode, (() => readonly Diagnostic[]) | [() => readonly Diagnostic[], DiagnosticCode]>
> = {
  DAG004: () => validateFlow(simple(careless)),
  DAG005: () =>
    surface('for_each', { source: 'a', items_pointer: '/x', body_entry: 'b', concurrency: 0 }, ['b']),
  DAG101: () =>
    ir({
      nodes: [t, n('a'), n('b'), { alias: 'other', kind: 'trigger' }],
      policies: { lint: { allow_multiple_triggers: true } },
    }),
  DAG102: () => ir({ profile: 'queue', nodes: [t, n('a'), n('b', { streaming: true })] }),
  DAG103: () => {
    const route = (name: string, path: string) =>
      flow(name, { trigger: http.get(path, { input: Note }), graph: (note) => note })
    return validateApp({ flows: [route('one', '/notes/:id'), route('two', '/notes/:text')] })
  },
  DAG104: () =>
    ir({
      nodes: [t, n('a'), n('b'), { alias: 'other', kind: 'trigger' }],
      edges: [e('trigger', 'a'), e('other', 'a'), e('a', 'b')],
    }),
  DAG105: [() => ir({ nodes: [n('a'), n('b')], edges: [e('a', 'b')] }), 'DAG204'],
  DAG200: () => ir({ edges: [e('trigger', 'a'), e('a', 'b'), e('b', 'a')] }),
  DAG201: () =>
    ir({
      nodes: [
        t,
        n('a', { out_schema: { kind: 'named', name: 'A' } }),
        n('b', { in_schema: { kind: 'named', name: 'B' } }),
      ],
    }),
  DAG202: () => ir({ edges: [e('trigger', 'a'), e('a', 'b'), e('a', 'nowhere')] }),
  DAG204: () => {
    const leaking = flow('leaking', {
      trigger: byHand,
      graph: (note, step) => {
        let inside = note
        step.if(
          note,
          '/urgent',
          (urgent) => (inside = step(save, urgent)),
          (calm) => calm,
        )
        return inside
      },
    })
    return validateFlow(leaking)
  },
  DAG205: () => ir({ nodes: [t, n('a'), n('b'), n('b')] }),
  DAG206: () =>
    defining(() =>
      flow('f', {
        trigger: byHand,
        graph: (note, step) => {
          const last = step(save, step(echo, note))
          step.edge(note, last, { timeout: 1 })
          return last
        },
      }),
    ),
  DAG207: () =>
    defining(() =>
      flow('f', {
        trigger: byHand,
        graph: (note, step) => {
          const last = step(save, note)
          step.edge(note, last, { timeout: 1 })
          step.edge(note, last, { timeout: 2 })
          return last
        },
      }),
    ),
  DAG209: () => {
    const input: StandardSchemaV1 = z.object({ text: z.string() })
    return validateApp({ flows: [flow('f', { trigger: http.get('/n/:id', { input }), graph: (it) => it })] })
  },
  DAG210: () => {
    const input: StandardSchemaV1 = z.object({ text: z.string() })
    const body: BodyBinding = multipartBody('files', { key: 'a/{order}/{file.sha256}' })
    const trigger: HttpTrigger = { ...http.post('/n', { input }), body }
    return validateApp({ flows: [flow('f', { trigger, graph: (it) => it })] })
  },
  DAG208: () =>
    validateFlow(
      flow('f', {
        trigger: byHand,
        graph: (note, step) => {
          step(echo, note)
          return note
        },
      }),
    ),
  EFFECT201: () =>
    validateFlow(
      simple(
        node('save', {
          input: Note,
          output: Note,
          effects: 'pure',
          uses: { kv: 'write' },
          run: (note) => note,
        }),
      ),
    ),
  DET302: () =>
    validateFlow(
      simple(
        node('read', {
          input: Note,
          output: Note,
          determinism: 'strict',
          uses: { kv: 'read' },
          run: (note) => note,
        }),
      ),
    ),
  CTRL101: () => onEdge({ timeout_ms: 0 }),
  CTRL102: () => onEdge({ buffer: { max_items: 0 } }),
  CTRL110: () => surface('switch', { ...switched, v: 2 }, ['x', 'y'], branch),
  CTRL111: () => surface('switch', { ...switched, cases: { one: 'x', two: 'b' } }, ['x', 'y', 'b'], branch),
  CTRL112: () => ir(twoSurfaces('switch', switched)),
  CTRL120: () => surface('if', { ...decided, else: undefined }, ['x', 'y'], branch),
  CTRL121: () => surface('if', { ...decided, else: 'b' }, ['x', 'b'], branch),
  CTRL122: () => ir(twoSurfaces('if', decided)),
  CTRL130: () => surface('rate_limit', { target: 'a', qps: 0 }),
  CTRL131: () => surface('rate_limit', { target: 'nobody', qps: 1 }),
  CTRL132: () => surface('partition', { edge: { from: 'trigger', to: 'b' }, key: '/id' }),
  IDEM020: () =>
    ir({
      nodes: [t, n('a'), n('b', effectful)],
      edges: [e('trigger', 'a', { partition_key: '/id' }), e('a', 'b')],
    }),
  IDEM025: () =>
    ir({
      nodes: [
        t,
        n('a', { determinism: 'best_effort', determinismHints: ['resource::rng'] }),
        n('b', { ...effectful, idempotency: { key: '/id', unknown: 'never' } }),
      ],
    }),
  IDEM030: () => ir({ nodes: [t, n('a'), n('b', { ...effectful, idempotency: { key: '/id' } })] }),
  IDEM031: () =>
    ir({ nodes: [t, n('a'), n('b', { ...effectful, idempotency: { key: '/id', unknown: 'again' } })] }),
  EXACT001: () =>
    ir({
      nodes: [
        t,
        n('a'),
        n('b', { ...effectful, idempotency: { key: '/id', unknown: 'never', ttlMs: 300_000 } }),
      ],
      edges: [e('trigger', 'a'), e('a', 'b', { delivery: 'exactly_once' })],
    }),
  EXACT002: () =>
    validateFlow(
      flow('f', {
        trigger: byHand,
        graph: (note, step) =>
          step(
            node('once', { input: Note, uses: { dedupe: 'write' }, idempotency: 'natural', run: () => null }),
            note,
            {
              delivery: 'exactly_once',
            },
          ),
      }),
    ),
  EXACT003: () =>
    validateFlow(
      flow('f', {
        trigger: byHand,
        graph: (note, step) => step(keyed('1s'), note, { delivery: 'exactly_once' }),
      }),
    ),
  EXACT004: () =>
    ir({
      nodes: [
        t,
        n('a'),
        n('b', {
          ...effectful,
          uses: [{ resource: 'http', access: 'write', requirements: {}, features: [] }],
          idempotency: { key: '/id', atomic: 'required' },
        }),
      ],
    }),
  RETRY010: () =>
    start(
      flow('f', { trigger: byHand, graph: (note, step) => step(save, note, { retry: { maxAttempts: 3 } }) }),
      bag(),
      [native],
    ),
  RETRY011: [
    () =>
      validateFlow(
        flow('f', {
          trigger: byHand,
          graph: (note, step) => step(careless, note, { retry: { maxAttempts: 3 } }),
        }),
      ),
    'DAG004',
  ],
  SPILL001: () =>
    validateFlow(
      flow('f', {
        trigger: byHand,
        graph: (note, step) => step(putBlob, note, { buffer: { spillTier: 'blob' } }),
      }),
    ),
  SPILL002: () => onEdge({ buffer: { max_items: 1, spill_tier: 'blob' } }),
  SPILL003: () => onEdge({ buffer: { spill_threshold_bytes: 1 } }),
  CACHE001: () =>
    ir({ nodes: [t, n('a'), n('b', { effects: 'read_only', effectHints: ['resource::http::read'] })] }),
  CTRL901: () =>
    start(
      flow('f', {
        trigger: byHand,
        graph: (note, step) => step(putBlob, note, { buffer: { maxItems: 9, spillTier: 'blob' } }),
      }),
    ),
  IDEM040: () =>
    start(
      flow('f', {
        trigger: http.post('/f', { input: z.object({}), idempotency: 'optional' }),
        graph: (it) => it,
      }),
      ResourceBag.empty().with('dedupe', resource(strong)) as never,
    ),
  CAP101: () => start(simple(save), ResourceBag.empty() as never),
  CAP102: () =>
    start(
      simple(
        node('needy', {
          input: Note,
          output: Note,
          uses: { kv: { access: 'read', ttl: 'per_write' } },
          run: (note) => note,
        }),
      ),
      bag({ ...strong, ttl: 'none' }),
    ),
  CAP103: () => environmentDiagnostics('s3', [{ variable: 'S3_BUCKET', problem: 'is missing' }]),
  KV_EVT001: () =>
    start(
      flow('f', { trigger: byHand, graph: (note, step) => step(read, step(save, note)) }),
      bag({ consistency: 'eventual' }),
    ),
  BLOB_EVT001: () =>
    start(
      flow('f', { trigger: byHand, graph: (note, step) => step(getBlob, step(putBlob, note)) }),
      bag({ consistency: 'eventual' }),
    ),
  TTL001: () =>
    start(
      flow('f', { trigger: byHand, graph: (note, step) => step(keyed('1s'), note) }),
      bag({ ...strong, limits: { minTtlMs: 5000 } }),
    ),
  LEASE001: () => {
    const trigger = queue('orders', { input: z.object({}), deadline: '20m' })
    const orders = flow('f', {
      trigger,
      graph: (order, step) => step(node('n', { input: z.object({}), run: () => null }), order),
    })
    return deadlinesBeyondLease({ flows: [orders] }, 900_000, 'workers')
  },
  LIMIT001: () =>
    start(
      flow('f', {
        trigger: http.put('/f', {
          input: z.object({}),
          body: blobBody('file', { key: () => 'k', maxBytes: 10 }),
        }),
        graph: (file) => file,
      }),
      bag({ ...strong, limits: { maxObjectBytes: 9 } }),
    ),
  FILE001: () => inFile('trigger: ['),
  FILE002: () => inFile('tags: [!!binary aGk=]'),
  FILE003: () => inFile('triger: manual'),
  FILE004: () => inFile('version: 1.0'),
  FILE005: () => inFile('', '{ name: a, uses: storage.raed }'),
  FILE006: () => inFile("  - { name: a, uses: storage.exists, params: { uri: 'm://x' } }"),
  FILE007: () => inFile("output: '{{ state.b }}'"),
  FILE008: () => inFile("output: '{{ state.a + 1 }}'"),
  FILE009: () => inFile('', "{ name: a, uses: storage.read, params: { uri: 'm://x' }, after: [a] }"),
  FILE010: () => inFile('input: [q]', "{ name: a, uses: duckdb.query, params: { sql: '{{ input.q }}' } }"),
  FILE011: () => inFile('', '{ name: a, uses: storage.read, params: { url: x, uri: m://x } }'),
  BUNDLE101: () => {
    const one = {
      id: 'i',
      name: 'f',
      version: '1',
      profile: 'dev',
      nodes: [t, n('a', { identifier: 'lost' })],
      edges: [e('trigger', 'a')],
    }
    return validateIr(one, { nodes: new Map([['echo', echo]]) })
  },
}

const checkedStages: readonly Stage[] = ['D', 'V', 'P']
const checked = Object.entries(codes).filter(([, { stages }]) =>
  stages.some((stage) => checkedStages.includes(stage)),
)

describe('every code of definition, validation and preflight', () => {
  it('has an example here', () => {
    expect(Object.keys(table).toSorted()).toEqual(checked.map(([code]) => code).toSorted())
  })

  it.each(Object.entries(table))('%s is fired by its example, with its severity and a hint', (code, row) => {
    const [fire, ...along] = Array.isArray(row) ? row : [row]
    const found = fire()
    expect(new Set(found.map((one) => one.code))).toEqual(new Set([code, ...along]))
    const own = found.find((one) => one.code === code)
    expect(own?.severity).toBe(codes[code as DiagnosticCode].severity)
    expect(own?.hint).not.toBe('')
  })

  it('fires at definition for names that are taken and references from elsewhere', () => {
    let foreign: unknown
    flow('other', { trigger: byHand, graph: (note) => (foreign = note) as never })
    const borrowed = () => flow('f', { trigger: byHand, graph: (_, step) => step(echo, foreign as never) })
    const twice = () => flow('f', { trigger: byHand, graph: (note, step) => step(echo, step(echo, note)) })
    expect(defining(borrowed)).toMatchObject([{ code: 'DAG202', location: { flow: 'f' } }])
    expect(defining(twice)).toMatchObject([{ code: 'DAG205', location: { flow: 'f', node: 'echo' } }])
  })

  it('fires RETRY010 at validation for an error handler over a step that retries', () => {
    const retry = { max_attempts: 2, backoff_ms: 1 }
    const handler = { scope: { nodes: ['b'] }, strategy: 'retry', max_retries: 3 }
    const found = surface('error_handler', handler, [], { nodes: [t, n('a'), n('b', { retry })] })
    expect(found).toMatchObject([{ code: 'RETRY010', location: { node: 'b' } }])
  })
})
