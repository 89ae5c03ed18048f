/**
 * Kills a process while it records event streams. Another process over the same stores then answers the repeated requests,
 * either from the record or with a new run that does not charge again.
 */
import { serveWorkerd } from '@flowport/host-workers/testing'
import { startRadosgw, withoutRadosgw } from '@flowport/presets/test/radosgw'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { type Control, startControl, type Step } from './crash/control.ts'
import { eventCount } from './crash/feed/app.ts'
import { controlHeader, recordId } from './crash/steps.ts'
import { newBucket } from './crash/stores/bucket.ts'
import { type ServerProcess, startServerProcess } from './crash/stores/server-process.ts'

const bucketServer = await startRadosgw()
const feed = join(import.meta.dirname, 'crash/feed')

interface Pair {
  readonly killed: ServerProcess
  readonly other: ServerProcess
  remove(): void
}

const fastify = (vars: Readonly<Record<string, string>>) => startServerProcess(join(feed, 'server.ts'), vars)

async function workerd(vars: Readonly<Record<string, string>>): Promise<ServerProcess> {
  const running = await serveWorkerd(join(feed, 'worker.ts'), {
    vars: { ...vars, LOG_LEVEL: 'error' },
    reachesLoopback: true,
  })
  return { url: running.url, kill: () => running.close('SIGKILL') }
}

async function overFiles(): Promise<Pair> {
  const root = mkdtempSync(join(tmpdir(), 'flowport-feed-'))
  const vars = { FEED_FOLDER: root }
  const [killed, other] = [await fastify(vars), await fastify(vars)]
  return { killed, other, remove: () => rmSync(root, { recursive: true, force: true }) }
}

async function overBucket(bucket: string, kill: typeof fastify, answer: typeof fastify): Promise<Pair> {
  if (bucketServer === null) throw new Error(withoutRadosgw)
  const vars = await newBucket(bucketServer, bucket)
  return { killed: await kill(vars), other: await answer(vars), remove: () => undefined }
}

/** Points at which the process is killed, each with a separate request. */
const points: readonly Step[] = [
  'begin after',
  'charge before',
  'charge after',
  'complete before',
  'complete after',
  'event 1 before',
  'event 2 before',
  'event 31 before',
  `event ${eventCount} before`,
]
/** Points in completing the record, when the whole stream has been sent. */
const recordPoints: readonly Step[] = ['complete before', 'complete after']

interface Asked {
  readonly id: string
  readonly point: string
  /** Whether the record was complete when the process was killed. */
  readonly isRecorded: boolean
  /** The text that the client has received. */
  text: string
  readonly ended: Promise<void>
}

class Clients {
  readonly #control: Control
  #ids = 0

  constructor(control: Control) {
    this.#control = control
  }

  send(url: string, id: string, lastEventId?: string): Promise<Response> {
    return fetch(`${url}/feed`, {
      method: 'POST',
      headers: {
        'content-type': 'application/json',
        'idempotency-key': id,
        [controlHeader]: this.#control.url,
        ...(lastEventId === undefined ? {} : { 'last-event-id': lastEventId }),
      },
      body: JSON.stringify({ id }),
    })
  }

  /** Sends a request. Resolves when the request is held at its point. */
  async askUntil(url: string, step: Step, isOfRecord = false): Promise<Asked> {
    const id = `crash-${++this.#ids}`
    const reached = this.#control.holdAt(isOfRecord ? recordId : id, step)
    const asked: Asked = {
      id,
      point: isOfRecord ? `${step} of the record` : step,
      isRecorded: isOfRecord && step === 'complete after',
      text: '',
      ended: this.#read(url, id, (text) => (asked.text += text)),
    }
    await reached
    return asked
  }

  /** Passes received text to `got` until the stream ends or breaks. */
  async #read(url: string, id: string, got: (text: string) => void, lastEventId?: string): Promise<void> {
    try {
      const { body } = await this.send(url, id, lastEventId)
      const reader = body?.pipeThrough(new TextDecoderStream()).getReader()
      for (let read = await reader?.read(); read?.value !== undefined; read = await reader?.read())
        got(read.value)
    } catch {
      // The process was killed.
    }
  }

  /** Follows a stream that is still being recorded, through the other process. */
  follow(url: string, id: string, lastEventId: string) {
    const followed = { text: '', ended: Promise.resolve() }
    followed.ended = this.#read(url, id, (text) => (followed.text += text), lastEventId)
    return followed
  }
}

