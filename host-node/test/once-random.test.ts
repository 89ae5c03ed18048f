/**
 * Random schedules of processes that fail in every way around a charge: no charge is duplicated, and none that a caller got is
 * missing.
 */
import { CapabilityError } from '@flowport/capabilities'
import { ManualClock } from '@flowport/capabilities/testing'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
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
  memoryWorld,
  type Policy,
  processOf,
  whileTimePasses,
} from './support/once/world.ts'

const behaviours = [
  'charges',
  'dies before',
  'dies after',
  'breaks before',
  'breaks after',
  'is reset after',
  'is refused before',
  'is refused after',
  'stands still before',
  'stands still after',
] as const
type Behaviour = (typeof behaviours)[number]

type Event =
  | { readonly start: Behaviour; readonly attempts: number }
  | { readonly passMs: number }
  | { readonly goOn: number }

const event: fc.Arbitrary<Event> = fc.oneof(
  fc.record({ start: fc.constantFrom(...behaviours), attempts: fc.constantFrom(1, 4) }),
  fc.record({ passMs: fc.constantFrom(1, 500, 3_000, leaseMs, 3 * leaseMs) }),
  fc.record({ goOn: fc.nat(5) }),
)

const choices: Readonly<Record<string, readonly [() => Sink, (sink: Sink) => Policy['unknown']]>> = {
  never: [() => new NaiveSink(), () => 'never'],
  'again, with a sink that keeps keys': [() => new KeyedSink(), () => 'again'],
  'asking a sink that fences': [() => new FencingSink(), asks],
  'asking a sink that closes': [() => new ClosingSink(), asks],
  'asking a sink that only answers': [() => new AnsweringSink(), asks],
}

function asks(sink: Sink): Policy['unknown'] {
  return ({ idempotencyKey, fencingToken }) => sink.find(idempotencyKey, fencingToken)
}

const never = () => new Promise<never>(() => undefined)
const reset = () => new CapabilityError('Unavailable', 'the connection was reset', { applied: 'unknown' })

/** Runs a schedule, lets all calls end, and calls three more times. */
async function play(events: readonly Event[], policy: Policy, sink: Sink): Promise<readonly string[]> {
  const world = memoryWorld()
  const standing: (() => void)[] = []
  const answers: string[] = []
  const stand = () => new Promise<void>((resolve) => standing.push(resolve))
  const charge: Handler = async ({ effect, idempotencyKey = '', fencingToken = 0 }) => {
    const make = () => sink.charge(idempotencyKey, fencingToken)
    return policy.begins === 'effect' ? effect(make) : make()
  }
  const handlers: Readonly<Record<Behaviour, Handler>> = {
    charges: charge,
    'dies before': never,
    'dies after': (context) => charge(context).then(never),
    'breaks before': () => Promise.reject(new Error('before')),
    'breaks after': (context) => charge(context).then(() => Promise.reject(new Error('after'))),
    'is reset after': (context) => charge(context).then(() => Promise.reject(reset())),
    'is refused before': () => Promise.reject(refused('before')),
    // Makes a second effect. With `begins: 'handler'` only `effect()` reports the first one to the ledger.
    'is refused after': async (context) => {
      await context.effect(() => charge(context))
      return context.effect(() => Promise.reject(refused('after')))
    },
    'stands still before': (context) => context.effect(() => stand().then(() => charge(context))),
    'stands still after': (context) => charge(context).then((made) => stand().then(() => made)),
  }
  const call = async (behaviour: Behaviour, attempts: number) => {
    // A dead or stopped process renews no leases.
    const stops = behaviour.startsWith('dies') || behaviour.startsWith('stands')
    const clock = stops ? new ManualClock() : world.clock
    const ask = await processOf(world, { policy, handler: handlers[behaviour], retry: attempts, clock })
    return ask().then((answer) => answers.push(answer))
  }
  for (const step of events) {
    if ('start' in step) void call(step.start, step.attempts)
    else if ('goOn' in step) standing.splice(step.goOn, 1).forEach((goOn) => goOn())
    else await world.clock.advance(step.passMs)
    await world.clock.advance(0)
  }
  for (let last = 0; last < 3; last++) {
    await world.clock.advance(leaseMs)
    standing.splice(0).forEach((goOn) => goOn())
    await whileTimePasses(world, call('charges', 1))
  }
  return answers
}

describe.each(Object.entries(choices))('unknown: %s', (_, [makeSink, unknownOf]) => {
  it.each(['handler', 'effect'] as const)("charges at most once, begins: '%s'", async (begins) => {
    await fc.assert(
      fc.asyncProperty(fc.array(event, { maxLength: 12 }), async (events) => {
        const sink = makeSink()
        const answers = await play(events, { unknown: unknownOf(sink), begins }, sink)
        expect(sink.charges).toBeLessThanOrEqual(1)
        if (answers.includes('charging/charge:a')) expect(sink.charges).toBe(1)
      }),
      { numRuns: 200 },
    )
  })
})
