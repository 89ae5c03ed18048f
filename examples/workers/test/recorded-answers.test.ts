/** A recorded answer of one host is replayed by another host. */
import { expect, it } from 'vitest'
import { describePairs } from './support/recorded-pairs.ts'
import { ask, readUntil, replayed, upTo } from './support/recorded-requests.ts'

await describePairs((pair) => {
  it.each([
    [0, 1],
    [1, 0],
  ] as const)('10 MiB sent by host %i are replayed byte for byte by host %i', async (first, second) => {
    const wanted = { key: `binary-${first}`, size: 10 * 1024 * 1024 }
    const sent = Buffer.from(await (await ask(pair().urls[first], '/binary', wanted)).arrayBuffer())
    const response = await ask(pair().urls[second], '/binary', wanted)
    const again = Buffer.from(await response.arrayBuffer())
    expect([sent.byteLength, again.equals(sent), replayed(response)]).toEqual([wanted.size, true, 'true'])
  })

  it.each([
    [0, 1],
    [1, 0],
  ] as const)('200 events of host %i, cut at 50 points, resume at host %i', async (first, second) => {
    const wanted = { key: `events-${first}`, size: 200 }
    const whole = await (await ask(pair().urls[first], '/events', wanted)).text()
    expect(whole.match(/^id: \d+$/gm)?.length).toBe(200)
    for (let cut = 1; cut < 200; cut += 4) {
      const rest = await ask(pair().urls[second], '/events', { ...wanted, lastEventId: String(cut) })
      expect(replayed(rest)).toBe('true')
      expect(upTo(whole, cut) + (await rest.text())).toBe(whole)
    }
  })

  it.each([
    [0, 1],
    [1, 0],
  ] as const)('a stream that host %i is still producing resumes at host %i', async (first, second) => {
    const wanted = { key: `live-${first}`, size: 60, waitMs: 40 }
    const cut = await readUntil(await ask(pair().urls[first], '/events', wanted), 7)
    const rest = await ask(pair().urls[second], '/events', { ...wanted, lastEventId: '7' })
    expect(rest.status).toBe(200)
    const text = cut + (await rest.text())
    expect(text.match(/^id: \d+$/gm)).toEqual(Array.from({ length: 60 }, (_, n) => `id: ${n + 1}`))
    const whole = await ask(pair().urls[second], '/events', wanted)
    expect([await whole.text(), replayed(whole)]).toEqual([text, 'true'])
  })

  it('64 identical requests to both hosts get the same answer, or a 409', async () => {
    const wanted = { key: 'storm' }
    const answers = await Promise.all(
      Array.from({ length: 64 }, async (_, n) => {
        const response = await ask(pair().urls[n % 2 === 0 ? 0 : 1], '/who', wanted)
        return { status: response.status, body: (await response.json()) as { run?: string; code?: string } }
      }),
    )
    const runs = answers.filter(({ status }) => status === 200).map(({ body }) => body.run)
    expect(new Set(runs).size).toBe(1)
    for (const { status, body } of answers)
      if (status !== 200) expect([status, body.code]).toEqual([409, 'IDEM_IN_FLIGHT'])
  })
})
