import type { StandardSchemaV1 } from '@standard-schema/spec'
import { describe, expect, expectTypeOf, it } from 'vitest'
import * as z from 'zod'
import { type Flow, flow } from './flow.ts'
import { node } from './node.ts'
import type { Runtime } from './runtime/runtime.ts'
import { opaque } from './schema.ts'
import { http, type HttpTrigger, manual, queue } from './trigger.ts'
import { validateApp } from './validate/validate-app.ts'

const Note = z.object({ id: z.string(), text: z.string() })
/** The schema's type does not name its fields. */
const hidden = (schema: StandardSchemaV1): StandardSchemaV1 => schema

describe('a path parameter', () => {
  it('that the schema does not have does not compile', () => {
    const check = () => {
      http.get('/notes/:id', { input: Note })
      http.put('/a/:text/b/:id', { input: Note })
      http.get('/notes/:anything', { input: opaque<unknown>() })
      http.get('/notes/:anything', { input: z.record(z.string(), z.string()) })
      http.get('/notes/:b', { input: z.union([z.object({ a: z.string() }), z.object({ b: z.string() })]) })
      http.get('/notes/:id.json', { input: Note })
      http.get('/notes' as string, { input: Note })
      // @ts-expect-error DAG209: there is no noteId
      http.get('/notes/:noteId', { input: Note })
      // @ts-expect-error DAG209: there is no page
      http.post('/notes/:id/:page', { input: Note })
    }
    expect(check).toBeTypeOf('function')
  })

  it.each<[string, string, StandardSchemaV1, readonly string[]]>([
    ['a missing field', '/n/:other/:id', Note, ['other']],
    ['all fields there', '/n/:id', Note, []],
    ['an open object', '/n/:other', z.looseObject({ id: z.string() }), []],
    ['a record', '/n/:other', z.record(z.string(), z.string()), []],
    ['a union with the field', '/n/:id', z.union([Note, z.object({ a: z.string() })]), []],
    [
      'a union without it',
      '/n/:id',
      z.union([z.object({ b: z.string() }), z.object({ a: z.string() })]),
      ['id'],
    ],
    ['an intersection', '/n/:id', z.intersection(z.object({ a: z.string() }), Note), []],
    [
      'a schema without JSON Schema',
      '/n/:other',
      z.object({ id: z.string() }).transform((it) => it),
      ['other'],
    ],
    ['no schema', '/n/:other', opaque<unknown>(), []],
    ['a segment with more than the name', '/n/:id.json', Note, []],
  ])('is checked at run time, too: %s', (_name, path, input, missing) => {
    const trigger: HttpTrigger = http.get(path, { input: hidden(input) })
    const found = validateApp({ flows: [flow('f', { trigger, graph: (it) => it })] })
    expect(
      found.filter(({ code }) => code === 'DAG209').map(({ details }) => details?.['parameter']),
    ).toEqual(missing)
  })
})

describe('invoke', () => {
  const WithDefault = z.object({ id: z.string(), at: z.coerce.date().default(new Date(0)) })
  const take = node('take', { input: z.object({ id: z.string(), at: z.date() }), run: ({ id }) => id })
  const flows = {
    http: flow('h', {
      trigger: http.get('/h/:id', { input: WithDefault }),
      graph: (it, step) => step(take, it),
    }),
    queue: flow('q', { trigger: queue('q', { input: WithDefault }), graph: (it, step) => step(take, it) }),
    manual: flow('m', { trigger: manual({ input: WithDefault }), graph: (it, step) => step(take, it) }),
  }

  it("takes the input of the trigger's schema, not its output", () => {
    const check = ({ invoke }: Runtime) => {
      for (const each of [flows.http, flows.queue, flows.manual])
        expectTypeOf(each).toExtend<Flow<never, unknown, unknown>>()
      void invoke(flows.http, { input: { id: 'a' } })
      void invoke(flows.queue, { input: { id: 'a' } })
      void invoke(flows.manual, { input: { id: 'a', at: '2030-01-01' } })
      // @ts-expect-error id is a text
      void invoke(flows.queue, { input: { id: 1 } })
      // @ts-expect-error id is required
      void invoke(flows.manual, { input: {} })
    }
    expect(check).toBeTypeOf('function')
  })
})
