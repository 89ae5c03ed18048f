import { createHash } from 'node:crypto'
import { describe, expect, it } from 'vitest'
import { withoutRadosgw } from '../support/radosgw.ts'
import type { SeenRequest } from '../support/fault-proxy.ts'
import { engines } from './engines.ts'
import { freshBytes, itUnless, startHarness } from './harness.ts'

const harness = await startHarness()
const size = 3 * 1024 * 1024 + 7
const bytes = freshBytes(size)
const other = freshBytes(size)
const plain = { contentType: null, metadata: {} }

const isRead = ({ method }: SeenRequest) => method === 'GET'

if (harness === null) describe.skip('faults while reading', () => it(withoutRadosgw, () => undefined))
else {
  const { proxy, corpus, direct, open } = harness
  const digest = digestOf(bytes)
  await direct.put('kept', bytes, plain)

  describe.each(engines)('faults while reading, engine $name', (engine) => {
    for (const [what, fault] of [
      ['a reset in the middle', { kind: 'reset', direction: 'down', afterBytes: 1_500_000 }],
      ['a reset before the first byte', { kind: 'reset', direction: 'down', afterBytes: 0 }],
      ['an end that is too early', { kind: 'end', afterBytes: 1_500_000 }],
      ['a length that is too large', { kind: 'length', offBy: 1000 }],
    ] as const) {
      it(`goes on after ${what}`, async () => {
        const { blob } = await open(engine)
        proxy.set({ fault, when: isRead, times: 1 })
        const outcome = await readDigest(blob.get('kept')).catch((error: unknown) => {
          corpus.add(error)
          return error
        })
        expect(proxy.applied).toBe(1)
        // A length that is wrong may make an error of it; other bytes it may not.
        if (fault.kind === 'length') expect([digest, 'CapabilityError']).toContain(nameOf(outcome))
        else expect(outcome).toBe(digest)
      })
    }

    it('goes on as long as every connection brings some of it', async () => {
      const { blob } = await open(engine)
      const fault = { kind: 'reset', direction: 'down', afterBytes: 700_000 } as const
      proxy.set({ fault, when: isRead, times: 4 })
      const reading = readDigest(blob.get('kept'))
      if (engine.keepsWhatCame) expect(await reading).toBe(digest)
      else await corpus.failure(reading, 'Unavailable')
      expect(proxy.applied).toBe(4)
    })

    it('gives up when no connection brings any of it, and says so', async () => {
      const { blob } = await open(engine)
      proxy.set({ fault: { kind: 'reset', direction: 'down', afterBytes: 0 }, when: isRead })
      await corpus.failure(readDigest(blob.get('kept')), 'Unavailable', 'Timeout')
      expect(proxy.applied).toBeLessThanOrEqual(40)
    })

    it('never mixes two versions', async () => {
      const { blob } = await open(engine)
      await direct.put('changing', bytes, plain)
      const handle = await blob.get('changing')
      proxy.set({ fault: { kind: 'reset', direction: 'down', afterBytes: 0 }, when: isRead, times: 1 })
      const reader = handle?.stream().getReader()
      const hash = createHash('sha256')
      const first = await reader?.read()
      if (first?.value !== undefined) hash.update(first.value)
      await direct.put('changing', other, plain)
      // Whatever this engine has asked for already is read; what it asks for now is another version.
      proxy.set({ fault: { kind: 'reset', direction: 'down', afterBytes: 100_000 }, when: isRead, times: 1 })
      const rest = (async () => {
        for (let read = await reader?.read(); read?.done === false; read = await reader?.read())
          hash.update(read.value)
        return hash.digest('hex')
      })()
      const outcome = await rest.catch((error: unknown) => {
        corpus.add(error)
        return error
      })
      expect([digest, 'CapabilityError']).toContain(nameOf(outcome))
    })

    it('ends at once when the caller leaves a read that has stalled', async () => {
      const { blob } = await open(engine, { silenceMs: 60_000 })
      const leave = new AbortController()
      proxy.set({ fault: { kind: 'stall', direction: 'down', afterBytes: 1_000_000 }, when: isRead })
      const reading = readDigest(blob.get('kept', { signal: leave.signal }))
      await expect.poll(() => proxy.applied).toBeGreaterThan(0)
      leave.abort(new Error('enough'))
      const start = performance.now()
      await corpus.failure(reading, 'Cancelled')
      expect(performance.now() - start).toBeLessThan(5_000)
    })

    const patient = engine.noticesSilence ? null : 'this engine waits until its caller leaves'
    itUnless(patient, 'goes on after a stall by itself', async () => {
      const { blob } = await open(engine)
      proxy.set({
        fault: { kind: 'stall', direction: 'down', afterBytes: 1_000_000 },
        when: isRead,
        times: 1,
      })
      expect(await readDigest(blob.get('kept'))).toBe(digest)
      expect(proxy.applied).toBe(1)
    })

    it('reads after a storm of errors, having waited as it was asked to', async () => {
      const { blob, clock } = await open(engine)
      const headers = { 'retry-after': '7' }
      proxy.set({ fault: { kind: 'answer', status: 503, headers }, when: isRead, times: 2 })
      expect(await readDigest(blob.get('kept'))).toBe(digest)
      expect(proxy.applied).toBe(2)
      expect(clock.waits.length).toBeGreaterThanOrEqual(2)
    })

    it('reports an object that is gone midway, and one that never was', async () => {
      const { blob } = await open(engine)
      expect(await blob.get('never')).toBeNull()
      expect(await blob.head('never')).toBeNull()
      await direct.put('going', bytes, plain)
      const handle = await blob.get('going')
      await direct.delete('going', {})
      proxy.set({ fault: { kind: 'reset', direction: 'down', afterBytes: 0 }, when: isRead, times: 1 })
      const outcome = await handle?.bytes().then(digestOf, (error: unknown) => {
        corpus.add(error)
        return error
      })
      expect([digest, 'CapabilityError']).toContain(nameOf(outcome))
    })

    it('holds no memory of thirty reads that broke', { timeout: 60_000 }, async () => {
      const { blob } = await open(engine)
      const failing = async () => {
        proxy.set({
          fault: { kind: 'reset', direction: 'down', afterBytes: 500_000 },
          when: isRead,
          times: 1,
        })
        await readDigest(blob.get('kept'))
      }
      for (let i = 0; i < 10; i++) await failing()
      const before = process.memoryUsage.rss()
      for (let i = 0; i < 30; i++) await failing()
      // They read 90 MiB: kept, that would show.
      expect(process.memoryUsage.rss() - before).toBeLessThan(64 * 1024 * 1024)
    })
  })

  corpus.searchForSecrets(engines.length * 3)
}

async function readDigest(get: Promise<{ stream(): ReadableStream<Uint8Array> } | null>): Promise<string> {
  const handle = await get
  if (handle === null) return 'absent'
  const hash = createHash('sha256')
  for await (const chunk of handle.stream()) hash.update(chunk)
  return hash.digest('hex')
}

function digestOf(content: Uint8Array): string {
  return createHash('sha256').update(content).digest('hex')
}

/** The digest of what was read, or the name of the error. */
function nameOf(outcome: unknown): unknown {
  return outcome instanceof Error ? outcome.name : outcome
}
