import { createKeyValue, type KvDriver, ResourceBag } from '@flowport/capabilities'
import { systemClock } from '@flowport/capabilities/system'
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import * as z from 'zod'
import { flow } from '../flow.ts'
import { event, node } from '../node.ts'
import { opaque, streamOf } from '../schema.ts'
import { manual } from '../trigger.ts'
import { deny, RunError } from './errors.ts'
import { createRuntime } from './runtime.ts'

const number = opaque<number>()
const trigger = manual({ input: number })
const add = (name: string, by: number) => node(name, { input: number, run: (x) => x + by })
const runtimeOf = (options: Parameters<typeof createRuntime>[1] = {}) =>
  createRuntime(ResourceBag.empty().with('clock', systemClock), options)

/** A promise and the way to settle it. */
function gate<T = void>() {
  return Promise.withResolvers<T>()
}

async function failureOf(promise: Promise<unknown>): Promise<RunError> {
  const error = await promise.then(
    () => undefined,
    (reason: unknown) => reason,
  )
  if (error instanceof RunError) return error
  throw new Error(`expected a RunError, got ${String(error)}`)
}

describe('a run', () => {
  it('hands values from node to node', async () => {
    const chain = flow('chain', {
      trigger,
      graph: (x, step) => step(add('c', 100), step(add('b', 10), step(add('a', 1), x))),
    })
    await expect(runtimeOf().invoke(chain, { input: 0 })).resolves.toBe(111)
  })

  it('joins objects and tuples, waiting for all of them', async () => {
    const slow = node('slow', { input: number, run: async (x) => (await Promise.resolve(), x * 2) })
    const sum = node('sum', {
      input: opaque<{ a: number; b: [number, number] }>(),
      run: ({ a, b }) => a + b[0] + b[1],
    })
    const pair = node('pair', {
      input: opaque<readonly [number, number]>(),
      run: ([a, b]): [number, number] => [a, b],
    })
    const joined = flow('joined', {
      trigger,
      graph: (x, step) => step(sum, { a: step(slow, x), b: step(pair, [x, step(add('one', 1), x)]) }),
    })
    await expect(runtimeOf().invoke(joined, { input: 5 })).resolves.toBe(10 + 5 + 6)
  })

  it('answers with a join of references itself', async () => {
    const both = flow('both', {
      trigger,
      graph: (x, step) => ({ a: step(add('a', 1), x), b: step(add('b', 2), x) }),
    })
    await expect(runtimeOf().invoke(both, { input: 0 })).resolves.toEqual({ a: 1, b: 2 })
  })

  it('runs independent branches at the same time, up to the limit', async () => {
    let active = 0
    let most = 0
    const wait = (name: string) =>
      node(name, {
        input: number,
        async run(x) {
          most = Math.max(most, ++active)
          await new Promise((resolve) => setImmediate(resolve))
          active--
          return x
        },
      })
    const nodes = Array.from({ length: 6 }, (_, i) => wait(`n${i}`))
    const wide = flow('wide', {
      trigger,
      graph: (x, step) => nodes.map((each) => step(each, x)) as [never, ...never[]],
    })
    await runtimeOf().invoke(wide, { input: 1 })
    expect(most).toBe(6)
    most = 0
    await runtimeOf({ maxConcurrency: 2 }).invoke(wide, { input: 1 })
    expect(most).toBe(2)
  })

  it('compiles a flow once', async () => {
    const one = flow('one', { trigger, graph: (x, step) => step(add('a', 1), x) })
    const runtime = runtimeOf()
    expect(runtime.start(one, 1).plan).toBe(runtime.start(one, 2).plan)
  })
})

const Choice = z.object({ ok: z.boolean(), kind: z.string() })
const say = (name: string, text = name) => node(name, { input: opaque<unknown>(), run: () => text })

