/** A streamed body that comes again with its `Idempotency-Key` is compared, and nothing of it is stored. */
import { expect } from 'vitest'
import { type Ask, fresh, type HostGroup, problemOf } from './case.ts'

const replayed = (response: Response) => response.headers.get('idempotency-replayed')

const bytesOf = (size: number, first = 0) => {
  const bytes = new Uint8Array(size).map((_, at) => (at * 7) & 255)
  if (size > 0) bytes[size - 1] = first
  return bytes
}

/** A form of one file, as a client makes it: with a boundary of its own each time. */
function formOf(content: string, title = 'a'): FormData {
  const form = new FormData()
  form.append('title', title)
  form.append('file', new File([content], 'a.txt', { type: 'text/plain' }))
  return form
}

const isThere = async (ask: Ask, key: string) =>
  (await ask(`/blobs/${encodeURIComponent(key)}`, { method: 'HEAD' })).status === 200
const remove = async (ask: Ask, key: string) => {
  expect((await ask(`/blobs/${encodeURIComponent(key)}`, { method: 'DELETE' })).status).toBe(204)
}

export const recordedUploads: HostGroup = {
  name: 'answers to uploads with an Idempotency-Key',
  cases: [
    {
      name: 'a form that comes again, under another boundary, gets the recorded answer and is not stored again',
      async run(ask) {
        const id = fresh()
        const headers = { 'idempotency-key': id }
        const send = (form: FormData) => ask(`/recorded-forms/${id}`, { method: 'POST', body: form, headers })
        const first = await send(formOf('x'.repeat(300_000)))
        expect(await first.json()).toEqual({ count: 1, sizes: [300_000] })
        await remove(ask, `${id}/a.txt`)
        const again = await send(formOf('x'.repeat(300_000)))
        expect([await again.json(), replayed(again)]).toEqual([{ count: 1, sizes: [300_000] }, 'true'])
        await problemOf(send(formOf('y'.repeat(300_000))), 422, 'IDEM099')
        await problemOf(send(formOf('x'.repeat(300_000), 'b')), 422, 'IDEM099')
        expect(await isThere(ask, `${id}/a.txt`)).toBe(false)
      },
    },
    ...[0, 1, 262_144, 3_000_000].map((size) => ({
      name: `an upload that comes again gets the recorded answer and is not stored again: ${size} bytes`,
      async run(ask: Ask) {
        const id = fresh()
        const headers = { 'idempotency-key': id }
        const send = (body: Uint8Array<ArrayBuffer>) =>
          ask(`/recorded-uploads/${id}`, { method: 'PUT', body, headers })
        expect(await (await send(bytesOf(size))).json()).toEqual({ count: 1, size })
        await remove(ask, `uploads/${id}`)
        const again = await send(bytesOf(size))
        expect([await again.json(), replayed(again)]).toEqual([{ count: 1, size }, 'true'])
        await problemOf(send(bytesOf(size + 1)), 422, 'IDEM099')
        if (size > 0) await problemOf(send(bytesOf(size, 255)), 422, 'IDEM099')
        expect(await isThere(ask, `uploads/${id}`)).toBe(false)
      },
    })),
    {
      name: 'an upload whose key is worked on is 409, and is not stored',
      async run(ask) {
        const id = fresh()
        const send = (body: string) =>
          ask(`/recorded-uploads/${id}?waitMs=400`, {
            method: 'PUT',
            body,
            headers: { 'idempotency-key': id },
          })
        const first = send('first')
        await expect.poll(async () => (await ask(`/runs/${id}`)).json()).toBe(1)
        await problemOf(send('second'), 409, 'IDEM_IN_FLIGHT')
        expect(await (await first).json()).toEqual({ count: 1, size: 5 })
        expect(await (await ask(`/blobs/${encodeURIComponent(`uploads/${id}`)}`)).text()).toBe('first')
      },
    },
    {
      name: 'a stream that the flow reads itself is compared, too',
      async run(ask) {
        const id = fresh()
        const send = (body: Uint8Array<ArrayBuffer>) =>
          ask(`/recorded-count?id=${id}`, { method: 'POST', body, headers: { 'idempotency-key': id } })
        expect(await (await send(bytesOf(500_000))).json()).toEqual({ count: 1, bytes: 500_000 })
        const again = await send(bytesOf(500_000))
        expect([await again.json(), replayed(again)]).toEqual([{ count: 1, bytes: 500_000 }, 'true'])
        await problemOf(send(bytesOf(500_001)), 422, 'IDEM099')
      },
    },
    {
      name: 'an answer whose flow left part of the body unread is not recorded',
      async run(ask) {
        const id = fresh()
        const send = () =>
          ask(`/recorded-count?id=${id}&most=10`, {
            method: 'POST',
            body: bytesOf(1_000_000),
            headers: { 'idempotency-key': id },
          })
        expect(await (await send()).json()).toEqual({ count: 1, bytes: 10 })
        const again = await send()
        expect([await again.json(), replayed(again)]).toEqual([{ count: 2, bytes: 10 }, null])
        expect(again.headers.get('idempotency-recorded')).toBe('false')
      },
    },
  ],
}
