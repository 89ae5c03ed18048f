import { memoryDedupeDriver } from '@flowport/capabilities/memory'
import { createDedupeStore, ResourceBag } from '@flowport/capabilities'
import { describe, expect, it } from 'vitest'
import { defineApp } from './app.ts'
import { flow } from './flow.ts'
import { openApi } from './http/openapi/document.ts'
import { type IdempotencyOption, inlineBytes, recordedAnswers } from './idempotency-option.ts'
import { node } from './node.ts'
import { preflight } from './preflight/preflight.ts'
import { opaque, streamOf } from './schema.ts'
import { http } from './trigger.ts'

const anything = opaque<Record<string, unknown>>()
const answering = (idempotency: IdempotencyOption) =>
  flow('answering', {
    trigger: http.post('/answering', { input: anything, idempotency }),
    graph: (it, step) => step(node('value', { input: anything, run: () => 1 }), it),
  })
const streaming = flow('streaming', {
  trigger: http.get('/streaming', {
    input: anything,
    idempotency: { header: 'optional', store: 'blob:answers' },
  }),
  graph: (it, step) =>
    step(
      node('items', {
        input: anything,
        output: streamOf(opaque<number>()),
        async *run() {
          yield 1
        },
      }),
      it,
    ),
})

describe('the idempotency of a trigger', () => {
  it('is off unless it is asked for', () => {
    expect(http.post('/a', { input: anything }).idempotency).toBeNull()
    expect(recordedAnswers('off')).toBeNull()
  })

  it('keeps answers for a day, of 32 MiB at most, in blob', () => {
    const usual = { ttlMs: 86_400_000, maxRecordedBytes: 32 * 1024 * 1024, store: 'blob' }
    expect(recordedAnswers('required')).toEqual({ header: 'required', ...usual })
    expect(recordedAnswers({ header: 'optional' })).toEqual({ header: 'optional', ...usual })
    expect(recordedAnswers({ header: 'optional', ttl: '1h', maxRecordedBytes: 0, store: 'blob:a' })).toEqual({
      header: 'optional',
      ttlMs: 3_600_000,
      maxRecordedBytes: 0,
      store: 'blob:a',
    })
  })

  it('refuses what means nothing', () => {
    for (const wrong of ['on', 'accepted', { header: 'off' }, { header: 'required', ttl: 0 }, {}])
      expect(() => recordedAnswers(wrong as IdempotencyOption)).toThrow(TypeError)
    expect(() => recordedAnswers({ header: 'required', maxRecordedBytes: -1 })).toThrow(TypeError)
  })

  it('refuses the option of before by its name, so that a key does not stop being required unnoticed', () => {
    const before = { input: anything, idempotencyKey: 'required' }
    expect(() => http.post('/a', before)).toThrow("write idempotency: 'required' | 'optional' | 'off'")
  })

  it('leaves room in the ledger for what JSON escapes and for headers', () => {
    expect([1024 ** 2, 120_000, 8192, 0].map(inlineBytes)).toEqual([65_536, 18_634, 0, 0])
  })
})

describe('an app with recorded answers', () => {
  it('advertises the header and the 409 in OpenAPI where they are on', () => {
    const document = (idempotency: IdempotencyOption) =>
      openApi(defineApp({ name: 'a', flows: [answering(idempotency)], profiles: {} })) as unknown
    const post = (idempotency: IdempotencyOption) =>
      (
        document(idempotency) as {
          paths: Record<string, { post: { parameters: unknown; responses: object } }>
        }
      ).paths['/answering']?.post
    expect(post('required')?.parameters).toMatchObject([
      { name: 'Idempotency-Key', in: 'header', required: true },
    ])
    expect(post('optional')?.parameters).toMatchObject([
      { name: 'Idempotency-Key', in: 'header', required: false },
    ])
    expect(post('off')?.parameters).toEqual([])
    expect(Object.keys(post('optional')?.responses ?? {})).toContain('409')
    expect(Object.keys(post('off')?.responses ?? {})).not.toContain('409')
  })

  it('does not start without a ledger, and streams not without a store', () => {
    const start = (bag: ResourceBag) =>
      preflight([answering('optional'), streaming], bag, { profile: 'local' }).map(
        ({ code, location, details }) => [code, location.flow, details?.['missing'] ?? details?.['store']],
      )
    expect(start(ResourceBag.empty() as ResourceBag)).toEqual([
      ['CAP101', 'answering', ['dedupe']],
      ['CAP101', 'streaming', ['blob:answers', 'dedupe']],
    ])
    const ledger = createDedupeStore(memoryDedupeDriver())
    expect(start(ResourceBag.empty().with('dedupe', ledger) as ResourceBag)).toEqual([
      ['IDEM040', 'answering', 'blob'],
      ['CAP101', 'streaming', ['blob:answers']],
    ])
  })
})
