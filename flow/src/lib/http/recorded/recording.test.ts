import { describe, expect, it } from 'vitest'
import { blobRef } from '../../blob-ref.ts'
import { flow } from '../../flow.ts'
import type { IdempotencyOption } from '../../idempotency-option.ts'
import { event, node } from '../../node.ts'
import { deny } from '../../runtime/errors.ts'
import type { Hook } from '../../runtime/hooks.ts'
import { opaque, streamOf } from '../../schema.ts'
import { http } from '../../trigger.ts'
import { createUploadSweeper } from '../upload-sweeper.ts'
import { eraseAnswers } from './erase.ts'
import { serve } from './testing/serve.ts'

const anything = opaque<Record<string, unknown>>()
const day = 86_400_000

/** A flow that counts its runs, and answers with what `answer` makes of the count. */
function counting(
  answer: (count: number) => unknown = (count) => ({ count }),
  idempotency: IdempotencyOption = 'optional',
) {
  let count = 0
  return flow('counting', {
    trigger: http.post('/counting', { input: anything, idempotency }),
    graph: (it, step) => step(node('count', { input: anything, run: () => answer(++count) }), it),
  })
}

/** A flow that stores `size` bytes and answers with them. */
function storing(size: number) {
  let count = 0
  return flow('storing', {
    trigger: http.post('/storing', { input: anything, idempotency: 'optional' }),
    graph: (it, step) =>
      step(
        node('store', {
          input: anything,
          uses: { blob: 'write' },
          idempotency: 'natural',
          run: async (_, { blob }) => blobRef(await blob.put('own', new Uint8Array(size).fill(++count))),
        }),
        it,
      ),
  })
}

/** As an app's own: the caller's name is in a header, and some callers are refused. */
const callers: Hook = {
  name: 'callers',
  before({ header }) {
    const name = header('x-caller')
    if (name === 'refused') throw deny({ status: 403 })
    return name === undefined ? undefined : { principal: name === 'number' ? 7 : name }
  },
}

const replayed = ({
  outcome,
}: {
  readonly outcome: { readonly headers: Readonly<Record<string, string>> }
}) => outcome.headers['idempotency-replayed'] === 'true'

describe('a recorded answer', () => {
  it('is replayed until it expires, and not after that', async () => {
    const { ask, clock } = serve(counting())
    await ask({ key: 'k' })
    await clock.advance(day - 1)
    const again = await ask({ key: 'k' })
    expect([await again.text(), replayed(again)]).toEqual(['{"count":1}', true])
    await clock.advance(1)
    expect(await (await ask({ key: 'k' })).text()).toBe('{"count":2}')
  })

  it('is behind the hooks: whoever may not ask gets no replay', async () => {
    const { ask } = serve(counting(), { hooks: [callers] })
    const headers = { 'x-caller': 'ada' }
    await ask({ key: 'k', headers })
    expect((await ask({ key: 'k', headers: { 'x-caller': 'refused' } })).outcome.status).toBe(403)
  })

  it('belongs to its caller: another caller with the same key runs the flow', async () => {
    const { ask } = serve(counting(), { hooks: [callers] })
    const as = async (name?: string) =>
      (await ask({ key: 'k', headers: name === undefined ? {} : { 'x-caller': name } })).text()
    expect([await as('ada'), await as('bob'), await as(), await as('anonymous'), await as('null')]).toEqual(
      [1, 2, 3, 4, 5].map((count) => `{"count":${count}}`),
    )
    expect([await as('ada'), await as('bob'), await as()]).toEqual(
      [1, 2, 3].map((count) => `{"count":${count}}`),
    )
  })

  it('is never made for a caller whose principal is not a text: that is a 500, and nothing runs', async () => {
    const { ask, lines } = serve(counting(), { hooks: [callers] })
    expect((await ask({ key: 'k', headers: { 'x-caller': 'number' } })).outcome.status).toBe(500)
    expect(lines.at(-1)?.[1]).toContain(
      'a hook set metadata.principal to something other than a non-empty text',
    )
    expect(await (await ask({ key: 'k' })).text()).toBe('{"count":1}')
  })

  it('is shared by callers whom no hook names: where they sign in, the log says so once', async () => {
    const { ask, lines } = serve(counting())
    const headers = { authorization: 'Bearer secret' }
    for (const key of ['a', 'b']) await ask({ key, headers })
    const said = lines.filter(([level]) => level === 'warn').map(([, text]) => text)
    expect(said).toEqual([expect.stringContaining('return { principal } from a hook')])
    const named = serve(counting(), { hooks: [callers] })
    await named.ask({ key: 'k', headers: { ...headers, 'x-caller': 'ada' } })
    expect(named.lines).toEqual([])
  })

  it('is found under the bytes of its body, not under their meaning', async () => {
    const { ask } = serve(counting())
    await ask({ key: 'k', body: '{"a":1}' })
    expect((await ask({ key: 'k', body: '{"a": 1}' })).outcome.status).toBe(422)
    expect(replayed(await ask({ key: 'k', body: '{"a":1}' }))).toBe(true)
  })

  it('is not made without a key, and no store is touched', async () => {
    const { ask, dedupe, keys } = serve(counting())
    await ask()
    await ask({ key: 'k' })
    expect([await (await ask()).text(), await keys()]).toEqual(['{"count":3}', []])
    expect(dedupe.info.provider).toBe('memory')
  })

  it('counts as a run that succeeded for the hooks', async () => {
    const seen: boolean[] = []
    const { ask } = serve(counting(), {
      hooks: [{ name: 'after', after: (_, { ok }) => void seen.push(ok) }],
    })
    await ask({ key: 'k' })
    await ask({ key: 'k' })
    await expect.poll(() => seen).toEqual([true, true])
  })

  it('keeps the runtime open until it is recorded', async () => {
    const { ask, runtime } = serve(counting())
    const asking = ask({ key: 'k' })
    await runtime.close()
    expect((await asking).outcome.headers['idempotency-expires']).toBeDefined()
    expect(runtime.running).toBe(0)
  })
})

