import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import * as z from 'zod'
import { flow } from '../flow.ts'
import { toIr } from '../ir/export.ts'
import { node } from '../node.ts'
import { name } from '../schema.ts'
import { http, type HttpTrigger, manual } from '../trigger.ts'
import { nodesByName, validateApp } from './validate-app.ts'
import { validateFlow, validateIr } from './validate.ts'

const Note = z.object({ id: z.string(), urgent: z.boolean() })
const byHand = manual({ input: Note })
const echo = node('echo', { input: Note, output: Note, run: (note) => note })
const save = node('save', {
  input: Note,
  output: Note,
  uses: { kv: 'write' },
  idempotency: { key: '/id', unknown: 'never' },
  run: (note) => note,
})
const now = node('now', { input: Note, output: Note, uses: { clock: 'read' }, run: (note) => note })
const codesOf = (found: readonly { readonly code: string }[]) => found.map(({ code }) => code)
const t = { alias: 'trigger', kind: 'trigger' }
const pure = (alias: string) => ({ alias, kind: 'activity', effects: 'pure' })
const head = { id: 'i', name: 'f', version: '1', profile: 'dev' }

describe('validateIr › malformed IR', () => {
  it('never throws', () => {
    const shaped = fc.record(
      {
        name: fc.oneof(fc.string(), fc.anything()),
        nodes: fc.oneof(
          fc.anything(),
          fc.array(
            fc.oneof(
              fc.anything(),
              fc.record({
                alias: fc.constantFrom('a', 'b', '__proto__'),
                kind: fc.constantFrom('trigger', 'inline', 'x'),
                idempotency: fc.anything(),
                retry: fc.anything(),
                uses: fc.anything(),
              }),
            ),
          ),
        ),
        edges: fc.array(
          fc.oneof(
            fc.anything(),
            fc.record({
              from: fc.constantFrom('a', 'b', 1),
              to: fc.constantFrom('a', 'b', '__proto__'),
              buffer: fc.anything(),
              timeout_ms: fc.anything(),
            }),
          ),
        ),
        control_surfaces: fc.array(
          fc.oneof(
            fc.anything(),
            fc.record({
              kind: fc.constantFrom('if', 'switch', 'partition', 'for_each', 'error_handler', 'window'),
              config: fc.oneof(
                fc.anything(),
                fc.record({
                  v: fc.constant(1),
                  source: fc.constantFrom('a', 3),
                  selector_pointer: fc.constantFrom('/a', 'a'),
                  then: fc.constant('b'),
                  else: fc.anything(),
                  cases: fc.anything(),
                  edge: fc.anything(),
                  scope: fc.anything(),
                }),
              ),
            }),
          ),
        ),
        metadata: fc.anything(),
        policies: fc.anything(),
      },
      { requiredKeys: [] },
    )
    fc.assert(
      fc.property(fc.oneof(fc.anything(), shaped), (value) => {
        expect(validateIr(value)).not.toEqual([])
      }),
    )
  })

  it('says where, and goes on with the rest', () => {
    const found = validateIr({
      ...head,
      nodes: [t, 7, { alias: 'a', kind: 'robot' }],
      edges: [{ from: 'trigger' }],
      control_surfaces: [{ kind: 'maybe' }],
    })
    expect(found.map(({ code, details }) => [code, details?.['pointer']])).toEqual([
      ['DAG202', '/nodes/1'],
      ['DAG202', '/nodes/2/kind'],
      ['DAG202', '/edges/0/to'],
      ['CTRL130', '/control_surfaces/0/kind'],
      ['DAG101', undefined],
    ])
  })

  it('reports numbers that are none as the limits they are', () => {
    const edges = [{ from: 'trigger', to: 'a', timeout_ms: null, buffer: { max_items: 'many' } }]
    expect(codesOf(validateIr({ ...head, nodes: [t, pure('a')], edges }))).toEqual(['CTRL101', 'CTRL102'])
  })

  it('accepts foreign IR that states neither answer nor uses, and names nodes by id', () => {
    const nodes = [
      { ...t, id: 'f::trigger' },
      { ...pure('a'), id: 'f::a' },
    ]
    expect(
      validateIr({ ...head, profile: 'web', nodes, edges: [{ from: 'f::trigger', to: 'f::a' }] }),
    ).toEqual([])
  })

  it('takes a node that says nothing of itself for effectful', () => {
    const nodes = [t, { alias: 'a', kind: 'activity' }]
    expect(codesOf(validateIr({ ...head, nodes, edges: [{ from: 'trigger', to: 'a' }] }))).toEqual(['DAG004'])
  })
})

