/** A Worker runs only during requests, so it sweeps after a form and during a schedule. */
import { silentLogger } from '@flowport/capabilities'
import { blobBody, cron, defineApp, flow, http, multipartBody, node, opaque } from '@flowport/flow'
import { createWorker, flowportHono, type WorkerContext } from '@flowport/host-workers'
import { cloudflareR2 } from '@flowport/presets/cloudflare-r2'
import { memory } from '@flowport/presets/memory'
import { cloudflareR2Twin } from '@flowport/presets/testing'
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'

const hour = 3_600_000
const Nothing = opaque<object>()

const flows = [
  flow('upload', {
    trigger: http.post('/upload', {
      input: Nothing,
      body: multipartBody('files', { key: ({ filename }) => filename }),
    }),
    graph: (it, step) => step(node('done', { input: Nothing, run: () => 'done' }), it),
  }),
  flow('upload-body', {
    trigger: http.put('/upload-body', {
      input: Nothing,
      body: blobBody('file', { key: 'by/{file.sha256}' }),
    }),
    graph: (it, step) => step(node('stored', { input: Nothing, run: () => 'stored' }), it),
  }),
  flow('plant', {
    trigger: http.post('/plant', { input: Nothing }),
    graph: (it, step) =>
      step(
        node('plant', {
          input: Nothing,
          uses: { blob: 'write' },
          idempotency: 'natural',
          run: async (_, { blob }) => void (await blob.put('.flowport/uploads/left/0', 'x')),
        }),
        it,
      ),
  }),
  flow('list', {
    trigger: http.get('/list', { input: Nothing }),
    graph: (it, step) =>
      step(
        node('list', {
          input: Nothing,
          uses: { blob: 'read' },
          run: async (_, { blob }) => (await blob.list()).objects.map(({ key }) => key),
        }),
        it,
      ),
  }),
  flow('tick', {
    trigger: cron('0 * * * *'),
    graph: (it, step) => step(node('tick', { input: Nothing, run: () => undefined }), it),
  }),
] as const
const app = defineApp({ flows, profiles: { workers: [memory()], r2: [cloudflareR2({ binding: 'FILES' })] } })

function subject(options: { readonly profile?: 'r2'; readonly sweepUploadsAfterMs?: number | false } = {}) {
  const worker = createWorker(app, { log: silentLogger, ...options })
  const env = { FILES: cloudflareR2Twin() }
  const work: Promise<unknown>[] = []
  const context: WorkerContext = {
    waitUntil: (more) => void work.push(more),
    passThroughOnException: () => undefined,
  }
  const ask = async (path: string, init?: RequestInit) => {
    const response = await worker.fetch(new Request(`http://localhost${path}`, init), env, context)
    await Promise.all(work.splice(0))
    return response
  }
  return {
    plant: () => ask('/plant', { method: 'POST' }),
    keys: async () => (await ask('/list')).json(),
    sendForm() {
      const body = new FormData()
      body.append('f', new Blob(['x']), 'sent')
      return ask('/upload', { method: 'POST', body })
    },
    sendBody: () => ask('/upload-body', { method: 'PUT', body: 'x' }),
    async schedule() {
      await worker.scheduled({ cron: '0 * * * *', scheduledTime: Date.now() }, env, context)
      await Promise.all(work.splice(0))
    },
  }
}

beforeEach(() => {
  vi.useFakeTimers({ toFake: ['Date'] })
})
afterEach(() => {
  vi.useRealTimers()
})

const later = (ms: number) => vi.setSystemTime(Date.now() + ms)

describe('a Worker deletes files of unfinished forms', () => {
  it('after a form, at most hourly', async () => {
    const { plant, keys, sendForm } = subject()
    await sendForm()
    await plant()
    later(25 * hour)
    await sendForm()
    expect(await keys()).toEqual(['sent'])
    await plant()
    later(hour / 2)
    await sendForm()
    expect(await keys()).toEqual(['.flowport/uploads/left/0', 'sent'])
  })

  it('after a body whose key is derived from its content', async () => {
    const { plant, keys, sendBody } = subject()
    await plant()
    later(25 * hour)
    await sendBody()
    expect(await keys()).toEqual([expect.stringMatching(/^by\/[0-9a-f]{64}$/)])
  })

  it('on R2', async () => {
    const { plant, keys, sendForm } = subject({ profile: 'r2' })
    await plant()
    later(23 * hour)
    await sendForm()
    expect(await keys()).toEqual(['.flowport/uploads/left/0', 'sent'])
    later(2 * hour)
    await sendForm()
    expect(await keys()).toEqual(['sent'])
  })

  it('during a schedule', async () => {
    const { plant, keys, schedule } = subject()
    await plant()
    later(25 * hour)
    await schedule()
    expect(await keys()).toEqual([])
  })

  it('after the configured time, or never', async () => {
    const short = subject({ sweepUploadsAfterMs: hour })
    const never = subject({ sweepUploadsAfterMs: false })
    for (const { plant } of [short, never]) await plant()
    later(2 * hour)
    for (const { sendForm } of [short, never]) await sendForm()
    expect([await short.keys(), await never.keys()]).toEqual([['sent'], ['.flowport/uploads/left/0', 'sent']])
    expect(() => flowportHono(app, { sweepUploadsAfterMs: 1 })).toThrow(RangeError)
  })
})