describe('a recorder that fails', () => {
  it('leaves its key for 30 seconds, then the next request runs: the record guards no effect', async () => {
    const { ask, clock, drivers, lines } = serve(counting())
    const complete = drivers.dedupe.complete.bind(drivers.dedupe)
    drivers.dedupe.complete = () => new Promise<never>(() => undefined)
    const dying = ask({ key: 'k' })
    await expect.poll(async () => (await ask({ key: 'k' })).outcome.status).toBe(409)
    const other = await ask({ key: 'k' })
    expect(other.outcome.headers['retry-after']).toBe('1')
    drivers.dedupe.complete = complete
    void dying
    expect(lines.filter(([level]) => level === 'error')).toEqual([])
    // The process is gone: nobody renews.
    drivers.dedupe.renew = () => false
    await clock.advance(30_000)
    expect(await (await ask({ key: 'k' })).text()).toBe('{"count":2}')
  })

  it.each(['put', 'complete'] as const)('does not keep the answer from its client: %s', async (method) => {
    const { ask, drivers, lines, runtime } = serve(
      counting((count) => ({ count, text: 'x'.repeat(200_000) })),
    )
    const broken = () => Promise.reject(new Error('the disk is full'))
    if (method === 'put') drivers.blob.put = broken
    else drivers.dedupe.complete = broken
    const { outcome, text } = await ask({ key: 'k' })
    expect([outcome.status, outcome.headers['idempotency-recorded']]).toEqual([200, 'false'])
    expect((await text()).length).toBeGreaterThan(200_000)
    expect(lines.filter(([level]) => level === 'warn').map(([, said]) => said)).toEqual([
      method === 'put'
        ? 'an answer is not recorded, and is sent all the same: a part of it could not be stored'
        : 'an answer to an Idempotency-Key could not be recorded',
    ])
    expect(runtime.running).toBe(0)
  })
})

