import { CapabilityError } from '@flowport/capabilities'
import { describe, expect, it } from 'vitest'
import { callObject } from './call-object.ts'
import { type Outcome, outcomeOf, valueOf } from './outcome.ts'

const answered: Outcome<number> = { ok: true, value: 7 }

describe('callObject', () => {
  it('makes a stub for every call, so that a broken one is left behind', async () => {
    let stubs = 0
    const open = () => {
      stubs += 1
      return stubs
    }
    const ask = async (stub: number) => {
      if (stub === 1) throw Object.assign(new Error('lost'), { retryable: true })
      return answered
    }
    await expect(callObject(open, {}, ask)).rejects.toMatchObject({ kind: 'Unavailable' })
    expect(await callObject(open, {}, ask)).toBe(7)
    expect(stubs).toBe(2)
  })

  it('does not ask at all when the signal has fired', async () => {
    const signal = AbortSignal.abort(new Error('gone'))
    const asked = callObject(
      () => expect.fail('a stub was made'),
      { signal },
      () => expect.fail('the object was asked'),
    )
    await expect(asked).rejects.toMatchObject({ kind: 'Cancelled', cause: signal.reason, applied: 'no' })
  })

  it('lets the caller go when the signal fires, and takes a failure after that for what it is: late', async () => {
    const controller = new AbortController()
    const { promise, reject } = Promise.withResolvers<Outcome<number>>()
    const asked = callObject(
      () => null,
      { signal: controller.signal },
      () => promise,
    )
    controller.abort()
    await expect(asked).rejects.toMatchObject({ kind: 'Cancelled', applied: 'unknown' })
    reject(new Error('late'))
    await promise.catch(() => undefined)
  })

  it('answers as usual with a signal that does not fire, and keeps no listener', async () => {
    const { signal } = new AbortController()
    let listeners = 0
    const counted = new Proxy(signal, {
      get: (target, name) => {
        if (name === 'addEventListener') listeners += 1
        if (name === 'removeEventListener') listeners -= 1
        const value: unknown = Reflect.get(target, name, target)
        return typeof value === 'function' ? value.bind(target) : value
      },
    })
    expect(
      await callObject(
        () => null,
        { signal: counted },
        async () => answered,
      ),
    ).toBe(7)
    expect(listeners).toBe(0)
  })
})

describe('outcomes', () => {
  it('carry a refusal with its kind, code and facts through a structured clone', async () => {
    const refusal = await outcomeOf<number>(() => {
      throw new CapabilityError('LimitExceeded', 'too long', {
        code: 'TOO_LONG',
        details: { limit: 'key', max: 2, strict: true, cause: new Error('left behind') },
      })
    })
    expect(() => valueOf(structuredClone(refusal))).toThrow(
      expect.objectContaining({
        kind: 'LimitExceeded',
        reason: 'too long',
        code: 'TOO_LONG',
        details: { limit: 'key', max: 2, strict: true },
      }),
    )
  })

  it('carry what a refusal says of the write; an object of a version before that leaves it to the kind', async () => {
    const lost = new CapabilityError('ConditionNotMatch', 'refused after a try that was lost', {
      applied: 'unknown',
    })
    const outcome = structuredClone(
      await outcomeOf<number>(() => {
        throw lost
      }),
    )
    expect(() => valueOf(outcome)).toThrow(expect.objectContaining({ applied: 'unknown' }))
    const older = { ok: false, kind: 'ConditionNotMatch', reason: 'refused', code: 'X' } as const
    expect(() => valueOf(older)).toThrow(expect.objectContaining({ applied: 'no' }))
  })

  it('carry answers, and throw on what is no refusal', async () => {
    expect(valueOf(await outcomeOf(async () => 7))).toBe(7)
    await expect(outcomeOf(() => Promise.reject(new Error('a bug')))).rejects.toThrow('a bug')
  })
})
