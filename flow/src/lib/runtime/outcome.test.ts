import { CapabilityError, createKeyValue } from '@flowport/capabilities'
import { beforeEach, describe, expect, it, vi } from 'vitest'
import { problem } from '../http/http-problem.ts'
import { charging, type ChargingOptions, memoryStores, type Stores } from './test/charging.ts'

let stores: Stores
beforeEach(async () => {
  stores = memoryStores()
  await createKeyValue(stores.entries, { clock: stores.clock }).put('taken', 'before')
})

const process = (run: ChargingOptions['run'], begins: 'handler' | 'effect' = 'handler') =>
  charging(stores, { idempotency: { key: '/id', unknown: 'never', begins, lease: '10s' }, run })

/** What the next caller finds under the key. */
async function next(): Promise<unknown> {
  const answer: unknown = await process(() => ({ charge: 'free' }))().catch(
    (error: { cause: unknown }) => error.cause,
  )
  if (answer instanceof CapabilityError && answer.code === 'IDEM_UNKNOWN') return 'unknown'
  return (answer as { charge?: unknown }).charge === 'free' ? 'free' : answer
}

const reset = new CapabilityError('Unavailable', 'reset', { applied: 'unknown' })
const refused = new CapabilityError('ConditionNotMatch', 'refused', { applied: 'no' })
const refusedForNow = new CapabilityError('Unavailable', 'not now', { applied: 'no' })
const declined = problem({
  status: 402,
  code: 'DECLINED',
  title: 'The card was declined',
  details: { why: 'funds' },
})
const made = async () => 'made'
const fails = (error: unknown) => async (): Promise<never> => {
  throw error
}
type Handler = ChargingOptions['run']

describe("after an error, with begins: 'handler'", () => {
  it.each<[string, string, Handler]>([
    ['unknown', 'an error that does not say whether anything was made', fails(new Error('oops'))],
    ['unknown', 'a connection reset after sending', fails(reset)],
    ['free', 'an error of the handler that says nothing was made', fails(refused)],
    [
      'unknown',
      'a refused write after one that was made',
      async (_, { kv }) => {
        await kv.put('first', '1')
        await kv.put('first', '2', { ifAbsent: true })
        return { charge: 'x' }
      },
    ],
    [
      'unknown',
      'a write was refused by its condition: what the handler did beside it is not known',
      async (_, { kv }) => {
        await kv.put('taken', 'again', { ifAbsent: true })
        return { charge: 'x' }
      },
    ],
    [
      'unknown',
      'a write was refused for its key: what the handler did beside it is not known',
      async (_, { kv }) => {
        await kv.put('x'.repeat(100_000), 'key too long')
        return { charge: 'x' }
      },
    ],
    [
      'unknown',
      'a refused effect after one that was made',
      async (_, { effect }) => {
        await effect(made)
        return effect(fails(refused))
      },
    ],
    [
      'unknown',
      'a read failed: what was made beside it is not known',
      async (_, { kv }) => {
        await kv.get('x'.repeat(100_000))
        return { charge: 'x' }
      },
    ],
    [
      'unknown',
      'a problem that decides nothing',
      fails(problem({ status: 503, code: 'LATER', title: 'Later' })),
    ],
  ])('the key is %s: %s', async (state, _, run) => {
    await expect(process(run)()).rejects.toThrow()
    expect(await next()).toBe(state)
  })
})

describe("after an error, with begins: 'effect'", () => {
  it.each<[string, string, Handler]>([
    ['free', 'no effect began', fails(new Error('before'))],
    ['free', 'a problem before any effect', fails(declined)],
    [
      'free',
      'every effect was refused',
      async (_, { effect }) => {
        await effect(fails(refused)).catch(() => undefined)
        return effect(fails(refused))
      },
    ],
    [
      'unknown',
      'an effect was made',
      async (_, { effect }) => {
        await effect(made)
        throw new Error('after')
      },
    ],
    [
      'unknown',
      'the second effect of two was refused',
      async (_, { effect }) => {
        await effect(made)
        return effect(fails(refused))
      },
    ],
    [
      'unknown',
      'an effect is in doubt though the handler threw something else',
      async (_, { effect }) => {
        await effect(fails(reset)).catch(() => undefined)
        throw declined
      },
    ],
    [
      'free',
      'the response to the only request refuses it',
      async (_, { effect }) => {
        await effect(async () => new Response('no', { status: 402 }))
        throw new Error('not paid')
      },
    ],
    [
      'unknown',
      'the response to the only request leaves it open',
      async (_, { effect }) => {
        await effect(async () => new Response('oops', { status: 500 }))
        throw new Error('not paid')
      },
    ],
    [
      'free',
      'the only write was refused by its condition',
      async (_, { kv }) => {
        await kv.put('taken', 'again', { ifAbsent: true })
        return { charge: 'x' }
      },
    ],
    [
      'unknown',
      'an effect still runs',
      async (_, { effect }) => {
        const begun = Promise.withResolvers<void>()
        void effect(() => (begun.resolve(), new Promise<never>(() => undefined)))
        await begun.promise
        throw refused
      },
    ],
    [
      'unknown',
      'a write through a resource was made',
      async (_, { kv }) => {
        await kv.put('charge', '1')
        throw new Error('after')
      },
    ],
    [
      'free',
      'only reads were made',
      async (_, { kv }) => {
        await kv.get('charge')
        throw new Error('after')
      },
    ],
  ])('the key is %s: %s', async (state, _, run) => {
    await expect(process(run, 'effect')()).rejects.toThrow()
    await stores.clock.advance(1)
    expect(await next()).toBe(state)
  })
})

