import { control, type Provider, ResourceBag, type ResourceName } from '@flowport/capabilities'
import { describe, expect, it } from 'vitest'
import * as z from 'zod'
import { blobBody, multipartBody } from '../body.ts'
import { type AnyFlow, flow } from '../flow.ts'
import { type FlowNode, node } from '../node.ts'
import { http, manual } from '../trigger.ts'
import { environmentDiagnostics } from './environment.ts'
import { preflight, preflightProfile } from './preflight.ts'

const Note = z.object({ id: z.string() })
const byHand = manual({ input: Note })
type Info = Readonly<Record<string, unknown>>
const strongKv = {
  provider: 'test',
  consistency: 'strong',
  durability: 'durable',
  ttl: 'per_write',
  features: { list: true },
}
const lagging = { ...strongKv, consistency: 'eventual' }
const atomic = { provider: 'test', reservation: 'atomic', consistency: 'strong', limits: { minTtlMs: 1000 } }

function bagOf(infos: Readonly<Record<string, Info>>, layers: readonly string[] = []): ResourceBag {
  const empty: ResourceBag = ResourceBag.empty() as never
  return Object.entries(infos).reduce((bag, [name, info]) => {
    const seen = {
      domain: 'kv',
      provider: info['provider'],
      info,
      layers,
      view: () => ({}),
      check: async () => {},
      close: async () => {},
    }
    return bag.with(name as ResourceName, { [control]: seen } as never) as never
  }, empty)
}

function providerOf(preset: string, provides: Info, nativeRetry = false): Provider {
  const open = () => Promise.reject(new Error('preflightProfile must not open anything'))
  return { preset, provides, env: {} as never, nativeRetry, bindings: [], hints: [], check: () => null, open }
}

const save = node('save', {
  input: Note,
  output: Note,
  uses: { kv: 'write' },
  idempotency: 'natural',
  run: (note) => note,
})
const read = node('read', { input: Note, output: Note, uses: { kv: 'read' }, run: (note) => note })
const charge = node('charge', {
  input: Note,
  output: Note,
  uses: { kv: 'write' },
  idempotency: { key: '/id', unknown: 'never' },
  run: (note) => note,
})
const needy = node('needy', {
  input: Note,
  output: Note,
  uses: {
    kv: {
      access: 'read',
      consistency: { any_of: ['strong'] },
      ttl: 'per_write',
      features: ['list', 'conditional'],
    },
  },
  run: (note) => note,
})
const one = (target: FlowNode<{ id: string }, unknown, unknown>) =>
  flow('one', { trigger: byHand, graph: (note, step) => step(target, note) })
const start = (of: AnyFlow, infos: Readonly<Record<string, Info>>) =>
  preflight([of], bagOf(infos), { profile: 'local' })

describe('preflight › what is missing', () => {
  it('is one finding per flow: sorted, each name once, with who needs it', () => {
    const photos = node('photos', {
      input: Note,
      output: Note,
      uses: { 'blob:photos': 'read', kv: 'read' },
      run: (note) => note,
    })
    const flows = [flow('two', { trigger: byHand, graph: (note, step) => step(photos, step(charge, note)) })]
    const [found, ...others] = preflight(flows, bagOf({}), { profile: 'edge' })
    expect(others).toEqual([])
    expect(found).toMatchObject({
      code: 'CAP101',
      location: { flow: 'two', profile: 'edge' },
      details: { missing: ['blob:photos', 'dedupe', 'kv'], nodes: ['charge', 'photos'] },
    })
    expect(found?.message).toBe(
      'not bound: blob:photos (needed by "photos"); dedupe (needed by "charge": its idempotency key is kept there); kv (needed by "charge", "photos")',
    )
  })

  it('is found for named instances, which do not fall back to the unnamed one', () => {
    const sessions = node('sessions', {
      input: Note,
      output: Note,
      uses: { 'kv:sessions': 'read' },
      run: (note) => note,
    })
    expect(start(one(sessions), { kv: strongKv })).toMatchObject([
      { code: 'CAP101', location: { node: 'sessions' } },
    ])
  })

  it('includes the store of a request body', () => {
    const body = multipartBody('files', { key: ({ filename }) => filename, store: 'blob:uploads' })
    const upload = flow('upload', {
      trigger: http.post('/f', { input: z.object({}), body }),
      graph: (files) => files,
    })
    expect(start(upload, {})).toMatchObject([
      { code: 'CAP101', details: { missing: ['blob:uploads'], nodes: ['trigger'] } },
    ])
  })

  it('is nothing when all is there', () => {
    expect(start(one(charge), { kv: strongKv, dedupe: atomic })).toEqual([])
  })
})