describe('validateIr › all at once', () => {
  it('collects every finding, each with its place', () => {
    const careless = node('careless', {
      input: Note,
      output: Note,
      effects: 'pure',
      uses: { kv: 'write' },
      run: (note) => note,
    })
    const messy = flow('messy', {
      trigger: byHand,
      graph: (note, step) => {
        step(echo, note, { alias: 'unused' })
        return step(careless, note, { timeout: 0, buffer: { maxItems: 0, spillTier: 'blob' } })
      },
    })
    expect(validateFlow(messy).map(({ code, location }) => [code, location])).toEqual([
      ['DAG208', { flow: 'messy', node: 'unused' }],
      ['EFFECT201', { flow: 'messy', node: 'careless' }],
      ['CTRL101', { flow: 'messy', edge: 'trigger -> careless' }],
      ['CTRL102', { flow: 'messy', edge: 'trigger -> careless' }],
      ['SPILL002', { flow: 'messy', edge: 'trigger -> careless' }],
    ])
  })

  it('survives ten thousand nodes in a row, and in a circle', () => {
    const aliases = Array.from({ length: 10_000 }, (_, at) => `n${at}`)
    const edges = aliases.map((to, at) => ({ from: at === 0 ? 'trigger' : `n${at - 1}`, to }))
    const nodes = [t, ...aliases.map(pure)]
    expect(validateIr({ ...head, nodes, edges })).toEqual([])
    const circle = validateIr({ ...head, nodes, edges: [...edges, { from: 'n9999', to: 'n0' }] })
    expect(codesOf(circle)).toEqual(['DAG200'])
    expect(circle[0]?.details?.['cycle']).toHaveLength(14)
  })

  it('names the steps of every cycle', () => {
    const edges = ['trigger a', 'a b', 'b a', 'b c', 'c c'].map((edge) => ({
      from: edge.split(' ')[0],
      to: edge.split(' ')[1],
    }))
    const found = validateIr({ ...head, nodes: [t, pure('a'), pure('b'), pure('c')], edges })
    expect(found.map(({ details }) => details?.['cycle'])).toEqual([
      ['a', 'b', 'a'],
      ['c', 'c'],
    ])
  })
})

describe('validateFlow › effects', () => {
  it('lets effectful nodes be natural or keyed', () => {
    const put = node('put', {
      input: Note,
      output: Note,
      uses: { kv: 'write' },
      idempotency: 'natural',
      run: (note) => note,
    })
    const fine = flow('fine', { trigger: byHand, graph: (note, step) => step(save, step(put, note)) })
    expect(validateFlow(fine)).toEqual([])
  })

  it('lets claims be weaker than what is used', () => {
    const weak = node('weak', {
      input: Note,
      effects: 'read_only',
      determinism: 'nondeterministic',
      run: () => 1,
    })
    expect(validateFlow(flow('weak', { trigger: byHand, graph: (note, step) => step(weak, note) }))).toEqual(
      [],
    )
  })

  it('holds hints of domains only others have to the same rule', () => {
    const query = {
      ...pure('query'),
      determinism: 'strict',
      effectHints: ['resource::db::write'],
      determinismHints: ['resource::db'],
    }
    const found = validateIr({ ...head, nodes: [t, query], edges: [{ from: 'trigger', to: 'query' }] })
    expect(codesOf(found)).toEqual(['EFFECT201', 'DET302'])
  })
})