describe('branches', () => {
  it('run only the arm taken', async () => {
    const ran: string[] = []
    const mark = (name: string) => node(name, { input: Choice, run: () => (ran.push(name), name) })
    const choose = flow('choose', {
      trigger: manual({ input: Choice }),
      graph: (it, step) =>
        step.if(
          it,
          '/ok',
          (v) =>
            step(
              mark('then-2'),
              step(node('then-1', { input: Choice, run: (x) => (ran.push('then-1'), x) }), v),
            ),
          (v) => step(mark('else'), v),
        ),
    })
    await expect(runtimeOf().invoke(choose, { input: { ok: true, kind: '' } })).resolves.toBe('then-2')
    await expect(runtimeOf().invoke(choose, { input: { ok: false, kind: '' } })).resolves.toBe('else')
    expect(ran).toEqual(['then-1', 'then-2', 'else'])
  })

  it('compare the text of a switch exactly, and fall through to otherwise', async () => {
    const choose = flow('choose', {
      trigger: manual({ input: Choice }),
      graph: (it, step) =>
        step.switch(it, '/kind', { a: (v) => step(say('A'), v), __proto__x: (v) => step(say('P'), v) }, (v) =>
          step(say('other'), v),
        ),
    })
    const runtime = runtimeOf()
    const kinds = {
      a: 'A',
      A: 'other',
      '': 'other',
      __proto__: 'other',
      constructor: 'other',
      __proto__x: 'P',
    }
    for (const kind of ['a', 'A', '', 'constructor', '__proto__x'] as const) {
      await expect(runtime.invoke(choose, { input: { ok: true, kind } })).resolves.toBe(kinds[kind])
    }
  })

  it('nest, also on values from outside', async () => {
    const nested = flow('nested', {
      trigger: manual({ input: z.object({ a: z.boolean(), b: z.boolean() }) }),
      graph: (it, step) =>
        step.if(
          it,
          '/a',
          () =>
            step.if(
              it,
              '/b',
              (v) => step(say('a-and-b'), v),
              (v) => step(say('a-only'), v),
            ),
          () =>
            step.if(
              it,
              '/b',
              (v) => step(say('b-only'), v),
              (v) => step(say('neither'), v),
            ),
        ),
    })
    const runtime = runtimeOf()
    const ask = (a: boolean, b: boolean) => runtime.invoke(nested, { input: { a, b } })
    expect(
      await Promise.all([ask(true, true), ask(true, false), ask(false, true), ask(false, false)]),
    ).toEqual(['a-and-b', 'a-only', 'b-only', 'neither'])
  })

  it('may hand the value on unchanged, and feed a join', async () => {
    const shout = node('shout', { input: Choice, run: (it) => ({ ...it, kind: it.kind.toUpperCase() }) })
    const join = node('join', {
      input: opaque<{ left: { kind: string }; right: string }>(),
      run: ({ left, right }) => left.kind + right,
    })
    const mixed = flow('mixed', {
      trigger: manual({ input: Choice }),
      graph: (it, step) =>
        step(join, {
          left: step.if(
            it,
            '/ok',
            (v) => step(shout, v),
            (v) => v,
          ),
          right: step(say('!'), it),
        }),
    })
    await expect(runtimeOf().invoke(mixed, { input: { ok: true, kind: 'x' } })).resolves.toBe('X!')
    await expect(runtimeOf().invoke(mixed, { input: { ok: false, kind: 'x' } })).resolves.toBe('x!')
  })

  it('that leak a reference end the run with NoAnswer instead of hanging', async () => {
    let leaked: unknown
    const leaking = flow('leaking', {
      trigger: manual({ input: Choice }),
      graph: (it, step) => {
        step.if(
          it,
          '/ok',
          (v) => (leaked = step(say('only-then'), v)) as ReturnType<typeof step>,
          (v) => step(say('else'), v),
        )
        return step(say('answer'), leaked as typeof it)
      },
    })
    await expect(runtimeOf().invoke(leaking, { input: { ok: true, kind: '' } })).resolves.toBe('answer')
    const error = await failureOf(runtimeOf().invoke(leaking, { input: { ok: false, kind: '' } }))
    expect(error).toMatchObject({ failure: 'NoAnswer', code: 'DAG204', node: 'answer' })
  })
})

