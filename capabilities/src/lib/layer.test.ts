import { describe, expect, it, vi } from 'vitest'
import { CapabilityError } from './error.ts'
import { type Call, createPipeline, isImmediate, isReplayable, type Layer } from './layer.ts'

const run = (
  layers: readonly Layer[],
  execute: (call: Call) => unknown,
  scope: { signal?: AbortSignal } = {},
) => createPipeline('kv', 'kv:x', layers).run('get', 'k', scope, undefined, execute)

describe('createPipeline', () => {
  it('tells layers and driver what is done, to what, and how', async () => {
    const seen: Call[] = []
    const signal = new AbortController().signal
    const pipeline = createPipeline('kv', 'kv:x', [])
    await pipeline.run('putConditional', 'k', { signal, deadline: 5 }, undefined, (call) => seen.push(call))
    expect(seen[0]).toMatchObject({
      capability: 'kv:x',
      operation: 'putConditional',
      key: 'k',
      effect: 'write',
      replayable: false,
      attempt: 1,
      signal,
      deadline: 5,
    })
  })

  it('takes the signal of the call and of the run, whichever fires', async () => {
    const [own, scope] = [new AbortController(), new AbortController()]
    const pipeline = createPipeline('kv', 'kv', [])
    const signalOf = (a?: AbortSignal, b?: AbortSignal) =>
      pipeline.run('get', 'k', { signal: a }, { signal: b, deadline: 7 }, ({ signal, deadline }) => ({
        signal,
        deadline,
      }))
    expect(await signalOf()).toEqual({ signal: undefined, deadline: 7 })
    expect((await signalOf(own.signal)).signal).toBe(own.signal)
    expect((await signalOf(undefined, scope.signal)).signal).toBe(scope.signal)
    const both = (await signalOf(own.signal, scope.signal)).signal
    scope.abort()
    expect(both?.aborted).toBe(true)
  })

  it('puts what the run lends around writes, and around nothing else', async () => {
    const seen: string[] = []
    const aroundWrite = async <T>(domain: string, write: () => Promise<T>): Promise<T> => {
      seen.push(domain)
      return write().finally(() => seen.push('ended'))
    }
    const pipeline = createPipeline('kv', 'kv:x', [])
    expect(await pipeline.run('get', 'k', undefined, { aroundWrite }, () => 1)).toBe(1)
    expect(await pipeline.run('put', 'k', undefined, { aroundWrite }, () => seen.push('put'))).toBe(2)
    expect(seen).toEqual(['kv', 'put', 'ended'])
  })

  it('refuses a write that the run refuses, before any layer', async () => {
    const execute = vi.fn()
    const around = vi.fn()
    const aroundWrite = () => Promise.reject(new Error('no lease'))
    const pipeline = createPipeline('kv', 'kv:x', [{ name: 'seen', around }])
    await expect(pipeline.run('put', 'k', undefined, { aroundWrite }, execute)).rejects.toMatchObject({
      capability: 'kv:x',
      operation: 'put',
      cause: { message: 'no lease' },
    })
    expect([execute.mock.calls, around.mock.calls]).toEqual([[], []])
  })

  it('does not reach the driver when the signal has fired', async () => {
    const execute = vi.fn()
    await expect(run([], execute, { signal: AbortSignal.abort('why') })).rejects.toMatchObject({
      kind: 'Cancelled',
      cause: 'why',
    })
    expect(execute).not.toHaveBeenCalled()
  })

  it('makes a CapabilityError of whatever a driver throws, at once or later', async () => {
    const fail = () => {
      throw new TypeError('bug')
    }
    for (const execute of [fail, () => Promise.reject(new TypeError('bug'))]) {
      await expect(run([], execute)).rejects.toMatchObject({
        kind: 'Unexpected',
        capability: 'kv:x',
        operation: 'get',
        key: 'k',
      })
    }
    const refuse = () => {
      throw new CapabilityError('NotFound', 'no')
    }
    await expect(run([], refuse)).rejects.toMatchObject({ kind: 'NotFound', capability: 'kv:x' })
  })

  it('says Cancelled of a failure after the signal fired', async () => {
    const controller = new AbortController()
    const fails = () => {
      controller.abort()
      return Promise.reject(new Error('socket closed'))
    }
    await expect(run([], fails, { signal: controller.signal })).rejects.toMatchObject({ kind: 'Cancelled' })
  })

  it('takes thenables for promises', async () => {
    const thenable = { then: (resolve: (value: string) => void) => resolve('later') }
    expect(await run([], () => thenable)).toBe('later')
  })

  it('rejects when a layer throws, and layers outside of it see that', async () => {
    const seen: unknown[] = []
    const outer: Layer = {
      name: 'outer',
      around: (call, next) =>
        next(call).catch((error: unknown) => {
          seen.push(error)
          throw error
        }),
    }
    const broken: Layer = {
      name: 'broken',
      around() {
        throw new TypeError('bug in a layer')
      },
    }
    await expect(run([outer, broken], () => 1)).rejects.toMatchObject({ kind: 'Unexpected' })
    expect(seen).toHaveLength(1)
    await expect(run([broken], () => 1)).rejects.toMatchObject({ kind: 'Unexpected' })
  })

  it('keeps the layer’s own this, and passes by layers without around', async () => {
    class Counting implements Layer {
      readonly name = 'counting'
      count = 0
      around<T>(call: Call, next: (call: Call) => Promise<T>): Promise<T> {
        this.count += 1
        return next(call)
      }
    }
    const counting = new Counting()
    await run([{ name: 'nothing' }, counting], () => 1)
    expect(counting.count).toBe(1)
  })
})

describe('isImmediate', () => {
  it('is true for an answer the driver gave at once, and that no layer has changed', async () => {
    const seen: boolean[] = []
    const looking: Layer = {
      name: 'looking',
      around(call, next) {
        const answer = next(call)
        seen.push(isImmediate(answer))
        return answer
      },
    }
    const passing: Layer = { name: 'passing', around: (call, next) => next(call) }
    const changing: Layer = { name: 'changing', around: async (call, next) => next(call) }
    await run([looking], () => 1)
    await run([looking, passing], () => undefined)
    expect(seen).toEqual([true, true])
    seen.length = 0
    await run([looking], () => Promise.resolve(1))
    await run([looking, changing], () => 1)
    await run([looking], () => Promise.reject(new Error('no'))).catch(() => undefined)
    await run([looking], () => {
      throw new Error('no')
    }).catch(() => undefined)
    expect(seen).toEqual([false, false, false, false])
  })

  it('is not fooled by a call inside of a call', async () => {
    const seen: boolean[] = []
    const nosy: Layer = {
      name: 'nosy',
      around(call, next) {
        const answer = next(call)
        run([], () => 'another').catch(() => undefined)
        seen.push(isImmediate(answer))
        return answer
      },
    }
    expect(await run([nosy], () => run([], () => 'inner'))).toBe('inner')
    expect(await run([nosy], () => 'outer')).toBe('outer')
    expect(seen).toEqual([false, false])
  })

  it('is false once the call has left', async () => {
    const answer = run([], () => 1)
    expect(isImmediate(answer)).toBe(false)
    await answer
  })
})

describe('isReplayable', () => {
  it('is what the operation says, until its body has been touched', () => {
    const call = { replayable: true } as Call
    expect(isReplayable(call)).toBe(true)
    expect(isReplayable({ ...call, replayable: false })).toBe(false)
    expect(isReplayable({ ...call, body: { touched: false } })).toBe(true)
    expect(isReplayable({ ...call, body: { touched: true } })).toBe(false)
  })
})