describe('a request that was answered', () => {
  const answered = (status: number) => async (): Promise<Response> => new Response(null, { status })
  const throwing =
    (...statuses: readonly number[]): Handler =>
    async (_, { effect }) => {
      for (const status of statuses) await effect(answered(status))
      throw refused
    }

  it.each(['handler', 'effect'] as const)("counts by its status, begins: '%s'", async (begins) => {
    const states: unknown[] = []
    for (const statuses of [[402], [400, 429], [201], [201, 402], [409], [503]]) {
      stores = memoryStores()
      await expect(process(throwing(...statuses), begins)()).rejects.toThrow()
      states.push(await next())
    }
    expect(states).toEqual(['free', 'free', 'unknown', 'unknown', 'unknown', 'unknown'])
  })
})

describe('a problem that a node decides on', () => {
  it.each<[string, 'handler' | 'effect', Handler]>([
    ['in a handler', 'handler', fails(declined)],
    [
      'after a finished effect',
      'effect',
      async (_, { effect }) => {
        await effect(made)
        throw declined
      },
    ],
    ['within an effect', 'effect', (_, { effect }) => effect(fails(declined))],
    [
      'after an effect was made and another was refused',
      'effect',
      async (_, { effect }) => {
        await effect(made)
        await effect(fails(refused)).catch(() => undefined)
        throw declined
      },
    ],
  ])(
    '%s is the result: later callers get the same problem, and nothing runs again',
    async (_, begins, run) => {
      const effect = vi.fn(run)
      const invoke = process(effect, begins)
      const answer = {
        cause: { status: 402, code: 'DECLINED', title: 'The card was declined', details: { why: 'funds' } },
      }
      await expect(invoke()).rejects.toMatchObject(answer)
      await expect(invoke()).rejects.toMatchObject(answer)
      expect(effect).toHaveBeenCalledTimes(1)
    },
  )
})

describe('an effect that begins after its attempt has ended', () => {
  it.each(['handler', 'effect'] as const)("is not made: begins '%s'", async (begins) => {
    const first = Promise.withResolvers<{ readonly late: Promise<unknown> }>()
    const charges = vi.fn(made)
    let attempts = 0
    const invoke = charging(stores, {
      idempotency: { key: '/id', unknown: 'again', begins },
      step: { retry: { maxAttempts: 2, backoff: '0ms' } },
      async run(_, { effect }) {
        attempts++
        if (attempts > 1) return { charge: await effect(charges) }
        const late = stores.clock.sleep(0).then(() => effect(charges))
        first.resolve({ late: late.catch((error: unknown) => error) })
        throw refusedForNow
      },
    })
    const answer = invoke()
    const { late } = await first.promise
    await stores.clock.advance(1)
    expect(await late).toMatchObject({ code: 'IDEM_LEASE_LOST' })
    expect(await answer).toEqual({ charge: 'made' })
    expect(charges).toHaveBeenCalledTimes(1)
  })
})

describe("with begins: 'effect'", () => {
  it('the ledger has it that an effect begins before the effect, and once', async () => {
    const renew = vi.spyOn(stores.ledger, 'renew')
    const started: boolean[] = []
    await process(async (_, { effect, kv }) => {
      expect(renew).not.toHaveBeenCalled()
      await Promise.all([
        effect(async () => started.push(renew.mock.lastCall?.[3].started === true)),
        effect(made),
      ])
      await kv.put('charge', '1')
      return { charge: 'x' }
    }, 'effect')()
    expect(started).toEqual([true])
    expect(renew).toHaveBeenCalledTimes(1)
  })

  it('no effect is made whose begin cannot be recorded, and the key is free again', async () => {
    const effect = vi.fn(made)
    const renew = vi.spyOn(stores.ledger, 'renew').mockRejectedValueOnce(reset)
    await expect(
      process((_, context) => context.effect(effect).then(() => ({ charge: 'x' })), 'effect')(),
    ).rejects.toThrow()
    expect(renew).toHaveBeenCalledTimes(1)
    expect(effect).not.toHaveBeenCalled()
    expect(await next()).toBe('free')
  })

  it('no effect is made after another holder has taken the key', async () => {
    const effect = vi.fn(made)
    const gate = Promise.withResolvers<void>()
    const late = process(async (_, context) => {
      await gate.promise
      await context.effect(effect)
      return { charge: 'late' }
    }, 'effect')()
    await stores.clock.advance(1)
    await stores.ledger.forget('t:charging/charge:a', { signal: undefined })
    await process(() => ({ charge: 'second' }))()
    gate.resolve()
    await expect(late).rejects.toMatchObject({ cause: { code: 'IDEM_LEASE_LOST' } })
    expect(effect).not.toHaveBeenCalled()
  })

  it('a late duplicate of the begin does not take the begun effect back', async () => {
    const begin = vi.spyOn(stores.ledger, 'begin')
    await expect(
      process(async (_, { effect }) => {
        await effect(made)
        const [call] = begin.mock.calls
        if (call !== undefined) await stores.ledger.begin(...call)
        throw new Error('after')
      }, 'effect')(),
    ).rejects.toThrow('after')
    expect(await next()).toBe('unknown')
  })
})

it('effect() in a node without a key only makes the effect', async () => {
  const invoke = charging(stores, {
    idempotency: 'natural',
    run: async (_, { effect, idempotencyKey, fencingToken }) => {
      expect([idempotencyKey, fencingToken]).toEqual([undefined, undefined])
      return { charge: await effect(made) }
    },
  })
  expect(await invoke()).toEqual({ charge: 'made' })
})