describe('validation', () => {
  it('refuses an input that does not fit, before any node runs', async () => {
    const ran = vi.fn(() => 1)
    const strict = flow('strict', {
      trigger: manual({ input: z.object({ n: z.number().min(1) }) }),
      graph: (it, step) => step(node('n', { input: opaque<unknown>(), run: ran }), it),
    })
    const error = await failureOf(runtimeOf().invoke(strict, { input: { n: 0 } }))
    expect(error).toMatchObject({ failure: 'InvalidInput', cause: { issues: [{ pointer: '/n' }] } })
    expect(ran).not.toHaveBeenCalled()
  })

  it('checks what nodes take and yield, names the node, and runs one schema once per value', async () => {
    const seen = vi.fn()
    const Even = z.number().refine((n) => (seen(n), n % 2 === 0), 'must be even')
    const double = node('double', { input: number, output: Even, run: (x) => x * 2 })
    const half = node('half', { input: Even, run: (x) => x / 2 })
    const there = flow('there', { trigger, graph: (x, step) => step(half, step(double, x)) })
    await expect(runtimeOf().invoke(there, { input: 3 })).resolves.toBe(3)
    expect(seen).toHaveBeenCalledTimes(1)
    const odd = flow('odd', {
      trigger,
      graph: (x, step) => step(node('odd', { input: number, output: Even, run: (n) => n }), x),
    })
    expect(await failureOf(runtimeOf().invoke(odd, { input: 3 }))).toMatchObject({
      failure: 'InvalidValue',
      node: 'odd',
    })
    const entering = flow('entering', { trigger, graph: (x, step) => step(half, x) })
    expect(await failureOf(runtimeOf().invoke(entering, { input: 3 }))).toMatchObject({
      failure: 'InvalidValue',
      node: 'half',
    })
  })

  it('waits for schemas that are asynchronous', async () => {
    const later = z.number().refine(async (n) => (await Promise.resolve(), n > 0), 'must be positive')
    const slow = flow('slow', {
      trigger: manual({ input: later }),
      graph: (x, step) => step(node('n', { input: later, output: later, run: (n) => n + 1 }), x),
    })
    await expect(runtimeOf().invoke(slow, { input: 1 })).resolves.toBe(2)
    expect(await failureOf(runtimeOf().invoke(slow, { input: -1 }))).toMatchObject({
      failure: 'InvalidInput',
    })
  })
})

describe('a node that throws anything', () => {
  const things: readonly [string, unknown][] = [
    ['an error', new Error('boom')],
    ['undefined', undefined],
    ['null', null],
    ['a text', 'boom'],
    ['a symbol', Symbol('boom')],
    ['a frozen object', Object.freeze({})],
    ['an object without prototype', Object.create(null)],
    [
      'a proxy that throws',
      new Proxy(
        {},
        {
          get: () => {
            throw new Error('trap')
          },
          has: () => {
            throw new Error('trap')
          },
        },
      ),
    ],
    ['a rejected thenable', { then: (_: unknown, reject: (e: unknown) => void) => reject('x') }],
  ]
  for (const [name, thing] of things) {
    for (const how of ['at once', 'later'] as const) {
      it(`fails its run and nothing else: ${name}, ${how}`, async () => {
        const bad = node('bad', {
          input: number,
          run: (x): number | Promise<number> => {
            if (x < 0 && how === 'at once') throw thing
            return x < 0
              ? Promise.resolve().then(() => {
                  throw thing
                })
              : x
          },
        })
        const risky = flow('risky', { trigger, graph: (x, step) => step(bad, x) })
        const runtime = runtimeOf()
        const [broken, fine] = await Promise.all([
          failureOf(runtime.invoke(risky, { input: -1 })),
          runtime.invoke(risky, { input: 7 }),
        ])
        expect(broken).toMatchObject({ failure: 'NodeFailed', node: 'bad', flow: 'risky' })
        expect(fine).toBe(7)
        expect(runtime.running).toBe(0)
      })
    }
  }

  it('cancels its siblings', async () => {
    const aborted = gate<unknown>()
    const waits = node('waits', {
      input: number,
      run: (_x, { signal }) =>
        new Promise<number>((_resolve, reject) => {
          signal.addEventListener('abort', () => {
            aborted.resolve(signal.reason)
            reject(signal.reason as Error)
          })
        }),
    })
    const fails = node('fails', {
      input: number,
      run: async (): Promise<number> => {
        await Promise.resolve()
        throw new Error('no')
      },
    })
    const pair = flow('pair', { trigger, graph: (x, step) => [step(waits, x), step(fails, x)] })
    expect(await failureOf(runtimeOf().invoke(pair, { input: 1 }))).toMatchObject({ node: 'fails' })
    expect(await aborted.promise).toMatchObject({ node: 'fails' })
  })
})

