/** What a host refuses before a flow sees it, and what it takes from a stranger into its answers. */
import { expect } from 'vitest'
import { fresh, type HostGroup, posted, problemOf } from './case.ts'

const form = { method: 'POST', headers: { 'content-type': 'text/plain' }, body: 'x' }

export const doors: HostGroup = {
  name: 'doors',
  cases: [
    {
      name: 'a POST of another site that no preflight precedes is 403',
      async run(ask) {
        for (const type of [
          'text/plain',
          'application/x-www-form-urlencoded',
          'multipart/form-data; boundary=B',
        ]) {
          const headers = { 'content-type': type, 'sec-fetch-site': 'cross-site' }
          await problemOf(ask('/count', { ...form, headers }), 403, 'CROSS_SITE')
        }
        const origin = { 'content-type': 'text/plain', origin: 'https://evil.example' }
        await problemOf(ask('/count', { ...form, headers: origin }), 403, 'CROSS_SITE')
      },
    },
    {
      name: 'a POST of the same site, of a program, or with a preflight is taken',
      async run(ask) {
        for (const more of [{}, { 'sec-fetch-site': 'same-origin' }, { 'sec-fetch-site': 'none' }]) {
          expect((await ask('/count', { ...form, headers: { ...form.headers, ...more } })).status).toBe(200)
        }
        const json = posted({ name: 'a', size: 1 }, 'POST', { 'sec-fetch-site': 'cross-site' })
        expect((await ask('/items', json)).status).toBe(200)
      },
    },
    {
      name: 'a request id is echoed when it is short and safe, else a new one is made',
      async run(ask) {
        const echoed = async (id: string) =>
          (await ask('/zero', { headers: { 'x-request-id': id } })).headers.get('x-request-id')
        const id = fresh()
        expect(await echoed(id)).toBe(id)
        for (const bad of ['x'.repeat(129), 'a b', 'a"b', '<script>'])
          expect(await echoed(bad)).toMatch(/^[\da-f]{8}(?:-[\da-f]{4}){3}-[\da-f]{12}$/)
      },
    },
  ],
}
