import { describe, expect, it } from 'vitest'
import * as z from 'zod'
import { blobBody } from '../body.ts'
import { flow } from '../flow.ts'
import { node } from '../node.ts'
import { name, streamOf } from '../schema.ts'
import { http, manual } from '../trigger.ts'
import { validateFlow } from '../validate/validate.ts'
import { toIr } from './export.ts'
import type { FlowIr } from './ir.ts'

const Ticket = name(
  'Ticket',
  z.object({ id: z.string(), kind: z.enum(['bug', 'bill', 'other']), urgent: z.boolean() }),
)
const manualTicket = manual({ input: Ticket })
const same = node('same', { input: Ticket, output: Ticket, run: (ticket) => ticket })
const edges = ({ edges }: FlowIr) => edges.map(({ from, to }) => `${from} -> ${to}`)
const alias = (alias: string) => ({ alias })

describe('toIr', () => {
  it('writes nodes with what they claim, use and promise', () => {
    const save = node('save', {
      summary: 'Keeps the ticket.',
      input: Ticket,
      output: Ticket,
      uses: {
        rng: 'read',
        kv: { access: 'write', durability: 'durable', consistency: 'strong', features: ['list'] },
      },
      idempotency: { key: '/id', unknown: 'never', ttl: '1h' },
      run: (ticket) => ticket,
    })
    const tickets = flow('tickets', {
      summary: 'Tickets.',
      tags: ['support'],
      trigger: http.post('/tickets', { input: Ticket }),
      graph: (ticket, step) =>
        step(save, ticket, { alias: 'keep', retry: { maxAttempts: 3, backoff: '1s' } }),
    })
    const ir = toIr(tickets)
    expect(ir).toMatchObject({ name: 'tickets', version: '1.0.0', profile: 'web', summary: 'Tickets.' })
    expect(ir.metadata).toEqual({ tags: ['support'], answer: 'keep' })
    expect(ir.nodes).toEqual([
      expect.objectContaining({
        alias: 'trigger',
        kind: 'trigger',
        name: 'POST /tickets',
        out_schema: { kind: 'named', name: 'Ticket' },
      }),
      {
        id: `${ir.id}::keep`,
        alias: 'keep',
        identifier: 'save',
        name: 'save',
        kind: 'activity',
        summary: 'Keeps the ticket.',
        in_schema: { kind: 'named', name: 'Ticket' },
        out_schema: { kind: 'named', name: 'Ticket' },
        effects: 'effectful',
        determinism: 'best_effort',
        idempotency: { key: '/id', scope: 'node', ttlMs: 3_600_000, unknown: 'never', begins: 'handler' },
        determinismHints: ['resource::kv', 'resource::rng'],
        effectHints: ['resource::kv::write'],
        uses: [
          {
            resource: 'kv',
            access: 'write',
            requirements: { consistency: 'strong', durability: 'durable' },
            features: ['list'],
          },
          { resource: 'rng', access: 'read', requirements: {}, features: [] },
        ],
        streaming: false,
        retry: { max_attempts: 3, backoff_ms: 1000 },
      },
    ])
    expect(ir.edges).toEqual([
      { from: 'trigger', to: 'keep', delivery: 'at_least_once', ordering: 'ordered', buffer: {} },
    ])
  })

  it('writes a natural idempotency as a key of the whole input, and a function as what it is', () => {
    const put = node('put', { input: Ticket, uses: { kv: 'write' }, idempotency: 'natural', run: () => null })
    const pay = node('pay', {
      input: Ticket,
      uses: { kv: 'write' },
      idempotency: { key: ({ id }) => id, unknown: 'never' },
      run: () => null,
    })
    const both = flow('both', { trigger: manualTicket, graph: (t, step) => [step(put, t), step(pay, t)] })
    expect(toIr(both).nodes.map(({ idempotency }) => idempotency?.key)).toEqual([
      undefined,
      '@input',
      '@function',
      undefined,
    ])
  })

  it('says where the values of a join arrive', () => {
    const join = node('join', { input: z.object({ 'a/b': Ticket, c: Ticket }), run: () => 1 })
    const joined = flow('joined', {
      trigger: manualTicket,
      graph: (t, step) => [step(join, { 'a/b': t, c: step(same, t) }), t],
    })
    expect(toIr(joined).edges.map(({ from, to, feeds }) => [from, to, feeds])).toEqual([
      ['trigger', 'same', undefined],
      ['trigger', 'join', ['/a~1b']],
      ['same', 'join', ['/c']],
      ['join', 'answer', ['/0']],
      ['trigger', 'answer', ['/1']],
    ])
  })

  it('gives an edge the options of its step, and its own above them', () => {
    const tuned = flow('tuned', {
      trigger: manualTicket,
      graph: (t, step) => {
        const first = step(same, t)
        const second = step(same, first, {
          alias: 'second',
          timeout: '2s',
          delivery: 'at_most_once',
          ordering: 'unordered',
          partitionKey: '/id',
          buffer: { maxItems: 3, spillThresholdBytes: 9, spillTier: 'blob', onDrop: 'block' },
        })
        step.edge(first, second, { timeout: '1s' })
        return second
      },
    })
    expect(toIr(tuned).edges[1]).toEqual({
      from: 'same',
      to: 'second',
      delivery: 'at_most_once',
      ordering: 'unordered',
      partition_key: '/id',
      timeout_ms: 1000,
      buffer: { max_items: 3, spill_threshold_bytes: 9, spill_tier: 'blob', on_drop: 'block' },
    })
  })

  it('writes an if as a surface whose arms lead to their entries', () => {
    const branched = flow('branched', {
      trigger: manualTicket,
      graph: (t, step) =>
        step.if(
          t,
          '/urgent',
          (v) => step(same, v),
          (v) => v,
          alias('triage'),
        ),
    })
    const ir = toIr(branched)
    expect(ir.control_surfaces).toEqual([
      {
        id: 'triage',
        kind: 'if',
        targets: ['same', 'triage.otherwise'],
        config: {
          v: 1,
          source: 'trigger',
          selector_pointer: '/urgent',
          then: 'same',
          else: 'triage.otherwise',
        },
      },
    ])
    expect(ir.nodes.find((node) => node.alias === 'triage')).toMatchObject({
      kind: 'inline',
      identifier: 'flowport::merge',
      out_schema: { kind: 'named', name: 'Ticket' },
    })
  })

  it('writes a switch with sorted cases and a default', () => {
    const switched = flow('switched', {
      trigger: manualTicket,
      graph: (t, step) =>
        step.switch(
          t,
          '/kind',
          { bug: (v) => step(same, v, alias('b')), bill: (v) => step(same, v, alias('a')) },
          (v) => step(same, v, alias('c')),
        ),
    })
    const [surface] = toIr(switched).control_surfaces
    expect(surface?.config).toEqual({
      v: 1,
      source: 'trigger',
      selector_pointer: '/kind',
      cases: { bill: 'a', bug: 'b' },
      default: 'c',
    })
    expect(surface?.targets).toEqual(['b', 'a', 'c'])
  })

  it('lets the decision start an entry that reads nothing of its source', () => {
    const control = flow('control', {
      trigger: manualTicket,
      graph: (t, step) => {
        const seen = step(same, t, alias('seen'))
        return step.if(
          seen,
          '/urgent',
          () => step(same, t, alias('then')),
          () => step(same, t, alias('else')),
        )
      },
    })
    const ir = toIr(control)
    expect(ir.edges.filter(({ from }) => from === 'seen')).toEqual([
      { from: 'seen', to: 'then', delivery: 'at_least_once', ordering: 'ordered', buffer: {}, feeds: [] },
      { from: 'seen', to: 'else', delivery: 'at_least_once', ordering: 'ordered', buffer: {}, feeds: [] },
    ])
    expect(validateFlow(control)).toEqual([])
  })

  it('puts a pass before a second routing on one source', () => {
    const twice = flow('twice', {
      trigger: manualTicket,
      graph: (t, step) => ({
        a: step.if(
          t,
          '/urgent',
          (v) => step(same, v, alias('a1')),
          (v) => step(same, v, alias('a2')),
          alias('a'),
        ),
        b: step.if(
          t,
          '/urgent',
          (v) => step(same, v, alias('b1')),
          (v) => step(same, v, alias('b2')),
          alias('b'),
        ),
      }),
    })
    const ir = toIr(twice)
    expect(ir.control_surfaces.map(({ config }) => config['source'])).toEqual(['trigger', 'b.source'])
    expect(edges(ir)).toEqual(
      expect.arrayContaining(['trigger -> b.source', 'b.source -> b1', 'b.source -> b2']),
    )
    expect(edges(ir)).not.toContain('trigger -> b1')
    expect(validateFlow(twice)).toEqual([])
  })

  it('enters an arm at one node: a pass lets several start', () => {
    const join = node('join', {
      input: z.object({ x: Ticket, y: Ticket }),
      output: Ticket,
      run: ({ x }) => x,
    })
    const wide = flow('wide', {
      trigger: manualTicket,
      graph: (t, step) =>
        step.if(
          t,
          '/urgent',
          (v) => step(join, { x: step(same, v, alias('x')), y: step(same, v, alias('y')) }),
          (v) => v,
          alias('w'),
        ),
    })
    const ir = toIr(wide)
    expect(ir.control_surfaces[0]?.targets).toEqual(['w.then.entry', 'w.otherwise'])
    expect(edges(ir)).toEqual(
      expect.arrayContaining(['trigger -> w.then.entry', 'w.then.entry -> x', 'w.then.entry -> y']),
    )
    expect(validateFlow(wide)).toEqual([])
  })

  it('marks streams, and stores of request bodies', () => {
    const watch = node('watch', {
      input: z.object({ id: z.string() }),
      output: streamOf(Ticket),
      async *run() {},
    })
    const upload = flow('upload', {
      trigger: http.put('/files/:id', {
        input: name('Upload', z.object({ id: z.string() })),
        body: blobBody('file', { key: ({ id }: { id: string }) => id, store: 'blob:files' }),
      }),
      graph: (file, step) => step(watch, file),
    })
    const [trigger, streaming] = toIr(upload).nodes
    expect(trigger).toMatchObject({
      uses: [{ resource: 'blob:files', access: 'write' }],
      out_schema: { kind: 'opaque' },
    })
    expect(streaming).toMatchObject({ streaming: true, out_schema: { kind: 'named', name: 'Ticket' } })
  })

  it('does not mind case labels that objects know', () => {
    const Odd = z.object({ kind: z.enum(['__proto__', 'constructor', 'x']) })
    const odd = node('odd', { input: z.unknown(), run: () => 1 })
    const strange = flow('strange', {
      trigger: manual({ input: Odd }),
      graph: (t, step) =>
        step.switch(
          t,
          '/kind',
          { ['__proto__']: (v) => step(odd, v, alias('p')), constructor: (v) => step(odd, v, alias('c')) },
          (v) => step(odd, v, alias('o')),
        ),
    })
    const json = JSON.stringify(toIr(strange).control_surfaces[0]?.config['cases'])
    expect(json).toBe('{"__proto__":"p","constructor":"c"}')
    expect(validateFlow(strange)).toEqual([])
  })
})
