/** Callers that use the same keys never get each other's answers, on either host. */
import fc from 'fast-check'
import { expect, it } from 'vitest'
import { describePairs } from './support/recorded-pairs.ts'
import { ask } from './support/recorded-requests.ts'

await describePairs((pair) => {
  it('two callers never get each other’s answers, regardless of their keys', async () => {
    const caller = fc.constantFrom(undefined, 'ada', 'bob', 'anonymous', 'null', 'ada"', 'ada\\')
    const request = fc.record({
      caller,
      key: fc.constantFrom('1', '2', 'ada', 'null'),
      id: fc.constantFrom('x', 'y'),
      host: fc.constantFrom(0, 1),
    })
    let round = 0
    const property = fc.asyncProperty(fc.array(request, { minLength: 2, maxLength: 8 }), async (requests) => {
      round++
      const owners = new Map<string, string>()
      const answers = await Promise.all(
        requests.map(async ({ caller, key, id, host }) => {
          const response = await ask(
            pair().urls[host === 0 ? 0 : 1],
            '/who',
            { key: `${round}-${key}`, caller },
            id,
          )
          return {
            caller,
            id,
            status: response.status,
            body: (await response.json()) as Record<string, unknown>,
          }
        }),
      )
      for (const { caller, id, status, body } of answers) {
        expect([200, 409, 422]).toContain(status)
        if (status !== 200) continue
        expect([body['caller'], body['id']]).toEqual([caller ?? null, id])
        const run = String(body['run'])
        expect(owners.get(run) ?? String(caller)).toBe(String(caller))
        owners.set(run, String(caller))
      }
      // Each caller gets its own answer again from the other host.
      for (const [at, { caller, key, id, host }] of requests.entries()) {
        const wanted = { key: `${round}-${key}`, caller }
        const response = await ask(pair().urls[host === 0 ? 1 : 0], '/who', wanted, id)
        const body = (await response.json()) as Record<string, unknown>
        if (response.status === 422) expect(answers[at]?.status).not.toBe(200)
        else expect([response.status, body['caller'], body['id']]).toEqual([200, caller ?? null, id])
        if (answers[at]?.status === 200) expect(body['run']).toBe(answers[at]?.body['run'])
      }
    })
    await fc.assert(property, { numRuns: 40 })
  })

  it('two callers never get each other’s node results, and a key runs once for both', async () => {
    const request = fc.record({
      caller: fc.constantFrom(undefined, 'ada', 'bob', 'anonymous', 'null', 'ada"', 'ada\\'),
      id: fc.constantFrom('x', 'y'),
      host: fc.constantFrom(0, 1),
    })
    let round = 0
    const property = fc.asyncProperty(fc.array(request, { minLength: 2, maxLength: 8 }), async (requests) => {
      round++
      const runs = new Map<string, unknown>()
      const send = async ({ caller, id, host }: (typeof requests)[number], isOther: boolean) => {
        const url = pair().urls[(host === 0) === isOther ? 1 : 0]
        const key = `own-${round}-${id}`
        const response = await ask(url, '/own', { key, caller })
        const body = (await response.json()) as Record<string, unknown>
        if (response.status !== 200) {
          expect(['IDEM_TAKEN', 'IDEM_IN_FLIGHT']).toContain(body['code'])
          return body['code']
        }
        // An anonymous caller's result is available to every caller.
        expect(body['id']).toBe(key)
        expect([caller ?? null, null]).toContain(body['caller'])
        expect(runs.get(key) ?? body['run']).toBe(body['run'])
        runs.set(key, body['run'])
        return 200
      }
      const answers = await Promise.all(requests.map((request) => send(request, false)))
      // Each caller gets the same answer again from the other host.
      for (const [n, request] of requests.entries()) {
        const again = await send(request, true)
        if (answers[n] !== 'IDEM_IN_FLIGHT') expect(again).toBe(answers[n])
      }
    })
    await fc.assert(property, { numRuns: 40 })
  })
})
