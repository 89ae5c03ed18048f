/** Clients disconnect in the middle of an answer and get the rest from the other host. */
import { expect, it } from 'vitest'
import { describePairs } from './support/recorded-pairs.ts'
import { ask, inTurns, readBytes, readUntil, replayed, untilAnswered } from './support/recorded-requests.ts'

await describePairs((pair) => {
  it('200 events whose readers disconnect at 50 points resume at the other host while they are produced', {
    timeout: 120_000,
  }, async () => {
    const cuts = Array.from({ length: 50 }, (_, n) => 2 + 4 * n)
    await inTurns(cuts, 10, async (cut, n) => {
      const wanted = { key: `cut-${cut}`, size: 200, waitMs: 2 }
      const [first, second] = n % 2 === 0 ? pair().urls : ([pair().urls[1], pair().urls[0]] as const)
      const begun = await readUntil(await ask(first, '/events', wanted), cut)
      // Until the start of the recording is stored, the other host cannot follow it and answers 409 with `Retry-After`.
      const rest = await untilAnswered(() => ask(second, '/events', { ...wanted, lastEventId: String(cut) }))
      expect(rest.status).toBe(200)
      const text = begun + (await rest.text())
      expect(text.match(/^id: \d+$/gm)).toEqual(Array.from({ length: 200 }, (_, n) => `id: ${n + 1}`))
      for (const url of pair().urls) {
        const whole = await ask(url, '/events', wanted)
        expect([(await whole.text()) === text, replayed(whole)]).toEqual([true, 'true'])
      }
    })
  })

  it('10 MiB whose readers disconnect at 50 points are replayed completely by both hosts', {
    timeout: 180_000,
  }, async () => {
    const size = 10 * 1024 * 1024
    const cuts = Array.from({ length: 50 }, (_, n) => Math.floor(((n + 0.5) * size) / 50))
    await inTurns(cuts, 2, async (cut, n) => {
      const wanted = { key: `bytes-${cut}`, size }
      const [first, second] = n % 2 === 0 ? pair().urls : ([pair().urls[1], pair().urls[0]] as const)
      const begun = await readBytes(await ask(first, '/binary', wanted), cut)
      const whole = await untilAnswered(() => ask(second, '/binary', wanted))
      const bytes = Buffer.from(await whole.arrayBuffer())
      expect([replayed(whole), bytes.byteLength]).toEqual(['true', size])
      expect(bytes.subarray(0, begun.byteLength).equals(begun)).toBe(true)
      // The reader of a replay may disconnect too.
      if (n % 10 > 0) return
      await readBytes(await ask(second, '/binary', wanted), cut)
      const again = await ask(first, '/binary', wanted)
      expect([replayed(again), bytes.equals(Buffer.from(await again.arrayBuffer()))]).toEqual(['true', true])
    })
  })
})