describe('validateFlow › the answer', () => {
  const inside = (leaked: boolean) =>
    flow('f', {
      trigger: byHand,
      graph: (note, step) => {
        let taken = note
        const merged = step.if(
          note,
          '/urgent',
          (urgent) => (taken = step(save, urgent)),
          (calm) => calm,
          { alias: 'triage' },
        )
        return leaked ? taken : merged
      },
    })

  it('may be the result of a branch', () => {
    expect(validateFlow(inside(false))).toEqual([])
  })

  it('may not stay inside an arm', () => {
    expect(validateFlow(inside(true))).toMatchObject([
      {
        code: 'DAG204',
        location: { node: 'save' },
        message: expect.stringContaining('only runs when "triage" takes "then"'),
      },
    ])
  })

  it('may not depend on what stays inside an arm', () => {
    const far = flow('far', {
      trigger: byHand,
      graph: (note, step) => {
        let taken = note
        step.if(
          note,
          '/urgent',
          (urgent) => (taken = step(save, urgent)),
          (calm) => calm,
        )
        return step(echo, taken)
      },
    })
    expect(validateFlow(far)).toMatchObject([{ code: 'DAG204', location: { node: 'echo' } }])
  })

  it('does not need the effects beside it', () => {
    const beside = flow('beside', {
      trigger: byHand,
      graph: (note, step) => {
        step.if(
          note,
          '/urgent',
          (urgent) => step(save, step(echo, urgent)),
          (calm) => calm,
        )
        return note
      },
    })
    expect(validateFlow(beside)).toEqual([])
  })

  it('is missed when a switch has no default', () => {
    const nodes = [t, pure('x'), pure('y')]
    const edges = [
      { from: 'trigger', to: 'x' },
      { from: 'x', to: 'y' },
    ]
    const config = { v: 1, source: 'trigger', selector_pointer: '/k', cases: { a: 'x' } }
    const control_surfaces = [{ id: 's', kind: 'switch', targets: ['x'], config }]
    expect(validateIr({ ...head, nodes, edges, control_surfaces })).toMatchObject([
      { code: 'DAG204', location: { node: 'y' } },
    ])
  })

  it('is no stream for a queue, whatever the stream passes through', () => {
    const nodes = [
      t,
      { ...pure('s'), streaming: true },
      { alias: 'm', kind: 'inline', effects: 'pure', identifier: 'flowport::merge' },
    ]
    const edges = [
      { from: 'trigger', to: 's' },
      { from: 's', to: 'm' },
    ]
    const metadata = { answer: 'm' }
    expect(codesOf(validateIr({ ...head, profile: 'queue', nodes, edges, metadata }))).toEqual(['DAG102'])
    expect(codesOf(validateIr({ ...head, profile: 'web', nodes, edges, metadata }))).toEqual([])
  })

  it('must be stated by a web flow with several ends', () => {
    const edges = [
      { from: 'trigger', to: 'x' },
      { from: 'trigger', to: 'y' },
    ]
    expect(codesOf(validateIr({ ...head, profile: 'web', nodes: [t, pure('x'), pure('y')], edges }))).toEqual(
      ['DAG102'],
    )
  })

  it('cannot wait for a node that nothing starts', () => {
    const nodes = [t, pure('x'), pure('idle')]
    const edges = [
      { from: 'trigger', to: 'x' },
      { from: 'idle', to: 'x' },
    ]
    expect(validateIr({ ...head, profile: 'web', nodes, edges })).toMatchObject([
      { code: 'DAG204', location: { node: 'idle' } },
    ])
  })
})

