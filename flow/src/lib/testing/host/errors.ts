/** Errors become problems: what the caller can mend is told, everything else stays on the server. */
import type { ErrorKind } from '@flowport/capabilities'
import { expect } from 'vitest'
import { type Ask, type HostGroup, posted, problemOf, problemType } from './case.ts'

const kinds: readonly (readonly [ErrorKind, number])[] = [
  ['NotFound', 404],
  ['AlreadyExists', 409],
  ['ConditionNotMatch', 412],
  ['InvalidInput', 400],
  ['LimitExceeded', 413],
  ['RateLimited', 429],
  ['Unavailable', 503],
  ['Timeout', 504],
  ['Cancelled', 503],
  ['RangeNotSatisfied', 416],
  ['PermissionDenied', 500],
  ['Unauthenticated', 500],
  ['Unsupported', 500],
  ['Corrupt', 500],
  ['Misconfigured', 500],
  ['Unexpected', 500],
]

export const errors: HostGroup = {
  name: 'errors',
  cases: [
    ...kinds.map(([kind, status]) => ({
      name: `a capability’s ${kind} is ${status}`,
      run: async (ask: Ask) => {
        const response = await ask(`/fail?kind=${kind}`)
        const body = (await response.json()) as Record<string, unknown>
        expect([response.status, body['status'], body['instance']]).toEqual([status, status, '/fail'])
        if (status === 500) expect(body['code']).toBe('INTERNAL')
        expect(response.headers.get('retry-after')).toBe([429, 503].includes(status) ? '1' : null)
      },
    })),
    {
      name: 'Retry-After rounds up what the provider said',
      async run(ask) {
        const response = await ask('/fail?kind=RateLimited&retryAfterMs=2500')
        expect([response.status, response.headers.get('retry-after')]).toEqual([429, '3'])
      },
    },
    {
      name: 'what nobody foresaw says nothing',
      async run(ask) {
        const body = await problemOf(ask('/boom', { headers: { 'x-request-id': 'rid-7' } }), 500, 'INTERNAL')
        expect(body).toEqual({
          type: 'urn:flowport:problem:internal',
          title: 'Something went wrong on the server',
          status: 500,
          code: 'INTERNAL',
          instance: '/boom',
          requestId: 'rid-7',
        })
      },
    },
    {
      name: 'a thrown text is a 500',
      run: async (ask) => void (await problemOf(ask('/throws-text'), 500, 'INTERNAL')),
    },
    {
      name: 'an output that breaks its schema is the server’s fault',
      run: async (ask) => void (await problemOf(ask('/broken-output'), 500, 'INTERNAL')),
    },
    {
      name: 'a node’s own problem is shown as it is',
      async run(ask) {
        const response = await ask('/teapot')
        expect([response.status, response.headers.get('x-tea')]).toEqual([418, 'yes'])
        // The flow names another type; a problem is never a page.
        expect(response.headers.get('content-type')).toBe(problemType)
        expect(await response.json()).toMatchObject({ code: 'TEAPOT', details: { spout: true } })
      },
    },
    {
      name: 'a denial keeps its status and headers',
      async run(ask) {
        const response = await ask('/denied')
        expect([response.status, response.headers.get('www-authenticate')]).toEqual([401, 'Bearer'])
      },
    },
    {
      name: 'an unknown path is 404',
      run: async (ask) => void (await problemOf(ask('/no/such/route'), 404, 'NO_SUCH_ROUTE')),
    },
    {
      name: 'a method a path does not have is 405, and Allow says which it has',
      async run(ask) {
        const response = await ask('/items', posted({}, 'DELETE'))
        expect([response.status, response.headers.get('allow')]).toEqual([405, 'POST'])
        const other = await ask('/zero', posted({}))
        expect([other.status, other.headers.get('allow')]).toEqual([405, 'GET, HEAD'])
      },
    },
    {
      name: 'a path that cannot be decoded is 400',
      run: async (ask) => void (await problemOf(ask('/items/%E0%A4%A?size=1'), 400, 'BAD_URL')),
    },
  ],
}
