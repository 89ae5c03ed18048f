/** Retries have one owner: a step with a `retry` takes over from the layers of what its node uses. */
import {
  CapabilityError,
  createHttp,
  createKeyValue,
  type HttpDriver,
  type KvDriver,
  ResourceBag,
  retry,
} from '@flowport/capabilities'
import { memoryKvDriver } from '@flowport/capabilities/memory'
import { ManualClock } from '@flowport/capabilities/testing'
import { describe, expect, it } from 'vitest'
import * as z from 'zod'
import type { StepOptions } from '../graph/step.ts'
import { flow } from '../flow.ts'
import { node } from '../node.ts'
import { manual } from '../trigger.ts'
import { createRuntime } from './runtime.ts'

const Key = z.object({ key: z.string() })
const read = node('read', { input: Key, uses: { kv: 'read' }, run: ({ key }, { kv }) => kv.get(key) })

/** Calls the driver until it answers. Returns at which milliseconds it was called. */
async function callsOf(
  failures: number,
  options: StepOptions,
  retryAfterMs?: number,
): Promise<readonly number[]> {
  const clock = new ManualClock()
  const startedAt = clock.now()
  const calls: number[] = []
  const inner = memoryKvDriver({ clock })
  const driver: KvDriver = {
    ...inner,
    info: inner.info,
    get(key, call) {
      calls.push(clock.now() - startedAt)
      if (calls.length > failures) return inner.get(key, call)
      throw new CapabilityError('Unavailable', 'down', { retryAfterMs })
    },
    put: inner.put.bind(inner),
    delete: inner.delete.bind(inner),
  }
  const rng = { float: () => 0.5 }
  const kv = createKeyValue(driver, { clock, layers: [retry({ maxAttempts: 3, baseMs: 1_000, clock, rng })] })
  const reading = flow('reading', {
    trigger: manual({ input: Key }),
    graph: (it, step) => step(read, it, options),
  })
  const runtime = createRuntime(ResourceBag.empty().with('kv', kv), { clock })
  const answer = runtime.invoke(reading, { input: { key: 'a' } }).catch(() => undefined)
  let isOver = false
  void answer.then(() => (isOver = true))
  while (!isOver) await clock.advance(10)
  return calls
}

describe('a call that keeps failing', () => {
  it('is tried as often as the layer says, without a retry of the step', async () => {
    expect(await callsOf(99, {})).toHaveLength(3)
  })

  it('is tried as often as the step says, and not once for each try of the layer', async () => {
    expect(await callsOf(99, { retry: { maxAttempts: 4, backoff: '10ms' } })).toHaveLength(4)
    expect(await callsOf(99, { retry: { maxAttempts: 1 } })).toHaveLength(1)
  })

  it('is not made again before the store wants it', async () => {
    const [first = 0, second = 0] = await callsOf(1, { retry: { maxAttempts: 2, backoff: '10ms' } }, 5_000)
    expect(second - first).toBeGreaterThanOrEqual(5_000)
  })

  it('is tried again in time, whatever a driver asks to wait', async () => {
    for (const asked of [Number.NaN, -1_000])
      expect(await callsOf(1, { retry: { maxAttempts: 2, backoff: '10ms' } }, asked)).toHaveLength(2)
  })
})

describe('a plain call over HTTP', () => {
  /** Answers with the bodies one after the other, and never after the last. */
  async function answerOf(first: () => BodyInit | undefined) {
    let calls = 0
    const driver: HttpDriver = {
      info: { provider: 'test', extensions: {} },
      fetch: ({ signal }) => {
        const body = ++calls === 1 ? first() : '{"ok":true}'
        if (body !== undefined) return Promise.resolve(new Response(body))
        return new Promise((_resolve, reject) => {
          signal.addEventListener('abort', () => reject(signal.reason as Error))
        })
      },
    }
    const ask = node('ask', {
      input: Key,
      uses: { http: 'read' },
      async run(_, { http }) {
        const answer = await http.fetch('http://localhost/', { signal: AbortSignal.timeout(500) })
        return answer.json() as Promise<unknown>
      },
    })
    const asking = flow('asking', {
      trigger: manual({ input: Key }),
      graph: (it, step) => step(ask, it, { retry: { maxAttempts: 2, backoff: '1ms' } }),
    })
    const runtime = createRuntime(ResourceBag.empty().with('http', createHttp(driver)))
    return { answer: await runtime.invoke(asking, { input: { key: 'a' } }), calls }
  }

  it.each<[string, () => BodyInit | undefined]>([
    [
      'breaks off while it is read',
      () => new ReadableStream({ pull: (it) => it.error(new TypeError('terminated')) }),
    ],
    ['does not come within the time that the node gave it', () => undefined],
  ])('whose answer %s is tried again by its step', async (_name, first) => {
    expect(await answerOf(first)).toEqual({ answer: { ok: true }, calls: 2 })
  })
})