describe('preflight › what is too weak', () => {
  it('is told field by field, with wanted and offered', () => {
    const found = start(one(needy), { kv: { ...lagging, ttl: 'none' } })
    expect(
      found.map(({ code, details }) => [code, details?.['field'], details?.['wanted'], details?.['offered']]),
    ).toEqual([
      ['CAP102', 'consistency', 'one of strong', 'eventual'],
      ['CAP102', 'ttl', 'per_write', 'none'],
      ['CAP102', 'features.conditional', 'true', 'unknown'],
    ])
    expect(found[0]?.message).toBe('kv: "needy" needs consistency one of strong, test offers eventual')
  })

  it('is what says unknown, or nothing', () => {
    expect(
      start(one(needy), {
        kv: { ...strongKv, features: { list: true, conditional: true }, consistency: 'unknown' },
      }),
    ).toHaveLength(1)
    const untold = ResourceBag.empty().with('kv', {} as never)
    expect(preflight([one(needy)], untold as never, { profile: 'local' })).toHaveLength(4)
  })

  it('is a blob store that only reads, under a node or a body that writes', () => {
    const store = { provider: 'http', features: { ranges: true, write: false } }
    const using = (access: 'read' | 'write') =>
      one(node('using', { input: Note, output: Note, uses: { blob: access }, run: (note) => note }))
    const details = { field: 'features.write', wanted: 'true', offered: 'false', provider: 'http' }
    expect(start(using('read'), { blob: store })).toEqual([])
    expect(start(using('write'), { blob: { ...store, features: { ranges: true } } })).toEqual([])
    expect(start(using('write'), { blob: store })).toMatchObject([{ code: 'CAP102', details }])
    const upload = flow('upload', {
      trigger: http.put('/files/:id', {
        input: Note,
        body: blobBody('file', { key: ({ id }: { id: string }) => id }),
      }),
      graph: (note, step) => step(node('id', { input: Note, run: ({ id }) => ({ id }) }), note),
    })
    expect(start(upload, { blob: store })).toMatchObject([{ code: 'CAP102', details }])
  })

  it('names presets that have it all, among those it is given', () => {
    const features = { list: true, conditional: true }
    const candidates = [
      { preset: 'sqlite', provides: { kv: { ...strongKv, features } } },
      { preset: 'memory', provides: { kv: { ...strongKv, features, durability: 'ephemeral' } } },
      { preset: 'cloudflare-kv', provides: { kv: { ...lagging, features } } },
      { preset: 's3', provides: { blob: {} } },
    ]
    const [found] = preflight([one(needy)], bagOf({ kv: { ...lagging, features } }), {
      profile: 'edge',
      candidates,
    })
    expect(found?.hint).toBe('use a preset that has it (memory, sqlite), or ask for less')
    const [missing] = preflight([one(needy)], bagOf({}), { profile: 'edge', candidates })
    expect(missing?.hint).toContain('such as memory, sqlite')
  })

  it('includes a dedupe store that is not atomic under an idempotency key', () => {
    const found = start(one(charge), { kv: strongKv, dedupe: { ...atomic, reservation: 'best_effort' } })
    expect(found).toMatchObject([
      {
        code: 'CAP102',
        location: { node: 'charge' },
        message: expect.stringContaining('its idempotency key is kept there'),
      },
    ])
  })
})

