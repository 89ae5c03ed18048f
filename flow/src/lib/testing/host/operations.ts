/** What a host serves beside the flows. */
import { expect } from 'vitest'
import { type HostGroup, json } from './case.ts'

export const operations: HostGroup = {
  name: 'operations',
  cases: [
    {
      name: '/healthz answers without looking at anything',
      async run(ask) {
        const response = await ask('/healthz')
        expect([response.status, await response.json()]).toEqual([200, { status: 'ok' }])
      },
    },
    {
      name: '/readyz asks every resource',
      async run(ask) {
        const response = await ask('/readyz')
        expect([response.status, await response.json()]).toMatchObject([
          200,
          { status: 'ready', resources: { blob: 'ok' } },
        ])
      },
    },
    {
      name: '/openapi.json describes the routes',
      async run(ask) {
        const response = await ask('/openapi.json')
        expect(response.headers.get('content-type')).toBe(json)
        expect(await response.json()).toMatchObject({
          openapi: '3.1.0',
          info: { title: 'host-conformance', version: '1.2.3' },
          paths: { '/items/{name}': { put: {}, get: {} } },
        })
      },
    },
    {
      name: 'GET / lists flows and bindings, for programs and for people',
      async run(ask) {
        const overview = await ask('/')
        expect(await overview.json()).toMatchObject({
          name: 'host-conformance',
          flows: expect.arrayContaining([expect.objectContaining({ method: 'GET', path: '/zero' })]),
          bindings: expect.arrayContaining([expect.objectContaining({ name: 'blob' })]),
        })
        const page = await ask('/', { headers: { accept: 'text/html' } })
        expect(page.headers.get('content-type')).toBe('text/html; charset=utf-8')
        expect(await page.text()).toContain('<code>/zero</code>')
      },
    },
  ],
}
