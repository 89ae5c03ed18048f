/** A request with an `Idempotency-Key` that is repeated gets the recorded answer, and its flow runs once. */
import { expect } from 'vitest'
import { type Ask, fresh, type HostGroup, posted, problemOf } from './case.ts'

interface Wanted {
  readonly what?: string
  readonly waitMs?: number
  readonly size?: number
}

/** Sends the same request as often as it is called. */
function repeating(ask: Ask, wanted: Wanted, path = '/recorded') {
  const id = fresh()
  const key = fresh()
  const send = () => ask(path, posted({ id, what: 'value', ...wanted }, 'POST', { 'idempotency-key': key }))
  const runs = async () => (await ask(`/runs/${id}`)).json()
  return { send, runs, id, key }
}

const replayed = (response: Response) => response.headers.get('idempotency-replayed')

/** Status and body of the first answer and of a repetition, and how often the flow ran. */
async function twice(ask: Ask, wanted: Wanted, path?: string) {
  const { send, runs } = repeating(ask, wanted, path)
  const first = await send()
  const texts = [await first.text()]
  const second = await send()
  texts.push(await second.text())
  return { first, second, texts, runs: await runs() }
}

export const recorded: HostGroup = {
  name: 'answers to an Idempotency-Key',
  cases: [
    {
      name: 'a repeated request gets the recorded status, headers and body, and does not run again',
      async run(ask) {
        const { first, second, texts, runs } = await twice(ask, { what: 'reply' })
        expect([first.status, replayed(first), texts[0]]).toEqual([201, null, '{"count":1}'])
        expect([second.status, replayed(second), texts[1]]).toEqual([201, 'true', '{"count":1}'])
        for (const name of ['location', 'x-own', 'content-type', 'cache-control', 'idempotency-expires'])
          expect([name, second.headers.get(name)]).toEqual([name, first.headers.get(name)])
        const day = Date.parse(second.headers.get('idempotency-expires') ?? '') - Date.now()
        expect(day / 3_600_000).toBeGreaterThan(23.9)
        expect(day / 3_600_000).toBeLessThan(24.1)
        expect(runs).toBe(1)
      },
    },
    {
      name: 'cookies and the request id are not replayed',
      async run(ask) {
        const { first, second } = await twice(ask, { what: 'reply' })
        expect([first.headers.get('set-cookie'), second.headers.get('set-cookie')]).toEqual(['a=b', null])
        expect(second.headers.get('x-request-id')).not.toBe(first.headers.get('x-request-id'))
      },
    },
    {
      name: 'an empty answer and a text are replayed as they were',
      async run(ask) {
        const nothing = await twice(ask, { what: 'nothing' })
        expect([nothing.second.status, replayed(nothing.second), nothing.texts[1]]).toEqual([204, 'true', ''])
        const text = await twice(ask, { what: 'text', size: 5_000 })
        expect(text.texts).toEqual([`1:${'ü'.repeat(5_000)}`, `1:${'ü'.repeat(5_000)}`])
        expect(text.second.headers.get('content-type')).toBe('text/plain')
      },
    },
    {
      name: 'a problem that a node decided is replayed',
      async run(ask) {
        const { first, second, texts, runs } = await twice(ask, { what: 'problem-409' })
        expect([first.status, second.status, replayed(second)]).toEqual([409, 409, 'true'])
        expect(texts[1]).toBe(texts[0])
        expect(runs).toBe(1)
      },
    },
    ...[
      'problem-401',
      'problem-403',
      'problem-429',
      'problem-503',
      'status-401',
      'status-429',
      'status-500',
      'boom',
    ].map((what) => ({
      name: `an answer that a later try may do better is not recorded: ${what}`,
      async run(ask: Ask) {
        const { first, second, runs } = await twice(ask, { what })
        expect([first.status, replayed(second)]).toEqual([second.status, null])
        expect(first.headers.get('idempotency-recorded')).toBe('false')
        expect(runs).toBe(2)
      },
    })),
    {
      name: 'a key that comes with another payload, or another target, is 422',
      async run(ask) {
        const { send, id, key } = repeating(ask, {})
        await (await send()).text()
        const headers = { 'idempotency-key': key }
        await problemOf(ask('/recorded', posted({ id, what: 'other' }, 'POST', headers)), 422, 'IDEM099')
        await problemOf(ask('/recorded?x=1', posted({ id, what: 'value' }, 'POST', headers)), 422, 'IDEM099')
        expect(replayed(await send())).toBe('true')
      },
    },
    {
      name: 'the same key on another route is another key',
      async run(ask) {
        const { send, id, key } = repeating(ask, {})
        await (await send()).text()
        const other = await ask(`/recorded/${id}?id=${id}`, {
          method: 'DELETE',
          headers: { 'idempotency-key': key },
        })
        expect([await other.json(), replayed(other)]).toEqual([{ count: 2 }, null])
      },
    },
    {
      name: 'a request without a key runs each time where the key is optional, and is 400 where it is required',
      async run(ask) {
        const id = fresh()
        const send = () => ask('/recorded', posted({ id, what: 'value' }))
        expect(await (await send()).json()).toEqual({ count: 1 })
        expect(await (await send()).json()).toEqual({ count: 2 })
        await problemOf(ask(`/recorded/${id}`, { method: 'DELETE' }), 400, 'IDEMPOTENCY_KEY_MISSING')
      },
    },
    {
      name: 'a malformed key is 400',
      async run(ask) {
        const headers = { 'idempotency-key': '"open' }
        await problemOf(
          ask('/recorded', posted({ id: 'x' }, 'POST', headers)),
          400,
          'IDEMPOTENCY_KEY_INVALID',
        )
      },
    },
    {
      name: 'a refusal of the input is not recorded',
      async run(ask) {
        const name = fresh()
        const headers = { 'idempotency-key': name }
        const wrong = () => ask(`/recorded/${name}`, posted({ size: 'x' }, 'PUT', headers))
        await problemOf(wrong(), 422, 'INVALID_INPUT')
        expect(replayed(await wrong())).toBeNull()
        const broken = () => ask(`/recorded/${name}`, posted('{', 'PUT', headers))
        await problemOf(broken(), 400, 'MALFORMED_JSON')
        expect(replayed(await broken())).toBeNull()
        const right = await ask(`/recorded/${name}`, posted({ size: 1 }, 'PUT', headers))
        expect(await right.json()).toEqual({ name, size: 1, count: 1 })
      },
    },
    {
      name: 'a text that is too large for the ledger is replayed byte for byte',
      async run(ask) {
        const { second, texts, runs } = await twice(ask, { what: 'text', size: 150_000 })
        expect(texts[1] === `1:${'ü'.repeat(150_000)}` && texts[0] === texts[1]).toBe(true)
        expect([replayed(second), second.headers.get('content-type'), runs]).toEqual([
          'true',
          'text/plain',
          1,
        ])
      },
    },
    ...[0, 1, 70_000, 3_500_000].map((size) => ({
      name: `a stored object is replayed byte for byte, though it has been removed meanwhile: ${size} bytes`,
      async run(ask: Ask) {
        const { send, runs, id } = repeating(ask, { size }, '/recorded-blobs')
        const first = await send()
        const bytes = new Uint8Array(await first.arrayBuffer())
        expect([bytes.byteLength, replayed(first)]).toEqual([size, null])
        expect(
          (await ask(`/blobs/${encodeURIComponent(`recorded/${id}`)}`, { method: 'DELETE' })).status,
        ).toBe(204)
        const second = await send()
        const again = new Uint8Array(await second.arrayBuffer())
        expect([again.byteLength, again.every((byte, at) => byte === bytes[at])]).toEqual([size, true])
        for (const name of ['content-type', 'content-length', 'etag', 'content-security-policy'])
          expect([name, second.headers.get(name)]).toEqual([name, first.headers.get(name)])
        expect([replayed(second), size === 0 ? 1 : await runs()]).toEqual(['true', 1])
      },
    })),
    {
      name: 'an answer of more than maxRecordedBytes is sent, says that it is not recorded, and runs again',
      async run(ask) {
        const { send, runs } = repeating(ask, { size: 4_000_001 }, '/recorded-blobs')
        for (const count of [1, 2]) {
          const response = await send()
          expect(response.headers.get('idempotency-recorded')).toBe('false')
          expect((await response.arrayBuffer()).byteLength).toBe(4_000_001)
          expect(await runs()).toBe(count)
        }
      },
    },
    {
      name: 'a stream of events is replayed byte for byte',
      async run(ask) {
        const { first, second, texts, runs } = await twice(ask, { size: 200 }, '/recorded-events')
        expect(texts[0]?.split('\n\n').length).toBe(202)
        expect(texts[1]).toBe(texts[0])
        expect([replayed(second), runs]).toEqual(['true', 1])
        expect(second.headers.get('content-type')).toBe(first.headers.get('content-type'))
      },
    },
    {
      name: 'a stream that a node ends with a problem is replayed with it; one that fails is not recorded',
      async run(ask) {
        const stopped = await twice(ask, { size: 2, what: 'stops' }, '/recorded-events')
        expect([stopped.texts[1], stopped.runs]).toEqual([stopped.texts[0], 1])
        expect((await twice(ask, { size: 2, what: 'fails' }, '/recorded-events')).runs).toBe(2)
      },
    },
    {
      name: 'a stream that grows beyond maxRecordedBytes is sent whole, and runs again',
      async run(ask) {
        const { texts, runs } = await twice(ask, { size: 2_000 }, '/recorded-events')
        expect(texts.map((text) => text.split('\n\n').length)).toEqual([2_002, 2_002])
        expect(runs).toBe(2)
      },
    },
    {
      name: 'a run whose answer is recorded goes on when its client leaves',
      async run(ask) {
        const { send, runs, id, key } = repeating(ask, { waitMs: 300 })
        const client = new AbortController()
        const init = posted({ id, what: 'value', waitMs: 300 }, 'POST', { 'idempotency-key': key })
        const asking = ask('/recorded', { ...init, signal: client.signal }).then(
          () => 'answered',
          () => 'gone',
        )
        await expect.poll(runs).toBe(1)
        client.abort()
        expect(await asking).toBe('gone')
        await expect
          .poll(async () => {
            const response = await send()
            return [response.status, replayed(response), await response.json()]
          })
          .toEqual([200, 'true', { count: 1 }])
        expect(await runs()).toBe(1)
      },
    },
    {
      name: 'a recorded stream goes on when its reader leaves, and is replayed whole',
      async run(ask) {
        const { send, runs } = repeating(ask, { size: 40, waitMs: 5 }, '/recorded-events')
        const reader = (await send()).body?.getReader()
        await reader?.read()
        await reader?.cancel()
        let whole = ''
        await expect
          .poll(async () => {
            const response = await send()
            whole = await response.text()
            return [response.status, replayed(response)]
          })
          .toEqual([200, 'true'])
        expect(whole.split('\n\n').length).toBe(42)
        expect(await runs()).toBe(1)
      },
    },
    {
      name: 'of 64 identical requests one runs; the others get its answer, or a 409 that says when to ask again',
      async run(ask) {
        const { send, runs } = repeating(ask, { waitMs: 50 })
        const answers = await Promise.all(
          Array.from({ length: 64 }, async () => {
            const response = await send()
            return { response, body: (await response.json()) as Record<string, unknown> }
          }),
        )
        for (const { response, body } of answers) {
          if (response.status === 200) {
            expect(body).toEqual({ count: 1 })
            continue
          }
          expect([response.status, body['code']]).toEqual([409, 'IDEM_IN_FLIGHT'])
          expect(Number(response.headers.get('retry-after'))).toBeGreaterThan(0)
        }
        expect(answers.filter(({ response }) => response.status === 200).length).toBeGreaterThan(0)
        expect(await runs()).toBe(1)
      },
    },
  ],
}