describe('deadline and cancellation', () => {
  beforeEach(() => void vi.useFakeTimers())
  afterEach(() => void vi.useRealTimers())

  const deaf = (done: Promise<number>) => node('deaf', { input: number, run: () => done })

  for (const deadlineTimer of ['per_run', 'shared'] as const) {
    it(`answers at the deadline even when a node does not listen, and drains it in the background (${deadlineTimer} timer)`, async () => {
      const work = gate<number>()
      const slow = flow('slow', { trigger, graph: (x, step) => step(deaf(work.promise), x) })
      const runtime = runtimeOf({ deadlineMs: 100, deadlineTimer })
      const failed = failureOf(runtime.invoke(slow, { input: 1 }))
      await vi.advanceTimersByTimeAsync(99)
      expect(runtime.running).toBe(1)
      await vi.advanceTimersByTimeAsync(1)
      expect(await failed).toMatchObject({ failure: 'DeadlineExceeded', code: 'TIME015' })
      expect(runtime.running).toBe(1)
      work.resolve(1)
      await vi.advanceTimersByTimeAsync(0)
      expect(runtime.running).toBe(0)
      expect(vi.getTimerCount()).toBe(0)
    })
  }

  it('watches many runs with one timer, each to its own deadline', async () => {
    const work = gate<number>()
    const slow = flow('slow', { trigger, graph: (x, step) => step(deaf(work.promise), x) })
    const runtime = runtimeOf({ deadlineTimer: 'shared' })
    const ended: number[] = []
    for (const deadlineMs of [300, 100, 200, 100_000]) {
      runtime.start(slow, 1, { deadlineMs }).answer.catch(() => ended.push(deadlineMs))
    }
    expect(vi.getTimerCount()).toBe(1)
    for (const reached of [[100], [100, 200], [100, 200, 300]]) {
      await vi.advanceTimersByTimeAsync(99)
      expect(ended).toEqual(reached.slice(0, -1))
      await vi.advanceTimersByTimeAsync(1)
      expect(ended).toEqual(reached)
    }
    expect(vi.getTimerCount()).toBe(1)
    const late = failureOf(runtime.start(slow, 1, { deadlineMs: 50 }).answer)
    await vi.advanceTimersByTimeAsync(50)
    expect(await late).toMatchObject({ code: 'TIME015' })
    work.resolve(1)
    await runtime.close()
    expect(vi.getTimerCount()).toBe(0)
  })

  it('does not end a stream that began in time', async () => {
    const open = gate()
    const slow = node('slow', {
      input: number,
      output: streamOf(number),
      async *run() {
        yield 1
        await open.promise
        yield 2
      },
    })
    const slowly = flow('slowly', { trigger, graph: (x, step) => step(slow, x) })
    for (const deadlineTimer of ['per_run', 'shared'] as const) {
      const items = (await runtimeOf({ deadlineMs: 100, deadlineTimer }).invoke(slowly, { input: 1 }))[
        Symbol.asyncIterator
      ]()
      expect(await items.next()).toMatchObject({ value: 1 })
      await vi.advanceTimersByTimeAsync(1_000)
      open.resolve()
      expect(await items.next()).toMatchObject({ value: 2 })
    }
  })

  it('gives every node a signal that fires when the caller cancels', async () => {
    const seen = gate<unknown>()
    const listens = node('listens', {
      input: number,
      run: (_x, { signal }) =>
        new Promise<number>((_, reject) =>
          signal.addEventListener('abort', () => {
            seen.resolve(signal.reason)
            reject(signal.reason as Error)
          }),
        ),
    })
    const waiting = flow('waiting', { trigger, graph: (x, step) => step(listens, x) })
    const caller = new AbortController()
    const failed = failureOf(runtimeOf().invoke(waiting, { input: 1, signal: caller.signal }))
    caller.abort(new Error('gone'))
    expect(await failed).toMatchObject({ failure: 'Cancelled', cause: { message: 'gone' } })
    expect(await seen.promise).toMatchObject({ failure: 'Cancelled' })
  })

  it('starts nothing for a signal that has fired', async () => {
    const ran = vi.fn(() => 1)
    const never = flow('never', {
      trigger,
      graph: (x, step) => step(node('n', { input: number, run: ran }), x),
    })
    expect(
      await failureOf(runtimeOf().invoke(never, { input: 1, signal: AbortSignal.abort() })),
    ).toMatchObject({ failure: 'Cancelled' })
    expect(ran).not.toHaveBeenCalled()
  })

  it('starts no further node after a cancellation', async () => {
    const second = vi.fn(() => 1)
    const first = gate<number>()
    const chain = flow('chain', {
      trigger,
      graph: (x, step) => step(node('b', { input: number, run: second }), step(deaf(first.promise), x)),
    })
    const runtime = runtimeOf()
    const run = runtime.start(chain, 1)
    run.cancel()
    first.resolve(1)
    await failureOf(run.answer)
    await vi.advanceTimersByTimeAsync(0)
    expect(second).not.toHaveBeenCalled()
    expect(runtime.running).toBe(0)
  })

  it('calls whoever waits for an answer as soon as it is there, when nothing of the run is left', async () => {
    const runtime = runtimeOf()
    const gates = gate<number>()
    const waits = flow('waits', {
      trigger,
      graph: (x, step) => step(node('waits', { input: number, run: () => gates.promise }), x),
    })
    const seen: unknown[] = []
    const listener = (name: string) => ({
      answered: (answer: unknown) => seen.push([name, answer, runtime.running]),
      failed: (error: Error) => seen.push([name, error.message, runtime.running]),
    })
    const run = runtime.start(waits, 1)
    run.whenAnswered(listener('first'))
    run.whenAnswered(listener('second'))
    expect(seen).toEqual([])
    gates.resolve(7)
    expect(await run.answer).toBe(7)
    run.whenAnswered(listener('late'))
    expect(seen).toEqual(['first', 'second', 'late'].map((name) => [name, 7, 0]))
    run.cancel()
    expect(seen).toHaveLength(3)
  })

  it('calls whoever waits for an answer with the error, once', async () => {
    const never = gate<number>()
    const waits = flow('waits', {
      trigger,
      graph: (x, step) => step(node('waits', { input: number, run: () => never.promise }), x),
    })
    const failed = vi.fn()
    const answered = vi.fn()
    const run = runtimeOf().start(waits, 1)
    run.whenAnswered({ answered, failed })
    run.cancel()
    run.cancel()
    expect(failed).toHaveBeenCalledOnce()
    expect(failed).toHaveBeenCalledWith(expect.objectContaining({ failure: 'Cancelled' }))
    expect(answered).not.toHaveBeenCalled()
    expect(await failureOf(run.answer)).toMatchObject({ failure: 'Cancelled' })
  })

  it('lends run signal and deadline to the calls of capabilities', async () => {
    const calls: (AbortSignal | undefined)[] = []
    const driver = {
      info: kvInfo,
      get: (_key: string, { signal }: { signal?: AbortSignal | undefined }) => (calls.push(signal), null),
    } as unknown as KvDriver
    const reads = node('reads', {
      input: number,
      uses: { kv: 'read' },
      run: async (x, { kv, signal }) => [await kv.get(`k${x}`), signal] as const,
    })
    const reading = flow('reading', { trigger, graph: (x, step) => step(reads, x) })
    const runtime = createRuntime(ResourceBag.empty().with('kv', createKeyValue(driver)))
    const [, signal] = await runtime.invoke(reading, { input: 1 })
    expect(calls).toEqual([signal])
  })

  it('ends a step that takes longer than its own timeout', async () => {
    const work = gate<number>()
    const slow = flow('slow', {
      trigger,
      graph: (x, step) => step(deaf(work.promise), x, { timeout: '50ms' }),
    })
    const failed = failureOf(runtimeOf().invoke(slow, { input: 1 }))
    await vi.advanceTimersByTimeAsync(50)
    expect(await failed).toMatchObject({
      failure: 'NodeFailed',
      node: 'deaf',
      cause: { kind: 'Timeout', code: 'TIME015' },
    })
    work.resolve(1)
  })

  it('closes: takes no more runs, waits for the others, cancels what does not end in time', async () => {
    const work = gate<number>()
    const slow = flow('slow', { trigger, graph: (x, step) => step(deaf(work.promise), x) })
    const runtime = runtimeOf({ drainMs: 1_000 })
    const first = failureOf(runtime.invoke(slow, { input: 1 }))
    const closed = runtime.close()
    expect(await failureOf(runtime.invoke(slow, { input: 1 }))).toMatchObject({ failure: 'Draining' })
    await vi.advanceTimersByTimeAsync(1_000)
    expect(await first).toMatchObject({ failure: 'Cancelled' })
    await vi.advanceTimersByTimeAsync(1_000)
    await closed
    work.resolve(1)
  })
})

