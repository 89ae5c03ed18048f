/** Values become the answers they should. */
import { expect } from 'vitest'
import { type HostGroup, json, problemOf } from './case.ts'

export const answers: HostGroup = {
  name: 'answers',
  cases: [
    ...(
      [
        ['nothing', 204, null, ''],
        ['null', 204, null, ''],
        ['zero', 200, json, '0'],
        ['text', 200, json, '"ä"'],
        ['created', 201, json, '{"a":1}'],
        ['reply', 202, json, '{"b":2}'],
        ['plain', 200, 'text/plain', 'hello'],
        ['empty', 303, null, ''],
      ] as const
    ).map(([path, status, type, body]) => ({
      name: `"${path}" is ${status} ${JSON.stringify(body)}`,
      run: async (ask: (path: string, init?: RequestInit) => Promise<Response>) => {
        const response = await ask(`/${path}`, { redirect: 'manual' })
        expect([response.status, response.headers.get('content-type'), await response.text()]).toEqual([
          status,
          type,
          body,
        ])
      },
    })),
    {
      name: 'reply() replaces headers of the bridge',
      async run(ask) {
        const { headers } = await ask('/reply', { redirect: 'manual' })
        expect([headers.get('location'), headers.get('cache-control')]).toEqual(['/x', 'max-age=1'])
      },
    },
    ...['no-header', 'no-status', 'own-framing'].map((path) => ({
      name: `what no host could send ("${path}") is a 500`,
      run: async (ask: (path: string, init?: RequestInit) => Promise<Response>) => {
        const response = await ask(`/${path}`)
        expect([response.status, await response.json()]).toMatchObject([500, { code: 'INTERNAL' }])
        expect(response.headers.get('set-cookie')).toBeNull()
      },
    })),
    ...['cyclic', 'bigint', 'own-json'].flatMap((what) => [
      {
        name: `an answer that JSON cannot say ("${what}") is a 500 that says nothing`,
        async run(ask: (path: string) => Promise<Response>) {
          const body = await problemOf(ask(`/${what}`), 500, 'INTERNAL')
          expect(body['detail']).toBeUndefined()
        },
      },
      {
        name: `an item that JSON cannot say ("${what}") ends its stream with an error`,
        async run(ask: (path: string, init?: RequestInit) => Promise<Response>) {
          for (const accept of ['text/event-stream', 'application/x-ndjson']) {
            const text = await (await ask(`/unwritable-items?what=${what}`, { headers: { accept } })).text()
            expect(text).toContain('"first"')
            expect(text).toContain('"code":"INTERNAL"')
            expect(text).not.toMatch(/hunter|stack/)
          }
        },
      },
    ]),
    {
      name: 'an answer that is nested deeper than the engine can write is a 500; engines without a limit write it',
      async run(ask) {
        const answer = await ask('/deep')
        const text = await answer.text()
        if (answer.status === 200) expect(text.length).toBe(400_002)
        else expect([answer.status, text.includes('"code":"INTERNAL"')]).toEqual([500, true])
        const items = await (
          await ask('/unwritable-items?what=deep', { headers: { accept: 'application/x-ndjson' } })
        ).text()
        const [first, second = ''] = items.split('\n')
        expect([first, second.length === 400_002 || second.includes('"code":"INTERNAL"')]).toEqual([
          '"first"',
          true,
        ])
      },
    },
    {
      name: 'details that JSON cannot say are left out of a problem',
      async run(ask) {
        const body = await problemOf(ask('/unwritable-details'), 409, 'ODD')
        expect(body['details']).toBeUndefined()
      },
    },
    {
      name: 'every answer has a request id and no-store, and names no nodes',
      async run(ask) {
        const { headers } = await ask('/zero')
        expect(headers.get('x-request-id')).toMatch(/^[\da-f-]{36}$/)
        expect(headers.get('cache-control')).toBe('no-store')
        expect(headers.get('server-timing')).toBeNull()
      },
    },
    {
      name: 'a request id is echoed, one that could be an injection is replaced',
      async run(ask) {
        const given = await ask('/zero', { headers: { 'x-request-id': 'rid:7' } })
        expect(given.headers.get('x-request-id')).toBe('rid:7')
        const odd = await ask('/zero', { headers: { 'x-request-id': 'a b<script>' } })
        expect(odd.headers.get('x-request-id')).toMatch(/^[\da-f-]{36}$/)
      },
    },
    {
      name: 'a valid traceparent is passed on, another is not',
      async run(ask) {
        const traceparent = '00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01'
        expect((await ask('/zero', { headers: { traceparent } })).headers.get('traceparent')).toBe(
          traceparent,
        )
        const bad = await ask('/zero', { headers: { traceparent: '00-zz-1-01' } })
        expect(bad.headers.get('traceparent')).toBeNull()
      },
    },
    {
      name: 'HEAD answers as GET does, without the body',
      async run(ask) {
        const response = await ask('/text', { method: 'HEAD' })
        expect([response.status, response.headers.get('content-type'), await response.text()]).toEqual([
          200,
          json,
          '',
        ])
      },
    },
    {
      name: 'nodes read the request’s metadata, and no credentials',
      async run(ask) {
        const response = await ask('/metadata/1?q=2', {
          headers: { authorization: 'Bearer good', cookie: 'session=1', 'x-request-id': 'rid-1' },
        })
        const metadata = (await response.json()) as Record<string, unknown>
        expect(metadata).toMatchObject({
          'http.method': 'GET',
          'http.path': '/metadata/1',
          'http.route': '/metadata/:id',
          'http.query': 'q=2',
          'http.request_id': 'rid-1',
          'flow.name': 'metadata',
        })
        expect(JSON.stringify(metadata)).not.toMatch(/good|session=1/)
      },
    },
  ],
}