describe('preflight › stores that lag', () => {
  it('are warned of under a flow that reads what it wrote', () => {
    const loop = flow('loop', { trigger: byHand, graph: (note, step) => step(read, step(save, note)) })
    expect(start(loop, { kv: lagging })).toMatchObject([
      { code: 'KV_EVT001', severity: 'warning', location: { node: 'read' } },
    ])
    expect(start(loop, { kv: { ...lagging, consistency: 'unknown' } })).toHaveLength(1)
    expect(start(loop, { kv: strongKv })).toEqual([])
  })

  it('are fine when reading comes first, or is of another store', () => {
    const first = flow('first', { trigger: byHand, graph: (note, step) => step(save, step(read, note)) })
    expect(start(first, { kv: lagging })).toEqual([])
    const other = node('other', {
      input: Note,
      output: Note,
      uses: { 'kv:other': 'read' },
      run: (note) => note,
    })
    const apart = flow('apart', { trigger: byHand, graph: (note, step) => step(other, step(save, note)) })
    expect(start(apart, { kv: lagging, 'kv:other': lagging })).toEqual([])
  })

  it('are found through branches', () => {
    const Flag = z.object({ id: z.string(), on: z.boolean() })
    const branch = flow('branch', {
      trigger: manual({ input: Flag }),
      graph: (flag, step) =>
        step(
          read,
          step.if(
            flag,
            '/on',
            (on) => step(save, on),
            (off) => off,
          ),
        ),
    })
    expect(start(branch, { kv: lagging })).toMatchObject([{ code: 'KV_EVT001' }])
  })

  it('are warned of under a node that claims to be stable', () => {
    const stable = node('stable', {
      input: Note,
      output: Note,
      determinism: 'stable',
      uses: { blob: 'read' },
      run: (note) => note,
    })
    expect(start(one(stable), { blob: lagging })).toMatchObject([
      { code: 'BLOB_EVT001', message: expect.stringContaining('declared stable') },
    ])
  })

  it('are warned of when a stored body is read back', () => {
    const look = node('look', {
      input: z.object({ file: z.unknown() }),
      uses: { blob: 'read' },
      run: () => 1,
    })
    const upload = flow('upload', {
      trigger: http.put('/f', { input: z.object({}), body: blobBody('file', { key: () => 'k' }) }),
      graph: (file, step) => step(look, file),
    })
    expect(start(upload, { blob: lagging })).toMatchObject([
      { code: 'BLOB_EVT001', location: { node: 'look' } },
    ])
  })
})

describe('preflight › what the runtime does not do', () => {
  const edged = (options: object) =>
    flow('edged', { trigger: byHand, graph: (note, step) => step(save, note, options) })
  const told = (of: AnyFlow) =>
    start(of, { kv: strongKv, dedupe: atomic }).map(({ code, details }) => [code, details?.['control']])

  it('is spilling, and order within a partition', () => {
    expect(told(edged({ buffer: { maxItems: 1, spillTier: 'blob' }, partitionKey: '/id' }))).toEqual([
      ['CTRL901', 'buffer.spillTier'],
      ['CTRL901', 'partitionKey'],
    ])
  })

  it('is not: timeouts, retries, bounds, exactly-once, unordered partitions', () => {
    const options = {
      timeout: '1s',
      retry: { maxAttempts: 2 },
      delivery: 'exactly_once',
      buffer: { maxItems: 2 },
    }
    expect(told(edged({ ...options, ordering: 'unordered', partitionKey: '/id' }))).toEqual([])
  })

  it.each(['edge', 'partition'] as const)('is a timeout of a single edge, and keys by %s', (scope) => {
    const keyed = node('keyed', {
      input: Note,
      uses: { kv: 'write' },
      idempotency: { key: '/id', unknown: 'never', scope },
      run: () => 1,
    })
    const timed = flow('timed', {
      trigger: byHand,
      graph: (note, step) => {
        const last = step(keyed, note)
        step.edge(note, last, { timeout: '1s' })
        return last
      },
    })
    expect(told(timed)).toEqual([
      ['CTRL901', 'idempotency.scope'],
      ['CTRL901', 'timeout'],
    ])
  })
})

