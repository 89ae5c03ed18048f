/** Charges and answers when a fault happens around a charge: every fault with every `unknown` choice. */
import { CapabilityError, retry } from '@flowport/capabilities'
import { ManualClock } from '@flowport/capabilities/testing'
import { problem } from '@flowport/flow'
import { afterEach, describe, expect, it } from 'vitest'
import {
  AnsweringSink,
  ClosingSink,
  FencingSink,
  KeyedSink,
  NaiveSink,
  refused,
  type Sink,
} from './support/once/sinks.ts'
import {
  type Handler,
  leaseMs,
  losesAnswerOf,
  memoryWorld,
  type Policy,
  type ProcessOptions,
  processOf,
  sqliteWorld,
  whileTimePasses,
  type World,
} from './support/once/world.ts'

const charged = 'charging/charge:a'
const choices = [
  'never',
  'again, naive',
  'again, keyed',
  'asks, fencing',
  'asks, closing',
  'asks, answering',
] as const
type Choice = (typeof choices)[number]
type Begins = 'handler' | 'effect'

const sinks: Readonly<Record<Choice, () => Sink>> = {
  never: () => new NaiveSink(),
  'again, naive': () => new NaiveSink(),
  'again, keyed': () => new KeyedSink(),
  'asks, fencing': () => new FencingSink(),
  'asks, closing': () => new ClosingSink(),
  'asks, answering': () => new AnsweringSink(),
}

function policyOf(choice: Choice, begins: Begins, sink: Sink): Policy {
  if (choice === 'never') return { unknown: 'never', begins }
  if (choice.startsWith('again')) return { unknown: 'again', begins }
  return { unknown: ({ idempotencyKey, fencingToken }) => sink.find(idempotencyKey, fencingToken), begins }
}

interface Stage {
  readonly world: World
  /** Charges the sink once. */
  readonly charge: Handler
  start(options?: Partial<ProcessOptions>): Promise<() => Promise<string>>
  /** Lets a process call while the manual clock advances. */
  call(options?: Partial<ProcessOptions>): Promise<string>
}

interface Fault {
  /** Makes the fault happen. */
  happen(stage: Stage): Promise<unknown>
  /** The expected number of charges, and the answer that callers get from then on. */
  expect(choice: Choice, begins: Begins): readonly [charges: number, answer: string]
}

const reset = () => new CapabilityError('Unavailable', 'the connection was reset', { applied: 'unknown' })
const never = () => new Promise<never>(() => undefined)

/** Returns a handler that behaves differently the first time. */
function once(first: Handler, then: Handler): Handler {
  let isFirst = true
  return (context) => {
    const handler = isFirst ? first : then
    isFirst = false
    return handler(context)
  }
}

/**
 * The charge was made before the fault: a naive sink charges again when it is called again, the other sinks find the charge.
 */
const afterCharge = (choice: Choice): readonly [number, string] => {
  if (choice === 'never') return [1, 'IDEM_UNKNOWN']
  return [choice === 'again, naive' ? 2 : 1, charged]
}

/** Nothing was charged, but a sink that can only be asked cannot exclude a request that is still on its way. */
const beforeCharge = (choice: Choice, begins: Begins): readonly [number, string] =>
  begins === 'handler' && (choice === 'never' || choice === 'asks, answering')
    ? [0, 'IDEM_UNKNOWN']
    : [1, charged]

const onceCharged = () => [1, charged] as const