describe('streams', () => {
  const count = (log: string[], length = 3) =>
    node('count', {
      input: number,
      output: streamOf(z.number().max(100)),
      async *run(from, { signal }) {
        try {
          for (let i = 0; i < length; i++) {
            log.push(`make ${from + i}`)
            yield from + i
          }
        } finally {
          log.push(signal.aborted ? 'closed, aborted' : 'closed')
        }
      },
    })
  const counting = (log: string[], length?: number) =>
    flow('counting', { trigger, graph: (x, step) => step(count(log, length), x) })

  it('yield items at the pace of their reader, and end the run at their end', async () => {
    const log: string[] = []
    const runtime = runtimeOf()
    for await (const item of await runtime.invoke(counting(log), { input: 5 })) {
      log.push(`take ${String(item)}`)
      expect(runtime.running).toBe(1)
    }
    expect(log).toEqual(['make 5', 'take 5', 'make 6', 'take 6', 'make 7', 'take 7', 'closed'])
    expect(runtime.running).toBe(0)
  })

  it('close the node when the reader stops', async () => {
    const log: string[] = []
    const runtime = runtimeOf()
    for await (const _ of await runtime.invoke(counting(log), { input: 5 })) break
    expect(log).toEqual(['make 5', 'closed, aborted'])
    expect(runtime.running).toBe(0)
  })

  it('check their items', async () => {
    const runtime = runtimeOf()
    const items = await runtime.invoke(counting([]), { input: 100 })
    const iterator = items[Symbol.asyncIterator]()
    await expect(iterator.next()).resolves.toMatchObject({ value: 100 })
    await expect(iterator.next()).rejects.toThrow('does not fit')
    expect(runtime.running).toBe(0)
  })

  it('reach the caller through a branch, checked and counted', async () => {
    const log: string[] = []
    const pick = flow('pick', {
      trigger: manual({ input: z.object({ ok: z.boolean(), from: z.number() }) }),
      graph: (it, step) =>
        step.if(
          it,
          '/ok',
          (v) =>
            step(
              count(log),
              step(node('from', { input: opaque<{ from: number }>(), run: ({ from }) => from }), v),
            ),
          (v) => step(say('none'), v),
        ),
    })
    const runtime = runtimeOf()
    const items = (await runtime.invoke(pick, { input: { ok: true, from: 99 } })) as AsyncIterable<number>
    const iterator = items[Symbol.asyncIterator]()
    await iterator.next()
    expect(runtime.running).toBe(1)
    await iterator.next()
    await expect(iterator.next()).rejects.toThrow('does not fit')
    expect(runtime.running).toBe(0)
    await expect(runtime.invoke(pick, { input: { ok: false, from: 1 } })).resolves.toBe('none')
  })

  it('let a waiting reader go when the run is cancelled, though the node does not listen', async () => {
    const deaf = node('deaf', {
      input: number,
      output: streamOf(number),
      async *run() {
        yield 1
        await new Promise(() => undefined)
        yield 2
      },
    })
    const stuck = flow('stuck', { trigger, graph: (x, step) => step(deaf, x) })
    const run = runtimeOf().start(stuck, 1)
    const iterator = ((await run.answer) as AsyncIterable<number>)[Symbol.asyncIterator]()
    await iterator.next()
    const waiting = iterator.next()
    run.cancel(new Error('gone'))
    await expect(waiting).rejects.toMatchObject({ failure: 'Cancelled' })
  })

  it('name items and end with a checked result', async () => {
    const work = node('work', {
      input: number,
      output: streamOf(z.object({ at: z.number() }), { result: z.object({ sum: z.number() }) }),
      async *run(to) {
        for (let at = 1; at <= to; at++) yield event('progress', { at, extra: true })
        return { sum: (to * (to + 1)) / 2 }
      },
    })
    const working = flow('working', { trigger, graph: (x, step) => step(work, x) })
    const items = await runtimeOf().invoke(working, { input: 2 })
    await expect(items.next()).resolves.toMatchObject({ value: { event: 'progress', data: { at: 1 } } })
    await items.next()
    await expect(items.next()).resolves.toEqual({ done: true, value: { sum: 3 } })
  })
})

