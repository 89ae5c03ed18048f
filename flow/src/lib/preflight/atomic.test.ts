import type { Provider } from '@flowport/capabilities'
import { expect, it } from 'vitest'
import * as z from 'zod'
import { flow } from '../flow.ts'
import { type AnyIdempotency, type Idempotency, normalIdempotency } from '../idempotency.ts'
import { node } from '../node.ts'
import { manual } from '../trigger.ts'
import { validateFlow } from '../validate/validate.ts'
import { atomicVerdicts } from './atomic.ts'
import { preflightProfile } from './preflight.ts'

const Note = z.object({ id: z.string() })
const one = { provider: 'one', transaction: 'one', consistency: 'strong', features: {}, limits: {} }
const ledger = { ...one, reservation: 'atomic' }
const whole = { kv: one, queue: one, dedupe: ledger }

function providerOf(preset: string, provides: object): Provider {
  const open = () => Promise.reject(new Error('preflight opens nothing'))
  const nothing = { nativeRetry: false, bindings: [], hints: [], check: () => null, open }
  return { preset, provides, env: {} as never, ...nothing }
}

const uses = { kv: 'write', queue: 'publish' } as const
const placing = (isPreferred: boolean) => {
  const place = isPreferred
    ? node('place', {
        input: Note,
        uses,
        idempotency: { key: '/id', atomic: 'preferred', unknown: 'never' },
        run: () => null,
      })
    : node('place', { input: Note, uses, idempotency: { key: '/id', atomic: true }, run: () => null })
  return flow('placing', { trigger: manual({ input: Note }), graph: (note, step) => step(place, note) })
}
const preferred = placing(true)
const required = placing(false)

const apart = [providerOf('first', { kv: one, queue: one }), providerOf('second', { dedupe: ledger })]
const candidates = [
  { preset: 'one', provides: whole },
  { preset: 'bare', provides: { kv: { ...one, transaction: undefined } } },
]
const findings = (providers: readonly Provider[], atomic = required) =>
  preflightProfile([atomic], providers, [], { profile: 'p', candidates }).filter(
    ({ code }) => code === 'EXACT004',
  )

it('an atomic node needs its stores and the ledger in one database, and the finding names presets that have it', () => {
  expect(findings([providerOf('one', whole)])).toEqual([])
  const [found, ...more] = findings(apart)
  expect(more).toEqual([])
  expect(found).toMatchObject({
    location: { flow: 'placing', node: 'place', profile: 'p' },
    details: { outside: ['kv', 'queue'], presets: ['one'] },
  })
  expect(found?.hint).toContain('(one)')
})

it('where only a partition is committed together, the node has to name one, and the finding says so', () => {
  const parts = (info: object) => ({ ...info, partitioned: true })
  const partitioned = [providerOf('parts', { kv: parts(one), queue: parts(one), dedupe: parts(ledger) })]
  const within = (partition: '/id') =>
    flow('placing', {
      trigger: manual({ input: Note }),
      graph: (note, step) => {
        const idempotency = { key: '/id', atomic: true, partition } as const
        return step(node('place', { input: Note, uses, idempotency, run: () => null }), note)
      },
    })
  const [found, ...more] = findings(partitioned)
  expect(more).toEqual([])
  expect(found?.message).toMatch(/names no partition/)
  expect(found?.hint).toMatch(/add idempotency\.partition/)
  const named = within('/id')
  const verdict = 'one transaction in each partition'
  expect(findings(partitioned, named)).toEqual([])
  expect(atomicVerdicts([named], partitioned)).toMatchObject([{ verdict }])
  // Elsewhere the partition has no effect.
  expect(findings([providerOf('one', whole)], named)).toEqual([])
  expect(atomicVerdicts([named], [providerOf('one', whole)])).toMatchObject([{ verdict: 'one transaction' }])
  expect(findings(partitioned, preferred)).toEqual([])
  expect(atomicVerdicts([preferred], partitioned)).toMatchObject([{ verdict: 'unknown: never' }])
})

it('a partition without atomic is refused', () => {
  const idempotency: AnyIdempotency = { key: '/id', partition: '/id', unknown: 'never' }
  expect(() => normalIdempotency(idempotency)).toThrow(/add atomic/)
})

it('two providers of one preset are two databases', () => {
  const [found] = findings([
    providerOf('one', { kv: one, dedupe: ledger }),
    providerOf('one', { queue: one }),
  ])
  expect(found?.details).toMatchObject({ outside: ['queue'] })
})

it('a ledger that states no transaction is what is missing', () => {
  const [found] = findings([providerOf('one', { ...whole, dedupe: { ...ledger, transaction: undefined } })])
  expect(found?.details).toMatchObject({ outside: ['dedupe'] })
})

it('the verdict of a node that prefers the transaction is given per profile', () => {
  const verdict = (providers: readonly Provider[]) => atomicVerdicts([preferred], providers)
  const place = { flow: 'placing', node: 'place' }
  expect(findings(apart, preferred)).toEqual([])
  expect(verdict(apart)).toEqual([{ ...place, verdict: 'unknown: never', outside: ['kv', 'queue'] }])
  expect(verdict([providerOf('one', whole)])).toEqual([{ ...place, verdict: 'one transaction', outside: [] }])
})

it("unknown is required with 'preferred' and has no place with true", () => {
  expect(validateFlow(required).map(({ code }) => code)).not.toContain('IDEM030')
  const both: AnyIdempotency = { key: '/id', atomic: true, unknown: 'never' }
  expect(() => normalIdempotency(both)).toThrow(/never in doubt/)
  expect(() => normalIdempotency({ key: '/id', atomic: 'always' })).toThrow(/atomic is "always"/)
  const keyed = (idempotency: Idempotency<{ id: string }>) => idempotency
  // @ts-expect-error an atomic node has no unknown outcome
  keyed({ key: '/id', atomic: true, unknown: 'never' })
  // @ts-expect-error where the transaction is only preferred, unknown says what happens elsewhere
  keyed({ key: '/id', atomic: 'preferred' })
})
