import { toStandardJsonSchema } from '@valibot/to-json-schema'
import { type } from 'arktype'
import * as v from 'valibot'
import { describe, expect, it } from 'vitest'
import * as z from 'zod'
import { defineApp, type OpenApiInfo } from '../../app.ts'
import { blobBody, multipartBody } from '../../body.ts'
import { blobOutput } from '../../blob-output.ts'
import { type AnyFlow, flow } from '../../flow.ts'
import { node } from '../../node.ts'
import { opaque, type Schema } from '../../schema.ts'
import { http } from '../../trigger.ts'
import { openApi } from './document.ts'

interface Operation {
  readonly parameters: readonly { name: string; schema: unknown }[]
  readonly requestBody?: { content: Record<string, { schema: unknown }> }
  readonly responses: Record<string, { content?: Record<string, { schema: unknown }>; headers?: object }>
}

interface Document {
  readonly info: Record<string, unknown>
  readonly components: Record<string, unknown>
  readonly security?: unknown
  readonly paths: Record<string, Record<string, Operation>>
}

function documentOf(flows: readonly AnyFlow[], openapi: OpenApiInfo = {}): Document {
  const app = defineApp({ name: 'app', flows: [], profiles: {}, openapi })
  const document: unknown = openApi({ ...app, flows })
  return document as Document
}

const operationOf = (of: AnyFlow, openapi?: OpenApiInfo) => {
  const [methods] = Object.values(documentOf([of], openapi).paths)
  return Object.values(methods ?? {})[0] as Operation
}

const text = { type: 'string' }
const date = { type: 'string', format: 'date-time' }

describe('a field that JSON Schema cannot say', () => {
  const schemas: Readonly<Record<string, Schema<unknown>>> = {
    zod: z.object({
      id: z.string(),
      at: z.date(),
      n: z.bigint(),
      m: z.map(z.string(), z.number()),
      c: z.custom(),
    }),
    valibot: toStandardJsonSchema(
      v.object({
        id: v.string(),
        at: v.date(),
        n: v.bigint(),
        m: v.map(v.string(), v.number()),
        c: v.custom(() => true),
      }),
    ),
    arktype: type({ id: 'string', at: 'Date', n: 'bigint', m: 'Map', c: 'unknown' }),
  }

  it.each(Object.entries(schemas))('of %s allows everything, and the others stay', (_library, schema) => {
    const say = node('say', { input: opaque<unknown>(), output: schema, run: () => ({}) })
    const { requestBody, responses } = operationOf(
      flow('f', { trigger: http.post('/f', { input: schema }), graph: (it, step) => step(say, it) }),
    )
    const properties = { id: text, at: date, n: {}, m: {}, c: {} }
    // arktype says that a map is an object.
    const shown = { properties: { ...properties, m: expect.any(Object) } }
    expect(requestBody?.content['application/json']?.schema).toMatchObject(shown)
    expect(responses['200']?.content?.['application/json']?.schema).toMatchObject(shown)
  })

  it('of a query keeps the parameters', () => {
    const input = z.object({ since: z.coerce.date(), words: z.string().transform((it) => it.split(' ')) })
    const { parameters } = operationOf(flow('f', { trigger: http.get('/f', { input }), graph: (it) => it }))
    expect(parameters.map(({ name, schema }) => [name, schema])).toEqual([
      ['since', date],
      ['words', text],
    ])
  })
})

describe('a route that answers with bytes', () => {
  const Name = z.object({ name: z.string() })
  const find = node('find', {
    input: Name,
    output: blobOutput('image/png'),
    uses: { blob: 'read' },
    run: () => expect.fail(),
  })

  it('has ranges, entity tags and conditions', () => {
    const { responses, parameters } = operationOf(
      flow('get', { trigger: http.get('/i/:name', { input: Name }), graph: (it, step) => step(find, it) }),
    )
    const bytes = { 'image/png': { schema: { type: 'string', format: 'binary' } } }
    expect(Object.keys(responses)).toEqual(expect.arrayContaining(['200', '206', '304', '404', '412', '416']))
    expect([responses['200']?.content, responses['206']?.content]).toEqual([bytes, bytes])
    expect(responses['304']?.content).toBeUndefined()
    expect(responses['206']?.headers).toHaveProperty('Content-Range')
    expect(parameters.map(({ name }) => name)).toEqual(['name', 'If-Match', 'If-None-Match', 'Range'])
  })

  it('has none of them where they are the answer to a POST', () => {
    const { responses } = operationOf(
      flow('make', { trigger: http.post('/i', { input: Name }), graph: (it, step) => step(find, it) }),
    )
    expect(Object.keys(responses)).not.toContain('206')
    expect(responses['200']?.content).toHaveProperty('image/png')
  })
})

describe('a body', () => {
  it('of a form has its required fields', () => {
    const input = z.object({ title: z.string(), note: z.string().optional() })
    const body = multipartBody('files', { key: ({ filename }) => filename, maxFiles: 3 })
    const { requestBody } = operationOf(
      flow('f', { trigger: http.post('/f', { input, body }), graph: (it) => it }),
    )
    expect(requestBody?.content['multipart/form-data']?.schema).toMatchObject({
      properties: { title: text, note: text, files: { type: 'array', maxItems: 3 } },
      required: ['title'],
    })
  })

  it('that is stored has a type a client can send', () => {
    const input = z.object({ id: z.string() })
    const body = blobBody('file', { key: ({ id }: { id: string }) => id })
    const { requestBody } = operationOf(
      flow('f', { trigger: http.put('/f/:id', { input, body }), graph: (it) => it }),
    )
    expect(Object.keys(requestBody?.content ?? {})).toEqual(['application/octet-stream', '*/*'])
  })
})

describe('what the app says', () => {
  const ping = flow('ping', { trigger: http.post('/ping', { input: z.object({}) }), graph: (it) => it })

  it('of its licence and its security is in the document', () => {
    const openapi = {
      license: { name: 'MIT', identifier: 'MIT' },
      securitySchemes: { bearer: { type: 'http', scheme: 'bearer' } },
      security: [{ bearer: [] }],
    } as const
    const { info, components, security } = documentOf([ping], openapi)
    expect([info['license'], components['securitySchemes'], security]).toEqual([
      openapi.license,
      openapi.securitySchemes,
      openapi.security,
    ])
    expect(Object.keys(operationOf(ping, openapi).responses)).toEqual(expect.arrayContaining(['401', '403']))
  })

  it('by default is no licence and no security', () => {
    const { info, components, security } = documentOf([ping])
    expect([info['license'], components['securitySchemes'], security]).toEqual([
      undefined,
      undefined,
      undefined,
    ])
  })

  it('of a node without an output is that it may answer with nothing', () => {
    const silent = node('silent', { input: z.object({}), run: () => undefined })
    const { responses } = operationOf(
      flow('f', {
        trigger: http.delete('/f', { input: z.object({}) }),
        graph: (it, step) => step(silent, it),
      }),
    )
    expect(responses['204']).toBeDefined()
    expect(Object.keys(operationOf(ping).responses)).toContain('default')
  })
})