describe('a body in the blob store', () => {
  const size = 2_500_000

  it('lies in segments below its caller, and is gone an hour after it expired', async () => {
    const { ask, keys, clock, bag, app } = serve(storing(size))
    await (await ask({ key: 'k' })).bytes()
    const recorded = (await keys()).filter((key) => key !== 'own')
    expect(recorded.map((key) => key.split('/').at(-1))).toEqual(['000000', '000001', '000002', 'manifest'])
    expect(recorded.every((key) => key.startsWith('.flowport/answers/anonymous/'))).toBe(true)
    const sweeper = createUploadSweeper({
      app,
      bag,
      clock,
      log: { debug() {}, info() {}, warn() {}, error() {} },
    })
    expect(sweeper.isNeeded).toBe(true)
    clock.jump(day + 3_600_000)
    await sweeper.sweep()
    expect(await keys()).toHaveLength(5)
    clock.jump(1)
    await sweeper.sweep()
    expect(await keys()).toEqual(['own'])
  })

  it.each(['000001', '000000', 'manifest'])('that has changed is never sent as it is: %s', async (what) => {
    const { ask, keys, blob } = serve(storing(size))
    await (await ask({ key: 'k' })).bytes()
    const key = (await keys()).find((one) => one.endsWith(what)) ?? ''
    const bytes = await (await blob.get(key))?.bytes()
    bytes?.fill(9, 0, 1)
    await blob.put(key, bytes ?? '')
    const again = await ask({ key: 'k' })
    // What is seen before the head is sent lets the flow run again; what is seen later ends the stream.
    if (what === '000001') {
      await expect(again.bytes()).rejects.toMatchObject({ kind: 'Corrupt' })
      const third = await ask({ key: 'k' })
      expect([replayed(third), (await third.bytes())[0]]).toEqual([false, 2])
    } else expect([replayed(again), (await again.bytes())[0]]).toEqual([false, 2])
  })

  it('that is gone lets the flow run again', async () => {
    const { ask, keys, blob } = serve(storing(size))
    await (await ask({ key: 'k' })).bytes()
    await blob.deleteMany((await keys()).filter((key) => key !== 'own'))
    const again = await ask({ key: 'k' })
    expect([replayed(again), (await again.bytes()).byteLength]).toEqual([false, size])
    const third = await ask({ key: 'k' })
    expect([replayed(third), (await third.bytes())[0]]).toEqual([true, 2])
  })

  it('is read on when the client leaves, and is replayed whole', async () => {
    const { ask } = serve(storing(size))
    const first = await ask({ key: 'k' })
    first.leave()
    let again = await ask({ key: 'k' })
    await expect
      .poll(async () => {
        again = await ask({ key: 'k' })
        return again.outcome.status
      })
      .toBe(200)
    const bytes = await again.bytes()
    expect([replayed(again), bytes.byteLength, bytes.every((byte) => byte === 1)]).toEqual([true, size, true])
  })

  it('is sent to its end only when it is recorded: a client that has the whole answer can have it again', async () => {
    const { ask, drivers } = serve(storing(size))
    const complete = drivers.dedupe.complete.bind(drivers.dedupe)
    let record: () => void = () => undefined
    const mayRecord = new Promise<void>((resolve) => {
      record = resolve
    })
    let isAsked = false
    drivers.dedupe.complete = (async (...args: Parameters<typeof complete>) => {
      isAsked = true
      await mayRecord
      return complete(...args)
    }) as never
    const { outcome } = await ask({ key: 'k' })
    const reader = outcome.body instanceof ReadableStream ? outcome.body.getReader() : undefined
    let bytes = 0
    const reading = (async () => {
      for (let read = await reader?.read(); read?.done === false; read = await reader?.read())
        bytes += read.value.byteLength
    })()
    await expect.poll(() => isAsked).toBe(true)
    expect(bytes).toBeLessThan(size)
    record()
    await reading
    expect([bytes, replayed(await ask({ key: 'k' }))]).toEqual([size, true])
  })

  it('is not served to those who name its key', async () => {
    const serving = flow('serving', {
      trigger: http.get('/serving', { input: opaque<{ key: string }>() }),
      graph: (it, step) =>
        step(
          node('serve', {
            input: opaque<{ key: string }>(),
            uses: { blob: 'read' },
            async run({ key }, { blob }) {
              const object = await blob.head(key)
              return object === null ? undefined : blobRef(object)
            },
          }),
          it,
        ),
    })
    const { ask, blob } = serve(serving)
    await blob.put('.flowport/answers/anonymous/a/b.c/000000', 'secret')
    const { outcome } = await ask({
      query: `key=${encodeURIComponent('.flowport/answers/anonymous/a/b.c/000000')}`,
    })
    expect(outcome.status).toBe(404)
  })
})