describe('validateFlow › schemas', () => {
  const A = name('A', z.object({ kind: z.enum(['x', 'y']) }))
  const B = name('B', z.object({ kind: z.enum(['x', 'y']) }))
  const makeA = node('make-a', { input: z.unknown(), output: A, run: () => ({ kind: 'x' as const }) })
  const takeB = node('take-b', { input: B, run: () => 1 })

  it('with two names do not meet, also behind a branch that hands a value on', () => {
    const direct = flow('direct', { trigger: byHand, graph: (note, step) => step(takeB, step(makeA, note)) })
    expect(validateFlow(direct)).toMatchObject([{ code: 'DAG201', location: { edge: 'make-a -> take-b' } }])
    const behind = flow('behind', {
      trigger: byHand,
      graph: (note, step) =>
        step(
          takeB,
          step.if(
            step(makeA, note),
            '' as never,
            (a) => a,
            (a) => a,
          ),
        ),
    })
    expect(validateFlow(behind)).toMatchObject([{ code: 'DAG201', location: { edge: 'if-1 -> take-b' } }])
  })

  it('may narrow in an arm, and differ inside a join', () => {
    const both = node('both', { input: name('Both', z.object({ a: B })), run: () => 1 })
    const narrowed = flow('narrowed', {
      trigger: byHand,
      graph: (note, step) => {
        const a = step(makeA, note)
        return step.switch(a, '/kind', { x: (x) => step(takeB, x) }, () => step(both, { a }))
      },
    })
    expect(validateFlow(narrowed)).toEqual([])
  })
})

describe('validateFlow › keys', () => {
  it('are warned of when they come from the clock, through joins too', () => {
    const join = node('join', {
      input: z.object({ a: Note, b: Note }),
      uses: { kv: 'write' },
      idempotency: { key: '/a/id', unknown: 'never' },
      run: () => 1,
    })
    const graph = (fromClock: boolean) =>
      flow('f', {
        trigger: byHand,
        graph: (note, step) => {
          const at = step(now, note)
          return step(join, fromClock ? { a: at, b: note } : { a: note, b: at })
        },
      })
    expect(validateFlow(graph(true))).toMatchObject([
      { code: 'IDEM025', location: { node: 'join' }, details: { from: 'now' } },
    ])
    expect(validateFlow(graph(false))).toEqual([])
  })

  it('may come from a keyed node, whose result is stored', () => {
    const stamp = node('stamp', {
      input: Note,
      output: Note,
      uses: { rng: 'read', kv: 'write' },
      idempotency: { key: '/id', unknown: 'never' },
      run: (note) => note,
    })
    expect(
      validateFlow(flow('f', { trigger: byHand, graph: (note, step) => step(save, step(stamp, note)) })),
    ).toEqual([])
  })

  it('keep a partitioned path safe', () => {
    const partitioned = flow('f', {
      trigger: byHand,
      graph: (note, step) => step(save, step(echo, note, { partitionKey: '/id' })),
    })
    expect(validateFlow(partitioned)).toEqual([])
  })
})

describe('validateApp', () => {
  const route = (name: string, trigger: HttpTrigger) =>
    flow(name, { trigger: trigger as never, graph: (note) => note })
  const options = { input: Note }

  it('reports both flows of a route, whatever its parameters are called', () => {
    const flows = [
      route('a', http.get('/n/:id/x', options)),
      route('b', http.get('/n/:name/x', { input: z.object({ name: z.string() }) })),
    ]
    expect(validateApp({ flows })).toMatchObject([
      { code: 'DAG103', location: { flow: 'b' }, details: { flows: ['a', 'b'] } },
    ])
  })

  it('lets methods and paths differ', () => {
    const flows = [
      route('a', http.get('/n/:id', options)),
      route('b', http.delete('/n/:id', options)),
      route('c', http.get('/n', options)),
    ]
    expect(validateApp({ flows })).toEqual([])
  })

  it('reports flows of one name', () => {
    const flows = [route('a', http.get('/1', options)), route('a', http.get('/2', options))]
    expect(validateApp({ flows })).toMatchObject([{ code: 'DAG205', location: { flow: 'a' } }])
  })

  it('gives the nodes that imported IR may name', () => {
    const one = flow('one', {
      trigger: byHand,
      graph: (note, step) =>
        step(
          save,
          step.if(
            note,
            '/urgent',
            (n) => step(echo, n),
            (n) => n,
          ),
        ),
    })
    const nodes = nodesByName([one])
    expect([...nodes.keys()].toSorted()).toEqual(['echo', 'save'])
    expect(validateIr(JSON.parse(JSON.stringify(toIr(one))), { nodes })).toEqual([])
  })
})
