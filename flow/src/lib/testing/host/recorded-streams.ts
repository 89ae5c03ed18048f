/** A stream of events goes on for a client that was cut off: from the record, or from the flow when it is not recorded. */
import { expect } from 'vitest'
import { type Ask, fresh, type HostGroup, posted, problemOf } from './case.ts'

interface Wanted {
  readonly size: number
  readonly waitMs?: number
}

/** Sends the same request as often as it is called, as a client that has the events up to an id. */
function streaming(ask: Ask, wanted: Wanted) {
  const id = fresh()
  const send = (lastEventId?: string) =>
    ask(
      '/recorded-events',
      posted({ id, what: 'value', ...wanted }, 'POST', {
        'idempotency-key': id,
        ...(lastEventId === undefined ? {} : { 'last-event-id': lastEventId }),
      }),
    )
  const runs = async () => (await ask(`/runs/${id}`)).json()
  return { send, runs }
}

/** Reads until an event with the id is there, then hangs up. */
async function readUntil(response: Response, id: number): Promise<string> {
  const reader = response.body?.pipeThrough(new TextDecoderStream()).getReader()
  let text = ''
  let end = 0
  while (end < 2) {
    const read = await reader?.read()
    if (read?.value === undefined) throw new Error(`the stream ended before event ${id}: ${text}`)
    text += read.value
    const from = text.indexOf(`id: ${id}\n`)
    if (from >= 0) end = text.indexOf('\n\n', from) + 2
  }
  await reader?.cancel()
  return text.slice(0, end)
}

export const recordedStreams: HostGroup = {
  name: 'streams that go on after Last-Event-ID',
  cases: [
    {
      name: 'a recorded stream of 200 events goes on after each of 50 events, byte for byte',
      async run(ask) {
        const { send, runs } = streaming(ask, { size: 200 })
        const whole = await (await send()).text()
        for (let cut = 2; cut <= 200; cut += 4) {
          const end = whole.indexOf('\n\n', whole.indexOf(`id: ${cut}\n`)) + 2
          const rest = await send(String(cut))
          expect(rest.headers.get('idempotency-replayed')).toBe('true')
          expect(whole.slice(0, end) + (await rest.text())).toBe(whole)
        }
        expect(await runs()).toBe(1)
      },
    },
    {
      name: 'an id that the stream does not have, and an empty one, begin at the beginning',
      async run(ask) {
        const { send } = streaming(ask, { size: 5 })
        const whole = await (await send()).text()
        for (const id of ['6', '', 'x'.repeat(2_000)]) expect(await (await send(id)).text()).toBe(whole)
      },
    },
    {
      name: 'a stream that is still made goes on for a client that comes back, and for others beside it',
      async run(ask) {
        const { send, runs } = streaming(ask, { size: 60, waitMs: 30 })
        const cut = await readUntil(await send(), 5)
        const [rest, other] = await Promise.all([send('5'), send('')])
        expect([rest.status, other.status]).toEqual([200, 200])
        const [text, whole] = await Promise.all([rest.text(), other.text()])
        expect(whole.match(/^id: \d+$/gm)).toEqual(Array.from({ length: 60 }, (_, n) => `id: ${n + 1}`))
        expect(cut + text).toBe(whole)
        expect(await (await send()).text()).toBe(whole)
        expect(await runs()).toBe(1)
      },
    },
    {
      name: 'a client that has the beginning of no stream is told to wait while one is made',
      async run(ask) {
        const { send } = streaming(ask, { size: 20, waitMs: 20 })
        const first = await send()
        await problemOf(send(), 409, 'IDEM_IN_FLIGHT')
        await first.text()
      },
    },
    {
      name: 'a flow that goes on after the last event by itself reads its id, and what it sends is not recorded',
      async run(ask) {
        const { send, runs } = streaming(ask, { size: 5 })
        const part = await (await send('3')).text()
        expect(part.match(/^id: \d+$/gm)).toEqual(['id: 4', 'id: 5'])
        const whole = await (await send()).text()
        expect(whole.match(/^id: \d+$/gm)?.length).toBe(5)
        expect(await runs()).toBe(2)
      },
    },
  ],
}
