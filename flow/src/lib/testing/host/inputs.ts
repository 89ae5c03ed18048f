/** Path, query and JSON bodies become one validated message; nothing else reaches a flow. */
import { expect } from 'vitest'
import { type HostGroup, posted, problemOf } from './case.ts'

export const inputs: HostGroup = {
  name: 'inputs',
  cases: [
    {
      name: 'a JSON body is the message',
      async run(ask) {
        expect(await (await ask('/items', posted({ name: 'ä€😀', size: 3 }))).json()).toEqual({
          name: 'ä€😀',
          size: 3,
        })
      },
    },
    {
      name: 'path parameters join the body',
      async run(ask) {
        expect(await (await ask('/items/box', posted({ size: 3 }, 'PUT'))).json()).toEqual({
          name: 'box',
          size: 3,
        })
      },
    },
    {
      name: 'path parameters join the query, each decoded once',
      async run(ask) {
        const response = await ask('/items/a%20b%2Fc%2525?size=%33')
        expect(await response.json()).toEqual({ name: 'a b/c%25', size: 3 })
      },
    },
    {
      name: 'several parameters of one path are told apart',
      async run(ask) {
        expect(await (await ask('/params/x/of/y')).json()).toEqual({ a: 'x', b: 'y' })
      },
    },
    {
      name: 'the same field twice with one value is fine, with two it is 400',
      async run(ask) {
        expect((await ask('/items/box', posted({ name: 'box', size: 3 }, 'PUT'))).status).toBe(200)
        await problemOf(ask('/items/box', posted({ name: 'bag', size: 3 }, 'PUT')), 400, 'FIELD_CONFLICT')
        await problemOf(ask('/items/box?size=1&size=2'), 400, 'FIELD_CONFLICT')
      },
    },
    {
      name: 'a message that does not fit is 422 with a pointer to each field',
      async run(ask) {
        const body = await problemOf(ask('/items', posted({ size: 'x' })), 422, 'INVALID_INPUT')
        expect(body['details']).toEqual({
          issues: [
            { pointer: '/name', message: 'must be text' },
            { pointer: '/size', message: 'must be a whole number' },
          ],
        })
      },
    },
    {
      name: 'text that is not JSON is 400',
      run: async (ask) => void (await problemOf(ask('/items', posted('{"name":')), 400, 'MALFORMED_JSON')),
    },
    {
      name: 'a body that sets a prototype is 400',
      run: async (ask) =>
        void (await problemOf(ask('/items', posted('{"__proto__":{"a":1}}')), 400, 'MALFORMED_JSON')),
    },
    {
      name: 'a body beside path parameters must be an object',
      run: async (ask) =>
        void (await problemOf(ask('/items/box', posted('[1]', 'PUT')), 400, 'BODY_NOT_AN_OBJECT')),
    },
    {
      name: 'a body of another media type is 415',
      async run(ask) {
        const init = {
          method: 'POST',
          headers: { 'content-type': 'text/plain' },
          body: '{"name":"a","size":1}',
        }
        await problemOf(ask('/items', init), 415, 'UNSUPPORTED_MEDIA_TYPE')
      },
    },
    {
      name: 'types that end in +json are JSON',
      async run(ask) {
        const init = posted({ name: 'a', size: 1 }, 'POST', {
          'content-type': 'application/ld+json; charset=utf-8',
        })
        expect((await ask('/items', init)).status).toBe(200)
      },
    },
    {
      name: 'an absent body is an empty message',
      run: async (ask) => void (await problemOf(ask('/items', { method: 'POST' }), 422, 'INVALID_INPUT')),
    },
    {
      name: 'a JSON body over 1 MiB is 413',
      async run(ask) {
        const large = { name: 'x'.repeat(2 * 1024 * 1024), size: 1 }
        await problemOf(ask('/items', posted(large)), 413, 'CAPABILITY_LIMIT_EXCEEDED')
      },
    },
    {
      name: 'an Idempotency-Key is demanded where the route requires it, and read in both its forms',
      async run(ask) {
        const send = (headers: Record<string, string>) => ask('/keyed', { method: 'POST', headers })
        await problemOf(send({}), 400, 'IDEMPOTENCY_KEY_MISSING')
        expect(await (await send({ 'idempotency-key': '"k 1"' })).json()).toBe('k 1')
        expect(await (await send({ 'idempotency-key': 'k-1' })).json()).toBe('k-1')
      },
    },
  ],
}
