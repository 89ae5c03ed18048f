/** Streams are server-sent events, or lines of JSON for who prefers them; time and clients end them. */
import { expect } from 'vitest'
import { type Ask, fresh, type HostGroup, problemOf } from './case.ts'

const sse = 'text/event-stream; charset=utf-8'
const ndjson = 'application/x-ndjson; charset=utf-8'

async function probe(ask: Ask, id: string): Promise<unknown> {
  return (await ask(`/probe/${id}`)).json()
}

export const streams: HostGroup = {
  name: 'streams and time',
  cases: [
    {
      name: 'items are events with their names and ids',
      async run(ask) {
        const response = await ask('/events?count=2')
        expect([response.status, response.headers.get('content-type')]).toEqual([200, sse])
        expect(await response.text()).toBe(
          [
            'retry: 3000',
            '',
            'id: a',
            'event: start',
            'data: {"of":2}',
            '',
            'data: {"n":0,"text":"zeile\\nü"}',
            '',
            'data: {"n":1,"text":"zeile\\nü"}',
            '',
            '',
          ].join('\n'),
        )
      },
    },
    {
      name: 'items are lines where Accept prefers them',
      async run(ask) {
        const response = await ask('/events?count=1', { headers: { accept: 'application/x-ndjson' } })
        expect(response.headers.get('content-type')).toBe(ndjson)
        const lines = (await response.text()).trim().split('\n')
        expect(lines.map((line) => JSON.parse(line) as unknown)).toEqual([
          { event: 'start', id: 'a', data: { of: 1 } },
          { n: 0, text: 'zeile\nü' },
        ])
      },
    },
    {
      name: 'many items arrive whole and in order',
      async run(ask) {
        const response = await ask('/events?count=5000', { headers: { accept: 'application/x-ndjson' } })
        const lines = (await response.text()).trim().split('\n').slice(1)
        expect(lines.map((line) => (JSON.parse(line) as { n: number }).n)).toEqual(
          Array.from({ length: 5000 }, (_, n) => n),
        )
      },
    },
    {
      name: 'an error in a stream is its last event',
      async run(ask) {
        const text = await (await ask('/events?count=1&fail=1')).text()
        const [, data] = text.split('event: error\ndata: ')
        expect(data?.endsWith('\n\n')).toBe(true)
        expect(JSON.parse(data ?? '')).toMatchObject({
          type: 'urn:flowport:problem:stopped',
          code: 'STOPPED',
        })
        const lines = await ask('/events?count=1&fail=1', { headers: { accept: 'application/x-ndjson' } })
        expect(JSON.parse((await lines.text()).trim().split('\n').at(-1) ?? '')).toMatchObject({
          error: { code: 'STOPPED' },
        })
      },
    },
    {
      name: 'a stream with a result is JSON, or progress where Accept asks',
      async run(ask) {
        expect(await (await ask('/with-result')).json()).toEqual({ done: true })
        const events = await ask('/with-result', { headers: { accept: 'text/event-stream' } })
        expect(await events.text()).toContain('event: result\ndata: {"done":true}\n\n')
      },
    },
    {
      name: 'HEAD of a stream ends at once',
      async run(ask) {
        const response = await ask('/events?count=1', { method: 'HEAD' })
        expect([response.status, response.headers.get('content-type'), await response.text()]).toEqual([
          200,
          sse,
          '',
        ])
      },
    },
    {
      name: 'the deadline answers 504 though the node does not listen; its signal fires, its work drains',
      async run(ask) {
        const id = fresh()
        await problemOf(ask(`/deaf?id=${id}`), 504, 'TIME015')
        await expect.poll(() => probe(ask, id)).toEqual(['aborted', 'ended'])
      },
    },
    {
      name: 'a healthy request is not cancelled',
      async run(ask) {
        expect(await (await ask('/slow')).json()).toBe('done')
      },
    },
    {
      name: 'a reader who leaves a stream ends it',
      async run(ask) {
        const id = fresh()
        const response = await ask(`/ticks?id=${id}`)
        const reader = response.body?.getReader()
        await reader?.read()
        await reader?.cancel()
        await expect.poll(() => probe(ask, id)).toEqual([expect.stringMatching(/aborted|closed/)])
      },
    },
    {
      name: 'a client that goes away fires the node’s signal, and the run ends',
      async run(ask) {
        const id = fresh()
        const client = new AbortController()
        const headers = { 'content-type': 'application/json' }
        const init = { method: 'POST', headers, body: JSON.stringify({ id }), signal: client.signal }
        const asking = ask('/waits', init).then(
          () => 'answered',
          () => 'gone',
        )
        await expect.poll(() => probe(ask, id)).toEqual(['started'])
        client.abort()
        expect(await asking).toBe('gone')
        await expect.poll(() => probe(ask, id)).toEqual(['started', 'aborted'])
      },
    },
  ],
}
