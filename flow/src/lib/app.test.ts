import { definePreset, domains, type KvReader, type Provider } from '@flowport/capabilities'
import { describe, expect, expectTypeOf, it } from 'vitest'
import * as z from 'zod'
import { defineApp } from './app.ts'
import { type BlobRef } from './blob-ref.ts'
import { blobBody, multipartBody } from './body.ts'
import { flow } from './flow.ts'
import { event, node } from './node.ts'
import type { Ref } from './graph/ref.ts'
import { opaque, streamOf } from './schema.ts'
import { http, manual } from './trigger.ts'
import { resourceNames } from './uses.ts'

const Note = z.object({ id: z.string(), text: z.string() })
const Saved = z.object({ id: z.string() })

const peek = node('peek', {
  input: Note,
  output: Note,
  uses: { kv: 'read' },
  async run(note, { kv, signal }) {
    expectTypeOf(kv).toEqualTypeOf<KvReader>()
    expectTypeOf(signal).toEqualTypeOf<AbortSignal>()
    // @ts-expect-error a node that declared 'read' cannot put
    kv.put satisfies unknown
    return note
  },
})

const save = node('save', {
  input: Note,
  output: Saved,
  uses: { kv: { access: 'write', consistency: 'strong' } },
  idempotency: 'natural',
  async run(note, { kv }) {
    await kv.put(note.id, note.text)
    return { id: note.id }
  },
})

node('undeclared', {
  input: Note,
  // @ts-expect-error what is not declared in uses is not handed over
  run: (note, { blob }) => blob ?? note,
})

const both = node('both', {
  input: z.object({ a: Saved, b: Note }),
  run: ({ a, b }) => ({ ...a, text: b.text }),
})

const notes = flow('notes', {
  trigger: http.put('/notes/:id', { input: Note }),
  graph: (note, step) => {
    const seen = step(peek, note)
    return step(both, { a: step(save, seen), b: seen })
  },
})

const info = <C extends 'strong' | 'eventual'>(consistency: C) =>
  ({
    provider: 'test',
    consistency,
    durability: 'durable',
    ttl: 'per_write',
    limits: {
      maxKeyBytes: 512,
      maxValueBytes: 1024,
      maxMetadataBytes: 1024,
      minTtlSeconds: 0,
      maxListKeys: 1000,
      maxBulkKeys: 100,
    },
    features: { list: true, metadata: true, conditional: true, bulk: false },
    extensions: {},
  }) as const

declare const strong: () => Provider<{ kv: ReturnType<typeof info<'strong'>> }>
declare const eventual: () => Provider<{ kv: ReturnType<typeof info<'eventual'>> }>

declare const stores: <D, K, Q>() => Provider<{
  dedupe: { readonly transaction: D }
  kv: { readonly transaction: K }
  'queue:sent': { readonly transaction: Q }
}>
declare const writable: () => Provider<{ blob: { readonly features: { readonly ranges: true } } }>
declare const readable: () => Provider<{
  blob: { readonly features: { readonly ranges: true; readonly write: false } }
}>