describe('preflight › retries', () => {
  const retrying = flow('retrying', {
    trigger: byHand,
    graph: (note, step) => step(save, note, { retry: { maxAttempts: 3 } }),
  })

  it('have one owner', () => {
    expect(start(retrying, { kv: strongKv })).toEqual([])
    expect(
      preflight([one(save)], bagOf({ kv: strongKv }, ['logging', 'retry']), { profile: 'local' }),
    ).toEqual([])
  })

  it('of a layer are taken over by a step that has a retry of its own', () => {
    const bag = bagOf({ kv: strongKv }, ['logging', 'retry'])
    expect(preflight([retrying], bag, { profile: 'local' })).toEqual([])
  })

  it('of a provider itself are two with those of a layer or of a step', () => {
    const bag = bagOf({ kv: strongKv }, ['logging', 'retry'])
    const providers = [providerOf('native', { kv: strongKv }, true)]
    expect(preflight([one(save)], bag, { profile: 'local', providers })).toMatchObject([{ code: 'RETRY010' }])
    expect(preflightProfile([retrying], providers, [], { profile: 'local' })).toMatchObject([
      {
        code: 'RETRY010',
        location: { node: 'save' },
        details: { owners: ['the step "save"', 'native by itself'] },
      },
    ])
  })
})

describe('preflight › limits', () => {
  it('refuses idempotency times the store cannot keep', () => {
    const short = node('short', {
      input: Note,
      uses: { kv: 'write' },
      idempotency: { key: '/id', unknown: 'never', ttl: '1d', lease: 500 },
      run: () => 1,
    })
    expect(start(one(short), { kv: strongKv, dedupe: atomic })).toMatchObject([
      { code: 'TTL001', details: { field: 'lease', least: 1000 } },
    ])
  })

  it('warns of bodies that are declared larger than the store holds', () => {
    const upload = (maxBytes?: number) =>
      flow('upload', {
        trigger: http.put('/f', {
          input: z.object({}),
          body: blobBody('file', { key: () => 'k', ...(maxBytes === undefined ? {} : { maxBytes }) }),
        }),
        graph: (file) => file,
      })
    const blob = { ...strongKv, limits: { maxObjectBytes: 10 } }
    expect(start(upload(11), { blob })).toMatchObject([{ code: 'LIMIT001', severity: 'warning' }])
    expect(start(upload(10), { blob })).toEqual([])
    expect(start(upload(), { blob })).toEqual([])
    const body = multipartBody('files', { key: ({ filename }) => filename })
    const form = flow('form', { trigger: http.post('/f', { input: z.object({}), body }), graph: (it) => it })
    expect(start(form, { blob })).toEqual([])
  })
})

describe('preflightProfile', () => {
  it('finds the same without opening anything', () => {
    const stated = { kv: { ...lagging, ttl: 'none' } }
    const fromProviders = preflightProfile([one(needy), one(charge)], [providerOf('test', stated)], [], {
      profile: 'edge',
    })
    expect(fromProviders).toEqual(preflight([one(needy), one(charge)], bagOf(stated), { profile: 'edge' }))
    expect(fromProviders.map(({ code }) => code)).toEqual(['CAP102', 'CAP102', 'CAP102', 'CAP101'])
  })

  it('takes for bound what the host binds', () => {
    const timed = node('timed', {
      input: Note,
      output: Note,
      uses: { clock: 'read', http: 'read' },
      run: (note) => note,
    })
    expect(preflightProfile([one(timed)], [], ['clock', 'http'], { profile: 'edge' })).toEqual([])
    expect(preflightProfile([one(timed)], [], ['clock'], { profile: 'edge' })).toMatchObject([
      { details: { missing: ['http'] } },
    ])
  })

  it('reports a name that two providers bind', () => {
    const providers = [
      providerOf('memory', { kv: strongKv }),
      providerOf('sqlite', { kv: strongKv, dedupe: atomic }),
    ]
    expect(preflightProfile([], providers, [], { profile: 'local' })).toMatchObject([
      {
        code: 'CAP103',
        message: '"kv" is bound twice, by memory and sqlite',
        location: { flow: '', profile: 'local' },
      },
    ])
  })
})

describe('environmentDiagnostics', () => {
  it('reports every variable once, sorted', () => {
    const found = environmentDiagnostics('s3', [
      { variable: 'S3_REGION', problem: 'is missing' },
      { variable: 'S3_ENDPOINT', problem: 'must be a URL' },
      { variable: 'S3_REGION', problem: 'must not be empty' },
    ])
    expect(found.map(({ code, message }) => [code, message])).toEqual([
      ['CAP103', 'S3_ENDPOINT must be a URL'],
      ['CAP103', 'S3_REGION is missing; must not be empty'],
    ])
  })
})