describe('hooks and metadata', () => {
  const tell = node('tell', { input: number, run: (_x, { metadata }) => metadata })
  const telling = flow('telling', { version: '2.1.0', trigger, graph: (x, step) => step(tell, x) })

  it('let nodes read the run’s facts, and what hooks add', async () => {
    const runtime = runtimeOf({ hooks: [{ name: 'auth', before: () => ({ 'auth.user': 'ada' }) }] })
    const metadata = await runtime.invoke(telling, { input: 1, metadata: { 'http.method': 'GET' } })
    expect(metadata).toMatchObject({
      'flow.name': 'telling',
      'flow.version': '2.1.0',
      'http.method': 'GET',
      'auth.user': 'ada',
    })
    expect(metadata['flow.run_id']).toMatch(/^[\da-f-]{36}$/)
    expect(Object.isFrozen(metadata)).toBe(true)
  })

  it('keep concurrent runs apart', async () => {
    let user = 0
    const runtime = runtimeOf({
      hooks: [{ name: 'auth', before: async () => (await Promise.resolve(), { 'auth.user': ++user }) }],
    })
    const all = await Promise.all(Array.from({ length: 50 }, () => runtime.invoke(telling, { input: 1 })))
    expect(new Set(all.map((metadata) => metadata['auth.user'])).size).toBe(50)
    expect(new Set(all.map((metadata) => metadata['flow.run_id'])).size).toBe(50)
  })

  it('can refuse a run before anything happens', async () => {
    const ran = vi.fn(() => 1)
    const guarded = flow('guarded', {
      trigger,
      graph: (x, step) => step(node('n', { input: number, run: ran }), x),
    })
    const runtime = runtimeOf({
      hooks: [
        {
          name: 'auth',
          before: () => {
            throw deny({ status: 401 })
          },
        },
      ],
    })
    expect(await failureOf(runtime.invoke(guarded, { input: 1 }))).toMatchObject({
      failure: 'Denied',
      cause: { status: 401 },
    })
    expect(ran).not.toHaveBeenCalled()
    expect(runtime.running).toBe(0)
  })

  it('see how runs end, in reverse order, and may fail without harm', async () => {
    const seen: string[] = []
    const hook = (name: string) => ({
      name,
      after: (_run: unknown, { ok }: { ok: boolean }) => {
        seen.push(`${name} ${ok}`)
        throw new Error('hook')
      },
    })
    const log = { debug: vi.fn(), info: vi.fn(), warn: vi.fn(), error: vi.fn() }
    const runtime = runtimeOf({ hooks: [hook('outer'), hook('inner')], log })
    await runtime.invoke(telling, { input: 1 })
    await runtime.close()
    expect(seen).toEqual(['inner true', 'outer true'])
    expect(log.error).toHaveBeenCalledTimes(2)
  })
})