describe('eraseAnswers', () => {
  it('removes what was recorded for one caller, small and large, and nothing else', async () => {
    let large = false
    const flowOf = counting((count) => (large ? { count, text: 'x'.repeat(200_000) } : { count }))
    const { ask, keys, runtime, app } = serve(flowOf, { hooks: [callers] })
    const as = async (name: string, key: string) =>
      (JSON.parse(await (await ask({ key, headers: { 'x-caller': name } })).text()) as { count: number })
        .count
    await as('ada', 'small')
    await as('bob', 'small')
    large = true
    await as('ada', 'large')
    await as('bob', 'large')
    expect(await keys()).toHaveLength(8)
    expect(await eraseAnswers({ app, runtime }, 'ada')).toEqual({ answers: 2, objects: 4 })
    expect(await keys()).toHaveLength(4)
    expect([await as('ada', 'small'), await as('ada', 'large')]).toEqual([5, 6])
    expect([await as('bob', 'small'), await as('bob', 'large')]).toEqual([2, 4])
    expect(await eraseAnswers({ app, runtime }, 'nobody')).toEqual({ answers: 0, objects: 0 })
  })
})

describe('a recorded stream', () => {
  /** A stream of `count` events that waits for the clock between them. */
  const ticking = (count: number, idempotency: IdempotencyOption = 'optional') =>
    flow('ticking', {
      trigger: http.post('/ticking', { input: anything, idempotency, deadline: '10s' }),
      graph: (it, step) =>
        step(
          node('tick', {
            input: anything,
            output: streamOf(opaque<number>()),
            uses: { clock: 'read' },
            async *run(_, { clock, signal }) {
              for (let n = 1; n <= count; n++) {
                yield event('tick', n, { id: String(n) })
                await clock.sleep(1_000, { signal })
              }
            },
          }),
          it,
        ),
    })

  it('is made to its end for the record when the client has left before it read anything', async () => {
    const { ask, clock, runtime } = serve(ticking(5))
    const first = await ask({ key: 'k' })
    first.leave()
    for (let second = 0; second < 6; second++) await clock.advance(1_000)
    // Digests end on a thread, which no clock moves.
    await expect.poll(() => runtime.running).toBe(0)
    const again = await ask({ key: 'k' })
    expect([replayed(again), (await again.text()).match(/id: \d/g)?.length]).toEqual([true, 5])
  })

  it('has the time of its deadline when its client has left; then it is cancelled, and not recorded', async () => {
    const { ask, clock, runtime, keys } = serve(ticking(100))
    const first = await ask({ key: 'k' })
    first.leave()
    for (let second = 0; second < 9; second++) await clock.advance(1_000)
    expect([runtime.running, (await ask({ key: 'k' })).outcome.status]).toEqual([1, 409])
    await clock.advance(1_000)
    await expect.poll(() => runtime.running).toBe(0)
    await expect.poll(keys).toEqual([])
    expect(replayed(await ask({ key: 'k' }))).toBe(false)
  })

  it('is never mixed with another recording of its key, such as one of a process that ended', async () => {
    const { ask, clock, blob, keys } = serve(ticking(3))
    const first = (await ask({ key: 'k' })).text()
    await clock.advance(600)
    await expect
      .poll(async () => (await keys()).map((key) => key.split('/').at(-1)))
      .toEqual(['000000', 'head'])
    const head = (await keys())[1] ?? ''
    const stale = head.replace(/[^/]+\/head$/, 'zzzzzzzz.stale/')
    await blob.put(`${stale}head`, (await (await blob.get(head))?.text()) ?? '')
    const text = 'retry: 3000\n\nid: 1\ndata: "stale"\n\n'
    await blob.put(`${stale}000000`, text)
    let isOver = false
    const following = (await ask({ key: 'k', headers: { 'last-event-id': '' } })).text().finally(() => {
      isOver = true
    })
    for (let step = 0; step < 20; step++) await clock.advance(250)
    expect((await first).match(/^id: \d$/gm)).toEqual(['id: 1', 'id: 2', 'id: 3'])
    // It ends where the other one did; its client connects again.
    while (!isOver) await clock.advance(250)
    expect(await following).toBe(text)
  })

  it('is cancelled with its client when it has outgrown maxRecordedBytes', async () => {
    const { ask, clock, runtime } = serve(ticking(100, { header: 'optional', maxRecordedBytes: 60 }))
    const first = await ask({ key: 'k' })
    const reading = first.text()
    for (let second = 0; second < 4; second++) await clock.advance(1_000)
    first.leave()
    await expect.poll(() => runtime.running).toBe(0)
    expect(await reading).toContain('event: error')
  })
})
