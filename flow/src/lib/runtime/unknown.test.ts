import { CapabilityError } from '@flowport/capabilities'
import { ManualClock } from '@flowport/capabilities/testing'
import { beforeEach, describe, expect, it, vi } from 'vitest'
import { problem } from '../http/problem.ts'
import type { Unknown, UnknownAnswer, UnknownQuestion } from '../idempotency.ts'
import {
  type Charge,
  charging,
  type ChargingOptions,
  memoryStores,
  type Order,
  type Stores,
} from './test/charging.ts'

type Uses = { readonly kv: 'write' }
type Question = UnknownQuestion<Order, Uses>
type Answer = UnknownAnswer<Charge>

let stores: Stores
beforeEach(() => {
  stores = memoryStores()
})

/** A connection that broke after the request was sent. */
const reset = () => new CapabilityError('Unavailable', 'the connection was reset', { applied: 'unknown' })
const refused = () => new CapabilityError('Unavailable', 'not now', { applied: 'no' })

function process(
  unknown: Unknown<Order, Charge, Uses>,
  run: ChargingOptions['run'],
  rest: Pick<ChargingOptions, 'step' | 'clock'> & { readonly begins?: 'handler' | 'effect' } = {},
) {
  const { begins = 'handler', ...others } = rest
  return charging(stores, { idempotency: { key: '/id', unknown, begins, lease: '10s' }, run, ...others })
}

/** A process that dies in its handler: the key is unknown when its lease has ended. */
async function crash(fences: (number | undefined)[] = []): Promise<void> {
  const entered = Promise.withResolvers<void>()
  const dead = process(
    'never',
    (_, { fencingToken }) => {
      fences.push(fencingToken)
      entered.resolve()
      return new Promise<never>(() => undefined)
    },
    { clock: new ManualClock() },
  )
  void dead()
  await entered.promise
  await stores.clock.advance(10_000)
}

const unknownKey = {
  cause: { code: 'IDEM_UNKNOWN', kind: 'ConditionNotMatch', retryable: 'never', retryAfterMs: undefined },
}

describe('a problem that a node decides on after another holder took its key', () => {
  it('is not the answer: the caller gets IDEM_FENCED, and later callers get what was stored', async () => {
    const entered = Promise.withResolvers<void>()
    const decide = Promise.withResolvers<never>()
    const run = () => {
      entered.resolve()
      return decide.promise
    }
    const slow = process('never', run, { clock: new ManualClock() })()
    await entered.promise
    await stores.clock.advance(10_000)
    const asking = process(
      () => ({ done: { charge: 'first' } }),
      () => ({ charge: 'second' }),
    )
    expect(await asking()).toEqual({ charge: 'first' })
    decide.reject(problem({ status: 409, code: 'SOLD_OUT', title: 'sold out' }))
    await expect(slow).rejects.toMatchObject({ cause: { code: 'IDEM_FENCED' } })
    expect(await asking()).toEqual({ charge: 'first' })
  })
})

describe('a key whose outcome nobody can know', () => {
  it.each(['a crash', 'an error'])(
    "stays unknown after %s with 'never', and is not run again",
    async (how) => {
      const effect = vi.fn(() => ({ charge: 'second' }))
      if (how === 'a crash') await crash()
      else
        await expect(process('never', () => Promise.reject(reset()))()).rejects.toMatchObject({
          cause: { kind: 'Unavailable' },
        })
      const again = process('never', effect)
      await expect(again()).rejects.toMatchObject(unknownKey)
      await stores.clock.advance(365 * 86_400_000)
      await expect(again()).rejects.toMatchObject(unknownKey)
      expect(effect).not.toHaveBeenCalled()
    },
  )

  it("is run again with the same key under a larger fencing token with 'again'", async () => {
    const seen: unknown[] = []
    const fences: number[] = []
    await crash(fences)
    const again = process('again', (_, { idempotencyKey, fencingToken = 0 }) => {
      seen.push(idempotencyKey)
      fences.push(fencingToken)
      return { charge: 'again' }
    })
    expect(await again()).toEqual({ charge: 'again' })
    expect(seen).toEqual(['charging/charge:a'])
    expect(fences[1]).toBeGreaterThan(fences[0] ?? Number.NaN)
  })

  it("keeps the doubt with 'again': an attempt that was refused does not free the key", async () => {
    await crash()
    await expect(process('again', () => Promise.reject(refused()))()).rejects.toMatchObject({
      cause: { kind: 'Unavailable' },
    })
    await expect(process('never', () => ({ charge: 'b' }))()).rejects.toMatchObject(unknownKey)
  })
})

