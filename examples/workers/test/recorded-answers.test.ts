/** What one host has recorded another one replays: Fastify beside Fastify over files, Fastify beside workerd over a bucket. */
import { createServer } from '@flowport/host-node'
import { serveWorkerd } from '@flowport/host-workers/testing'
import { fs } from '@flowport/presets/fs'
import { s3, s3Dedupe } from '@flowport/presets/s3'
import { sqlite } from '@flowport/presets/sqlite'
import { startRadosgw, withoutRadosgw } from '@flowport/presets/test/radosgw'
import { clientFor, createBucket } from '@flowport/presets/test/s3-bucket'
import fc from 'fast-check'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { hooks, type Providers, recordedApp } from './support/recorded-app.ts'

const store = await startRadosgw()

interface Pair {
  readonly urls: readonly [string, string]
  close(): Promise<void>
}

async function serveFastify(providers: Providers, env: Record<string, string>) {
  const server = await createServer(recordedApp('local', providers), { env, hooks, logLevel: 'silent' })
  return { url: await server.listen({ port: 0, host: '127.0.0.1' }), close: () => server.close() }
}

async function overFiles(): Promise<Pair> {
  const root = mkdtempSync(join(tmpdir(), 'flowport-recorded-'))
  const open = () =>
    serveFastify(
      [sqlite({ path: join(root, 'ledger.sqlite'), only: ['dedupe'] }), fs({ root, only: ['blob'] })],
      {},
    )
  const [a, b] = [await open(), await open()]
  return {
    urls: [a.url, b.url],
    async close() {
      await Promise.all([a.close(), b.close()])
      rmSync(root, { recursive: true, force: true })
    },
  }
}

async function overBucket(): Promise<Pair> {
  if (store === null) throw new Error(withoutRadosgw)
  await createBucket(clientFor(store, 'recorded'))
  const vars = {
    S3_BUCKET: 'recorded',
    S3_REGION: 'us-east-1',
    S3_ENDPOINT: store.endpoint,
    S3_ACCESS_KEY_ID: store.accessKeyId,
    S3_SECRET_ACCESS_KEY: store.secretAccessKey,
    S3_PROVIDER: 'ceph',
  }
  const fastify = await serveFastify([s3(), s3Dedupe()], vars)
  const worker = await serveWorkerd(resolve(import.meta.dirname, 'support/recorded-worker.ts'), {
    vars: { ...vars, LOG_LEVEL: 'error' },
    reachesLoopback: true,
  })
  return {
    urls: [fastify.url, worker.url],
    async close() {
      await Promise.all([fastify.close(), worker.close()])
    },
  }
}

interface Wanted {
  readonly key: string
  readonly caller?: string | undefined
  readonly size?: number
  readonly waitMs?: number
  readonly lastEventId?: string
}

function ask(
  url: string,
  path: string,
  { key, caller, size, waitMs, lastEventId }: Wanted,
  id = key,
): Promise<Response> {
  return fetch(url + path, {
    method: 'POST',
    headers: {
      'content-type': 'application/json',
      'idempotency-key': key,
      ...(caller === undefined ? {} : { 'x-caller': caller }),
      ...(lastEventId === undefined ? {} : { 'last-event-id': lastEventId }),
    },
    body: JSON.stringify({ id, size, waitMs }),
  })
}

const replayed = (response: Response) => response.headers.get('idempotency-replayed')

/** The text up to the end of the event with this id. */
function upTo(text: string, id: number): string {
  return text.slice(0, text.indexOf('\n\n', text.indexOf(`id: ${id}\n`)) + 2)
}

/** Reads until an event with the id is there, then hangs up. */
async function readUntil(response: Response, id: number): Promise<string> {
  const reader = response.body?.pipeThrough(new TextDecoderStream()).getReader()
  let text = ''
  while (!text.includes(`id: ${id}\n`) || upTo(text, id) === '') {
    const read = await reader?.read()
    if (read?.value === undefined) throw new Error(`the stream ended before event ${id}: ${text}`)
    text += read.value
  }
  await reader?.cancel()
  return upTo(text, id)
}

const pairs = [
  ['Fastify beside Fastify over sqlite and fs', overFiles, false],
  ['Fastify beside workerd over S3', overBucket, store === null],
] as const