const faults: Readonly<Record<string, Fault>> = {
  'a crash after the charge': {
    async happen({ world, start, charge }) {
      const entered = Promise.withResolvers<void>()
      const handler: Handler = async (context) => {
        await charge(context)
        entered.resolve()
        return never()
      }
      void (await start({ handler, clock: new ManualClock() }))()
      await entered.promise
      await world.clock.advance(leaseMs)
    },
    expect: afterCharge,
  },
  'a crash before the charge': {
    async happen({ world, start }) {
      const entered = Promise.withResolvers<void>()
      void (await start({ handler: () => (entered.resolve(), never()), clock: new ManualClock() }))()
      await entered.promise
      await world.clock.advance(leaseMs)
    },
    expect: beforeCharge,
  },
  'a pause beyond the lease, between the check of the lease and the charge': {
    async happen({ world, start, charge, call }) {
      const entered = Promise.withResolvers<void>()
      const goesOn = Promise.withResolvers<void>()
      const handler: Handler = (context) =>
        context.effect(async () => {
          entered.resolve()
          await goesOn.promise
          return charge(context)
        })
      const late = (await start({ handler, clock: new ManualClock() }))()
      await entered.promise
      await world.clock.advance(leaseMs)
      await call()
      goesOn.resolve()
      await late
    },
    expect: (choice) => [choice === 'again, naive' ? 2 : 1, charged],
  },
  'a connection that is reset after sending, with four attempts of four calls': {
    async happen({ call, charge }) {
      const handler = once(async (context) => {
        await charge(context)
        throw reset()
      }, charge)
      for (let i = 0; i < 4; i++) await call({ handler, retry: 4 })
    },
    expect: afterCharge,
  },
  'an error before the charge': {
    happen: ({ call, charge }) =>
      call({ handler: once(() => Promise.reject(new Error('too early')), charge) }),
    expect: beforeCharge,
  },
  'a problem that the node decides on after the charge': {
    happen: ({ call, charge }) =>
      call({
        async handler(context) {
          await charge(context)
          throw problem({ status: 402, code: 'DECLINED', title: 'Declined' })
        },
      }),
    expect: () => [1, 'DECLINED'],
  },
  'the second effect of two is refused': {
    happen: ({ call, charge }) =>
      call({
        handler: once(async (context) => {
          await context.effect(() => charge(context))
          return context.effect(() => Promise.reject(refused('out of stock')))
        }, charge),
      }),
    expect: afterCharge,
  },
  'the ledger is asked twice for each answer that is lost': {
    async happen({ call, world: { clock } }) {
      const lost = ['begin', 'renew', 'complete'].map((operation) => losesAnswerOf(operation, 'temporary'))
      await call({ layers: [retry({ clock, baseMs: 1 }), ...lost] })
    },
    expect: onceCharged,
  },
  'the answer to the begin is lost': {
    async happen({ call, world }) {
      await call({ layers: [losesAnswerOf('begin')] })
      await world.clock.advance(leaseMs)
    },
    expect: beforeCharge,
  },
  'the answer to the mark of a begun effect is lost': {
    happen: ({ call }) => call({ layers: [losesAnswerOf('renew')] }),
    expect: onceCharged,
  },
  'the answer to the stored result is lost': {
    happen: ({ call }) => call({ layers: [losesAnswerOf('complete')] }),
    expect: onceCharged,
  },
}

let world: World | undefined
afterEach(() => world?.close())

describe.each(Object.entries({ memory: memoryWorld, sqlite: sqliteWorld }))('over %s', (_, makeWorld) => {
  describe.each(Object.entries(faults))('%s', (__, { happen, expect: expected }) => {
    const cases = choices.flatMap((choice) =>
      (['handler', 'effect'] as const).map((begins) => ({ choice, begins })),
    )
    it.each(cases)("$choice, begins: '$begins'", async ({ choice, begins }) => {
      const stage = (world = makeWorld())
      const sink = sinks[choice]()
      const policy = policyOf(choice, begins, sink)
      const charge: Handler = async ({ effect, idempotencyKey = '', fencingToken = 0 }) => {
        const make = () => sink.charge(idempotencyKey, fencingToken)
        return begins === 'effect' ? effect(make) : make()
      }
      const start = (options: Partial<ProcessOptions> = {}) =>
        processOf(stage, { policy, handler: charge, ...options })
      const call = async (options: Partial<ProcessOptions> = {}) =>
        whileTimePasses(stage, (await start(options))())
      await happen({ world: stage, charge, start, call })
      const answers: string[] = []
      for (let i = 0; i < 3; i++) {
        answers.push(await call())
        await stage.clock.advance(leaseMs)
      }
      const [charges, answer] = expected(choice, begins)
      expect({ charges: sink.charges, answers }).toEqual({ charges, answers: [answer, answer, answer] })
      if (choice !== 'again, naive') expect(sink.charges).toBeLessThanOrEqual(1)
    })
  })
})