it('a key that was freed while it was being taken over keeps its begun effect in mind', async () => {
  await crash()
  const begin = stores.ledger.begin.bind(stores.ledger)
  vi.spyOn(stores.ledger, 'begin').mockImplementation(async (...call) => {
    const found = await begin(...call)
    if (found.state === 'unknown') await stores.ledger.forget(call[0], { signal: undefined })
    return found
  })
  const entered = Promise.withResolvers<void>()
  const dying: ChargingOptions['run'] = async (_, { effect }) => {
    await effect(() => entered.resolve())
    return new Promise<never>(() => undefined)
  }
  void process('again', dying, { begins: 'effect', clock: new ManualClock() })()
  await entered.promise
  vi.restoreAllMocks()
  await stores.clock.advance(10_000)
  await expect(process('never', () => ({ charge: 'x' }))()).rejects.toMatchObject(unknownKey)
})

it('a ledger that never lets a key be taken over is not asked for ever', async () => {
  const begin = vi.spyOn(stores.ledger, 'begin')
  begin.mockReturnValue({ state: 'unknown', fingerprint: '', fence: 1, sinceMs: 0 })
  await expect(process('again', () => ({ charge: 'x' }))()).rejects.toMatchObject({
    cause: { code: 'IDEM_IN_FLIGHT' },
  })
  expect(begin.mock.calls.length).toBeLessThan(20)
})

describe('a function that asks the sink', () => {
  it('is asked with a larger fencing token than that of the earlier holder, before anything runs', async () => {
    const fences: number[] = []
    await crash(fences)
    let question: Question | undefined
    const effect = vi.fn(() => ({ charge: 'run' }))
    const invoke = process(async (asked) => {
      question = asked
      await asked.kv.put('asked', asked.input.id)
      expect(effect).not.toHaveBeenCalled()
      return { notDone: 'fenced' }
    }, effect)
    expect(await invoke()).toEqual({ charge: 'run' })
    expect(question).toMatchObject({ input: { id: 'a' }, idempotencyKey: 'charging/charge:a' })
    expect(question?.fencingToken).toBeGreaterThan(fences[0] ?? Number.NaN)
    expect(effect).toHaveBeenCalledTimes(1)
    expect(await invoke()).toEqual({ charge: 'run' })
  })

  it('whose sink has the effect gives the result, which is stored', async () => {
    await crash()
    const ask = vi.fn(async () => ({ done: { charge: 'found' } }))
    const effect = vi.fn(() => ({ charge: 'run' }))
    const invoke = process(ask, effect)
    expect(await invoke()).toEqual({ charge: 'found' })
    expect(await invoke()).toEqual({ charge: 'found' })
    expect(ask).toHaveBeenCalledTimes(1)
    expect(effect).not.toHaveBeenCalled()
  })

  it.each<[string, () => unknown]>([
    ['does not know', () => 'unknown'],
    ['cannot be reached', () => Promise.reject(new Error('down'))],
    ['answers what nobody asked', () => ({ notDone: 'not found' })],
    ['answers nothing', () => undefined],
  ])('whose sink %s leaves the key unknown, and is asked again by the next caller', async (_, answer) => {
    await crash()
    const ask = vi.fn(async () => (await answer()) as Answer)
    const effect = vi.fn(() => ({ charge: 'run' }))
    const invoke = process(ask, effect)
    await expect(invoke()).rejects.toMatchObject(unknownKey)
    await expect(invoke()).rejects.toMatchObject(unknownKey)
    expect(ask).toHaveBeenCalledTimes(2)
    expect(effect).not.toHaveBeenCalled()
  })

  it('frees the key when its sink has closed it and the handler is refused then', async () => {
    await crash()
    const invoke = process(
      async () => ({ notDone: 'closed' }),
      () => Promise.reject(refused()),
    )
    await expect(invoke()).rejects.toMatchObject({ cause: { kind: 'Unavailable' } })
    expect(await process('never', () => ({ charge: 'free' }))()).toEqual({ charge: 'free' })
  })

  it('is not run beside another holder: of two callers one asks', async () => {
    await crash()
    const ask = vi.fn(async (): Promise<Answer> => {
      await stores.clock.sleep(500)
      return { done: { charge: 'found' } }
    })
    const both = Promise.all([
      process(ask, () => ({ charge: 'run' }))(),
      process(ask, () => ({ charge: 'run' }))(),
    ])
    for (let i = 0; i < 20; i++) await stores.clock.advance(50)
    expect(await both).toEqual([{ charge: 'found' }, { charge: 'found' }])
    expect(ask).toHaveBeenCalledTimes(1)
  })

  it('does not run the handler for a caller whose step timed out while it asked', async () => {
    await crash()
    const answer = Promise.withResolvers<Answer>()
    const effect = vi.fn(() => ({ charge: 'run' }))
    const invoke = process(() => answer.promise, effect, { step: { timeout: '1s' } })
    const late = invoke().catch((error: unknown) => error)
    await stores.clock.advance(1_000)
    expect(await late).toMatchObject({ cause: { code: 'TIME015' } })
    answer.resolve({ notDone: 'fenced' })
    await stores.clock.advance(1)
    expect(effect).not.toHaveBeenCalled()
    expect(await process('never', effect)()).toEqual({ charge: 'run' })
  })
})