for (const [name, open, isSkipped] of pairs) {
  describe.skipIf(isSkipped)(`${name}${isSkipped ? `: ${withoutRadosgw}` : ''}`, () => {
    let pair: Pair
    beforeAll(async () => {
      pair = await open()
    })
    afterAll(() => pair.close())

    it.each([
      [0, 1],
      [1, 0],
    ] as const)('10 MiB that host %i has sent host %i replays byte for byte', async (first, second) => {
      const wanted = { key: `binary-${first}`, size: 10 * 1024 * 1024 }
      const sent = Buffer.from(await (await ask(pair.urls[first], '/binary', wanted)).arrayBuffer())
      const response = await ask(pair.urls[second], '/binary', wanted)
      const again = Buffer.from(await response.arrayBuffer())
      expect([sent.byteLength, again.equals(sent), replayed(response)]).toEqual([wanted.size, true, 'true'])
    })

    it.each([
      [0, 1],
      [1, 0],
    ] as const)('200 events of host %i, cut at 50 places, go on at host %i', async (first, second) => {
      const wanted = { key: `events-${first}`, size: 200 }
      const whole = await (await ask(pair.urls[first], '/events', wanted)).text()
      expect(whole.match(/^id: \d+$/gm)?.length).toBe(200)
      for (let cut = 1; cut < 200; cut += 4) {
        const rest = await ask(pair.urls[second], '/events', { ...wanted, lastEventId: String(cut) })
        expect(replayed(rest)).toBe('true')
        expect(upTo(whole, cut) + (await rest.text())).toBe(whole)
      }
    })

    it.each([
      [0, 1],
      [1, 0],
    ] as const)('a stream that host %i still makes goes on at host %i', async (first, second) => {
      const wanted = { key: `live-${first}`, size: 60, waitMs: 40 }
      const cut = await readUntil(await ask(pair.urls[first], '/events', wanted), 7)
      const rest = await ask(pair.urls[second], '/events', { ...wanted, lastEventId: '7' })
      expect(rest.status).toBe(200)
      const text = cut + (await rest.text())
      expect(text.match(/^id: \d+$/gm)).toEqual(Array.from({ length: 60 }, (_, n) => `id: ${n + 1}`))
      const whole = await ask(pair.urls[second], '/events', wanted)
      expect([await whole.text(), replayed(whole)]).toEqual([text, 'true'])
    })

    it('64 identical requests to both hosts have one answer, or a 409', async () => {
      const wanted = { key: 'storm' }
      const answers = await Promise.all(
        Array.from({ length: 64 }, async (_, n) => {
          const response = await ask(pair.urls[n % 2 === 0 ? 0 : 1], '/who', wanted)
          return { status: response.status, body: (await response.json()) as { run?: string; code?: string } }
        }),
      )
      const runs = answers.filter(({ status }) => status === 200).map(({ body }) => body.run)
      expect(new Set(runs).size).toBe(1)
      for (const { status, body } of answers)
        if (status !== 200) expect([status, body.code]).toEqual([409, 'IDEM_IN_FLIGHT'])
    })

    it('two callers never get each other’s answers, whatever keys they choose', async () => {
      const caller = fc.constantFrom(undefined, 'ada', 'bob', 'anonymous', 'null', 'ada"', 'ada\\')
      const request = fc.record({
        caller,
        key: fc.constantFrom('1', '2', 'ada', 'null'),
        id: fc.constantFrom('x', 'y'),
        host: fc.constantFrom(0, 1),
      })
      let round = 0
      const property = fc.asyncProperty(
        fc.array(request, { minLength: 2, maxLength: 8 }),
        async (requests) => {
          round++
          const owners = new Map<string, string>()
          const answers = await Promise.all(
            requests.map(async ({ caller, key, id, host }) => {
              const response = await ask(
                pair.urls[host === 0 ? 0 : 1],
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
          // Each of them gets its own answer again, at the other host.
          for (const [at, { caller, key, id, host }] of requests.entries()) {
            const wanted = { key: `${round}-${key}`, caller }
            const response = await ask(pair.urls[host === 0 ? 1 : 0], '/who', wanted, id)
            const body = (await response.json()) as Record<string, unknown>
            if (response.status === 422) expect(answers[at]?.status).not.toBe(200)
            else expect([response.status, body['caller'], body['id']]).toEqual([200, caller ?? null, id])
            if (answers[at]?.status === 200) expect(body['run']).toBe(answers[at]?.body['run'])
          }
        },
      )
      await fc.assert(property, { numRuns: 40 })
    })
  })
}