const kvInfo = {
  provider: 'test',
  consistency: 'strong',
  durability: 'ephemeral',
  ttl: 'none',
  limits: {
    maxKeyBytes: 512,
    maxValueBytes: 1e6,
    maxMetadataBytes: 0,
    minTtlSeconds: 0,
    maxListKeys: 1,
    maxBulkKeys: 1,
  },
  features: { list: false, metadata: false, conditional: false, bulk: false },
  extensions: {},
} as const

describe('a step with a timeout', () => {
  it('sees all of its run, with a signal of its own', async () => {
    const seen = node('seen', {
      input: z.object({}),
      run: (_input, { log, metadata, signal }) => {
        log.info({}, 'it is there')
        return [metadata['flow.name'], signal.aborted]
      },
    })
    const timed = flow('timed', {
      trigger: manual({ input: z.object({}) }),
      graph: (it, step) => step(seen, it, { timeout: '40d' }),
    })
    await expect(createRuntime(ResourceBag.empty()).invoke(timed, { input: {} })).resolves.toEqual([
      'timed',
      false,
    ])
  })

  it('is told to be running while its handler is at work, though its caller knows of the timeout', async () => {
    const work = Promise.withResolvers<void>()
    const deaf = node('deaf', { input: z.object({}), run: () => work.promise })
    const timed = flow('deaf', {
      trigger: manual({ input: z.object({}) }),
      graph: (it, step) => step(deaf, it, { timeout: '5ms' }),
    })
    const runtime = createRuntime(ResourceBag.empty())
    await expect(runtime.invoke(timed, { input: {} })).rejects.toMatchObject({ cause: { code: 'TIME015' } })
    expect(runtime.running).toBe(1)
    work.resolve()
    await vi.waitFor(() => expect(runtime.running).toBe(0))
  })

  it('takes the failure of a run inside it for its own', async () => {
    const inner = flow('inner', {
      trigger: manual({ input: z.object({ n: z.number() }) }),
      graph: (it, step) => step(node('same', { input: opaque<{ n: number }>(), run: ({ n }) => n }), it),
    })
    const runtime = createRuntime(ResourceBag.empty())
    const outer = flow('outer', {
      trigger: manual({ input: z.object({}) }),
      graph: (it, step) =>
        step(
          node('asks', {
            input: z.object({}),
            run: () => runtime.invoke(inner, { input: { n: 'x' as never } }),
          }),
          it,
        ),
    })
    await expect(runtime.invoke(outer, { input: {} })).rejects.toMatchObject({
      failure: 'NodeFailed',
      flow: 'outer',
      cause: { failure: 'InvalidInput', flow: 'inner' },
    })
  })
})