/** Parses the events in a text: their ids, runs and charges. */
function eventsIn(text: string) {
  const data = [...text.matchAll(/^data: (.*)$/gm)].map(
    ([, json = '']) => JSON.parse(json) as { readonly run: string; readonly chargeId: string },
  )
  return {
    ids: [...text.matchAll(/^id: (\d+)$/gm)].map(([, id]) => Number(id)),
    runs: [...new Set(data.map(({ run }) => run))],
    charges: [...new Set(data.map(({ chargeId }) => chargeId))],
  }
}

/** Returns the text after the event with this id. */
function after(text: string, id: number): string {
  return text.slice(text.indexOf('\n\n', text.indexOf(`\nid: ${id}\n`)) + 2)
}

/** Cuts off the incomplete event at the end. */
const whole = (text: string) => text.slice(0, text.lastIndexOf('\n\n') + 2)

/** The lease of a recorded answer, and the tolerance for the stores' clocks, in milliseconds. */
const [recordLeaseMs, graceMs] = [30_000, 2_000]

const all = Array.from({ length: eventCount }, (_, n) => n + 1)

async function killWhileRecording({ killed, other }: Pair, control: Control): Promise<void> {
  const clients = new Clients(control)
  const asked: Asked[] = await Promise.all(points.map((point) => clients.askUntil(killed.url, point)))
  for (const point of recordPoints) asked.push(await clients.askUntil(killed.url, point, true))
  const cut = asked.find(({ point }) => point === 'event 31 before')
  const followed = clients.follow(other.url, cut?.id ?? '', '5')
  await expect.poll(() => eventsIn(followed.text).ids.length).toBeGreaterThan(0)
  await killed.kill()
  const freeAt = Date.now() + recordLeaseMs + graceMs
  await Promise.all(asked.map(({ ended }) => ended))

  await Promise.all(
    asked.map(async ({ id, point, isRecorded, text }) => {
      // The key is free when the record's lease has ended.
      let response: Response | undefined
      const isAnswered = async () => {
        const sentAt = Date.now()
        response = await clients.send(other.url, id)
        if (response.status !== 409) return true
        expect(sentAt, `${point}: in flight past its lease`).toBeLessThan(freeAt)
        expect(((await response.json()) as { readonly code: string }).code).toBe('IDEM_IN_FLIGHT')
        return false
      }
      await expect.poll(isAnswered, { timeout: 60_000, interval: 1_000 }).toBe(true)
      const answer = (await response?.text()) ?? ''
      const isReplayed = response?.headers.get('idempotency-replayed') === 'true'
      const { ids, runs, charges } = eventsIn(answer)
      expect([point, ids, runs.length], point).toEqual([point, all, 1])
      // The answer names the only charge.
      expect(control.charges(id), point).toEqual(charges)
      expect([point, isReplayed]).toEqual([point, isRecorded])
      if (isReplayed) expect(answer).toBe(text)
      // The answer is recorded now.
      const again = await clients.send(other.url, id)
      expect([await again.text(), again.headers.get('idempotency-replayed')]).toEqual([answer, 'true'])
      const rest = await clients.send(other.url, id, '42')
      expect(await rest.text()).toBe(after(answer, 42))
      expect(control.charges(id), point).toEqual(charges)
    }),
  )
  await followed.ended
  expect(followed.text.length).toBeGreaterThan(0)
  expect(after(cut?.text ?? '', 5).startsWith(whole(followed.text))).toBe(true)
}

const pairs = [
  ['Fastify, and Fastify after it, over files', overFiles, false],
  [
    'Fastify, and workerd after it, over a bucket',
    () => overBucket('killed-fastify', fastify, workerd),
    true,
  ],
  [
    'workerd, and Fastify after it, over a bucket',
    () => overBucket('killed-workerd', workerd, fastify),
    true,
  ],
] as const

describe.concurrent('kill -9 in the middle of a recorded stream', () => {
  for (const [name, open, needsBucket] of pairs) {
    const isSkipped = needsBucket && bucketServer === null
    it.skipIf(isSkipped)(
      `${name}${isSkipped ? `: ${withoutRadosgw}` : ''}`,
      { timeout: 180_000 },
      async () => {
        const control = await startControl()
        const pair = await open()
        try {
          await killWhileRecording(pair, control)
        } finally {
          await Promise.all([pair.killed.kill(), pair.other.kill()])
          pair.remove()
          await control.close()
        }
      },
    )
  }
})