describe('types', () => {
  it('follow the value through the graph', () => {
    expectTypeOf(notes['~types']).toExtend<{ output: { id: string; text: string } } | undefined>()
    flow('bad', {
      trigger: manual({ input: Note }),
      // @ts-expect-error save yields { id }, peek wants a whole note
      graph: (note, step) => step(peek, step(save, note)),
    })
  })

  it('refuse a profile that is too weak, or lacks a binding', () => {
    const check = () => {
      defineApp({ flows: [notes], profiles: { local: [strong()] } })
      // @ts-expect-error CAP102: an eventual KV cannot serve a flow that needs a strong one
      defineApp({ flows: [notes], profiles: { local: [strong()], edge: [eventual()] } })
      // @ts-expect-error CAP101: nothing is bound
      defineApp({ flows: [notes], profiles: { none: [] } })
    }
    expect(check).toBeTypeOf('function')
  })

  it('refuse a weak profile also where other flows, or other parts of the flow, need nothing of it', () => {
    const pure = node('pure', { input: Note, output: Note, run: (note) => note })
    const quiet = flow('quiet', { trigger: manual({ input: Note }), graph: (n, step) => step(pure, n) })
    const object = flow('object', {
      trigger: manual({ input: Note }),
      graph: (n, step) => ({ given: n, pure: step(pure, n), saved: step(save, n) }),
    })
    const tuple = flow('tuple', {
      trigger: manual({ input: Note }),
      graph: (n, step) => [step(pure, n), step(save, n)],
    })
    const check = () => {
      defineApp({ flows: [quiet], profiles: { edge: [eventual()] } })
      // @ts-expect-error CAP102: the second flow needs a strong KV
      defineApp({ flows: [quiet, notes], profiles: { edge: [eventual()] } })
      // @ts-expect-error CAP102: one of the joined values does
      defineApp({ flows: [object], profiles: { edge: [eventual()] } })
      // @ts-expect-error CAP102: one of the joined values does
      defineApp({ flows: [tuple], profiles: { edge: [eventual()] } })
      defineApp({ flows: [quiet, object, tuple], profiles: { local: [strong()] } })
    }
    expect(check).toBeTypeOf('function')
  })

  it('refuse a store that only reads under a node that writes', () => {
    const keeping = node('keep', { input: Note, output: Note, uses: { blob: 'write' }, run: (note) => note })
    const peeking = node('keep', { input: Note, output: Note, uses: { blob: 'read' }, run: (note) => note })
    const writes = flow('writes', { trigger: manual({ input: Note }), graph: (n, step) => step(keeping, n) })
    const reads = flow('reads', { trigger: manual({ input: Note }), graph: (n, step) => step(peeking, n) })
    const check = () => {
      defineApp({ flows: [writes, reads], profiles: { local: [writable()] } })
      defineApp({ flows: [reads], profiles: { web: [readable()] } })
      // @ts-expect-error CAP102: what only reads cannot serve a flow that writes
      defineApp({ flows: [writes], profiles: { web: [readable()] } })
    }
    expect(check).toBeTypeOf('function')
  })

  it('refuse stores that cannot be committed together, under a node that must be atomic', () => {
    const uses = { kv: 'write', 'queue:sent': 'publish' } as const
    const must = node('place', {
      input: Note,
      uses,
      idempotency: { key: '/id', atomic: true, partition: ({ id }) => id },
      run: (note, { kv }) => kv.put(note.id, note.text),
    })
    const may = node('place', {
      input: Note,
      output: Saved,
      uses,
      idempotency: { key: '/id', atomic: 'preferred', unknown: 'never' },
      run: ({ id }) => ({ id }),
    })
    const plain = node('plain', {
      input: Note,
      uses,
      idempotency: { key: ({ id }) => id, unknown: ({ input }) => ({ done: input.text }) },
      run: ({ text }) => text,
    })
    const first = flow('first', {
      trigger: manual({ input: Note }),
      graph: (n, step) => ({ b: step(plain, n), a: step(must, n) }),
    })
    const second = flow('second', { trigger: manual({ input: Note }), graph: (n, step) => step(may, n) })
    const third = flow('third', { trigger: manual({ input: Note }), graph: (n, step) => step(plain, n) })
    const check = () => {
      const flows = [first, second, third] as const
      defineApp({ flows, profiles: { one: [stores<'one', 'one', 'one'>()] } })
      // @ts-expect-error EXACT004: the queue is in another database than the ledger
      defineApp({ flows, profiles: { apart: [stores<'one', 'one', 'two'>()] } })
      // @ts-expect-error EXACT004: the ledger states no transaction
      defineApp({ flows: [first], profiles: { none: [stores<undefined, 'one', 'one'>()] } })
      // @ts-expect-error EXACT004: no store states one
      defineApp({ flows: [first], profiles: { none: [stores<undefined, undefined, undefined>()] } })
      // @ts-expect-error CAP101, EXACT004: nothing is bound
      defineApp({ flows: [first], profiles: { nothing: [] } })
      // A node that only prefers the transaction, and one without it, fit them all.
      const others = [second, third] as const
      defineApp({
        flows: others,
        profiles: { apart: [stores<'one', 'one', 'two'>()], none: [stores<undefined, 'one', undefined>()] },
      })
    }
    expect(check).toBeTypeOf('function')
  })

  it('refuse names that no resource, guarantee or field has', () => {
    const input = z.object({ id: z.string(), at: z.object({ key: z.string() }), n: z.number() })
    const run = () => 1
    const check = () => {
      node('fine', { input, uses: { 'kv:a': { access: 'read', features: ['list'], ttl: 'per_write' } }, run })
      // @ts-expect-error there is no kvv
      node('resource', { input, uses: { kvv: { access: 'read' } }, run })
      // @ts-expect-error consistency is meant
      node('guarantee', { input, uses: { kv: { access: 'read', consistancy: 'strong' } }, run })
      // @ts-expect-error a kv delivers nothing
      node('other', { input, uses: { 'kv:a': { access: 'read', delivery: 'at_least_once' } }, run })
      node('key', { input, idempotency: { key: '/id', unknown: 'never' }, run })
      node('deep-key', { input, idempotency: { key: '/at/key', unknown: 'never' }, run })
      node('any-key', {
        input: opaque<Record<string, string>>(),
        idempotency: { key: '/x', unknown: 'never' },
        run,
      })
      node('unknown-key', { input: opaque<unknown>(), idempotency: { key: '/x', unknown: 'never' }, run })
      // @ts-expect-error the input has no idd
      node('typo', { input, idempotency: { key: '/idd', unknown: 'never' }, run })
      // @ts-expect-error a key is text
      node('number', { input, idempotency: { key: '/n', unknown: 'never' }, run })
    }
    expect(check).toThrow(`node "resource": uses "kvv", which is no resource; there are ${resourceNames}`)
  })

  it('name the node, past the compiler too', () => {
    const misspelt: object = { access: 'read', consistancy: 'strong' }
    const uses = { kv: misspelt }
    // @ts-expect-error a use has an access
    expect(() => node('charge', { input: Note, uses, run: () => 1 })).toThrow(
      'node "charge": "consistancy" in the use of "kv" is no guarantee: there are access, features, ',
    )
    const key = () =>
      node('charge', {
        input: opaque<unknown>(),
        idempotency: { key: '/~2', unknown: 'never' },
        run: () => 1,
      })
    expect(key).toThrow('node "charge": "/~2" is not a JSON Pointer: start with "/"')
  })

  it('name every resource in the sentence about one that is unknown', () => {
    expect(resourceNames.split(', ').slice(0, -1).toSorted()).toEqual([...domains].toSorted())
  })

  it('check the pointers and cases of branches', () => {
    const Ticket = z.object({ kind: z.enum(['bug', 'billing', 'other']), urgent: z.boolean() })
    const pass = node('pass', { input: Ticket, run: (ticket) => ({ queue: ticket.kind }) })
    const alert = node('alert', { input: Ticket, run: () => ({ priority: 1 as const }) })
    const routed = flow('tickets', {
      trigger: manual({ input: Ticket }),
      graph: (ticket, step) =>
        step.switch(ticket, '/kind', { bug: (t) => step(pass, t), billing: (t) => step(alert, t) }, (t) =>
          step(pass, t, { alias: 'general' }),
        ),
    })
    expectTypeOf(routed['~types']).toExtend<{ output: { queue: string } | { priority: 1 } } | undefined>()
    flow('no-such-case', {
      trigger: manual({ input: Ticket }),
      graph: (ticket, step) =>
        // @ts-expect-error "bugs" is no value of kind
        step.switch(ticket, '/kind', { bugs: (t: typeof ticket) => step(pass, t) }, (t) => step(alert, t)),
    })
    flow('no-such-field', {
      trigger: manual({ input: Ticket }),
      graph: (ticket, step) =>
        step.if(
          ticket,
          // @ts-expect-error there is no field kinds
          '/kinds',
          (t) => step(pass, t),
          (t) => step(alert, t),
        ),
    })
    flow('not-a-boolean', {
      trigger: manual({ input: Ticket }),
      graph: (ticket, step) =>
        step.if(
          ticket,
          // @ts-expect-error kind is no boolean
          '/kind',
          (t) => step(pass, t),
          (t) => step(alert, t),
        ),
    })
  })

  it('add what the body binding brings to the input', () => {
    flow('files', {
      trigger: http.put('/files/:name', {
        input: z.object({ name: z.string() }),
        body: blobBody('file', { key: ({ name }: { name: string }) => `files/${name}` }),
      }),
      graph: (upload, step) => {
        expectTypeOf(upload).toExtend<Ref<{ name: string; file: BlobRef }, { blob: unknown }>>()
        return step(
          node('describe', {
            input: z.object({ name: z.string(), file: z.custom<BlobRef>() }),
            run: ({ file }) => file,
          }),
          upload,
        )
      },
    })
    http.post('/files', {
      input: z.object({}),
      body: multipartBody('files', { key: (part) => part.filename }),
    })
  })

  it('let a node stream items', () => {
    const watch = node('watch', {
      input: z.object({ site: z.string() }),
      output: streamOf(z.object({ up: z.boolean() })),
      async *run() {
        yield event('snapshot', { up: true })
        yield { up: false }
      },
    })
    const status = flow('status', {
      trigger: http.get('/s/:site', { input: z.object({ site: z.string() }) }),
      graph: (site, step) => step(watch, site),
    })
    expect(status.graph.answer).toBe(1)
  })

  it('name presets and their instances', () => {
    const preset = definePreset({
      name: 'test',
      env: { type: 'object', properties: {} } as never,
      provides: { kv: info('strong') },
      layers: () => [],
      open: () => ({}),
    })
    expectTypeOf(preset({ as: 'sessions' }).provides).toHaveProperty('kv:sessions')
    expectTypeOf(preset().provides.kv.consistency).toEqualTypeOf<'strong'>()
  })
})