describe("a handler that was late, with 'never'", () => {
  it.each<[string, Error, unknown]>([
    ['is unknown when it failed in doubt', reset(), 'IDEM_UNKNOWN'],
    ['is free when it was refused', refused(), 'charged'],
  ])('%s', async (_, error, outcome) => {
    const work = Promise.withResolvers<Charge>()
    const late = process('never', () => work.promise, { step: { timeout: '1s' } })().catch(
      (thrown: unknown) => thrown,
    )
    await stores.clock.advance(1_000)
    expect(await late).toMatchObject({ cause: { code: 'TIME015' } })
    work.reject(error)
    await stores.clock.advance(1)
    const next = process('never', () => ({ charge: 'charged' }))()
    expect(
      await next.then(
        ({ charge }) => charge,
        (thrown: { cause: { code: string } }) => thrown.cause.code,
      ),
    ).toBe(outcome)
  })
})

describe('a retry of the step', () => {
  const step = { retry: { maxAttempts: 4, backoff: '0ms' } } as const
  const ended = async (answer: Promise<unknown>) => {
    const outcome = answer.catch((error: unknown) => error)
    for (let i = 0; i < 10; i++) await stores.clock.advance(1)
    return outcome
  }

  it("does not follow an attempt in doubt with 'never'", async () => {
    const effect = vi.fn(() => Promise.reject(reset()))
    const invoke = process('never', effect, { step })
    expect(await ended(invoke())).toMatchObject({ cause: { kind: 'Unavailable' } })
    expect(await ended(invoke())).toMatchObject(unknownKey)
    expect(effect).toHaveBeenCalledTimes(1)
  })

  it("follows a refused attempt with 'never'", async () => {
    const effect = vi
      .fn<() => Promise<Charge>>()
      .mockRejectedValueOnce(refused())
      .mockResolvedValue({ charge: 'x' })
    expect(await ended(process('never', effect, { step })())).toEqual({ charge: 'x' })
    expect(effect).toHaveBeenCalledTimes(2)
  })

  it("follows an attempt in doubt with 'again', under the same key", async () => {
    const keys: unknown[] = []
    const invoke = process(
      'again',
      (_, { idempotencyKey }) => {
        keys.push(idempotencyKey)
        return keys.length < 4 ? Promise.reject(reset()) : { charge: 'x' }
      },
      { step },
    )
    expect(await ended(invoke())).toEqual({ charge: 'x' })
    expect(keys).toEqual(Array.from({ length: 4 }, () => 'charging/charge:a'))
  })

  it('asks the sink first, under a larger fencing token than that of the attempt in doubt', async () => {
    const fences: (number | string | undefined)[] = []
    const invoke = process(
      async ({ fencingToken }) => {
        fences.push('asked', fencingToken)
        return { notDone: 'fenced' }
      },
      (_, { fencingToken }) => {
        fences.push('run', fencingToken)
        return fences.length === 2 ? Promise.reject(reset()) : { charge: 'x' }
      },
      { step },
    )
    expect(await ended(invoke())).toEqual({ charge: 'x' })
    const [run, first, asked, second, again, third] = fences
    expect([run, asked, again]).toEqual(['run', 'asked', 'run'])
    expect(second).toBeGreaterThan(first as number)
    expect(third).toBe(second)
    expect(await ended(invoke())).toEqual({ charge: 'x' })
  })

  it('ends when the sink does not know', async () => {
    const effect = vi.fn(() => Promise.reject(reset()))
    const ask = vi.fn(() => 'unknown' as const)
    expect(await ended(process(ask, effect, { step })())).toMatchObject(unknownKey)
    expect([effect.mock.calls.length, ask.mock.calls.length]).toEqual([1, 1])
  })
})
