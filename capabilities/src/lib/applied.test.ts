import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import {
  afterApplying,
  appliedOf,
  AppliedOverTries,
  beforeApplying,
  inParts,
  maybeApplied,
  notApplied,
  withApplied,
  worstApplied,
} from './applied.ts'
import { type Applied, CapabilityError, type CapabilityErrorOptions } from './error.ts'
import { type CallScope, createPipeline, type Layer } from './layer.ts'
import { circuitBreaker } from './layers/circuit-breaker.ts'
import { concurrencyLimit } from './layers/concurrency-limit.ts'
import { readOnly } from './layers/effect-guard.ts'
import { retry } from './layers/retry.ts'
import { timeout } from './layers/timeout.ts'
import { ManualClock } from './testing/manual-clock.ts'

const lost = (options: CapabilityErrorOptions = {}) => new CapabilityError('Unavailable', 'reset', options)
const refused = () => new CapabilityError('ConditionNotMatch', 'another version')
const failure = (call: Promise<unknown>) =>
  call.then(
    () => expect.fail('it must fail'),
    (error: unknown) => error as CapabilityError,
  )

describe('what an error says', () => {
  it('is read as no only from a CapabilityError that says no', () => {
    expect(appliedOf(refused())).toBe('no')
    for (const thrown of [lost(), new Error('x'), { applied: 'no' }, 'no', null]) {
      expect(appliedOf(thrown)).toBe('unknown')
    }
    // An error of a version of this package that knew no `applied`.
    const brand = Symbol.for('flowport.CapabilityError')
    expect(appliedOf(Object.assign(new Error('x'), { [brand]: true, kind: 'NotFound' }))).toBe('unknown')
  })

  it('is changed in a copy that keeps everything else', () => {
    const error = lost({
      capability: 'kv',
      operation: 'put',
      key: 'k',
      code: 'X',
      details: { a: 1 },
      cause: 1,
    })
    const said = withApplied(error, 'no')
    expect(said).not.toBe(error)
    expect({ ...said, applied: 'unknown' }).toEqual({ ...error })
    expect(said).toMatchObject({ applied: 'no', message: error.message, cause: 1 })
    expect(withApplied(said, 'no')).toBe(said)
  })

  it('is the worst of its parts', () => {
    fc.assert(
      fc.property(fc.array(fc.constantFrom<Applied>('no', 'unknown')), (parts) => {
        expect(worstApplied(...parts)).toBe(parts.some((part) => part === 'unknown') ? 'unknown' : 'no')
      }),
    )
  })
})

describe('steps of one write', () => {
  it('that come before it say no, whatever they throw', async () => {
    const thrown = [lost(), new Error('x'), new DOMException('gone', 'AbortError'), null]
    const said = await Promise.all(
      thrown.map((error) =>
        failure(
          beforeApplying(() => {
            throw error
          }),
        ),
      ),
    )
    expect(said.map(({ kind, applied }) => `${kind} ${applied}`)).toEqual([
      'Unavailable no',
      'Unexpected no',
      'Cancelled no',
      'Unexpected no',
    ])
    expect(said[1]?.cause).toBe(thrown[1])
    expect(notApplied(refused())).toMatchObject({ kind: 'ConditionNotMatch', applied: 'no' })
  })

  it('that come after it say unknown', async () => {
    const denied = new CapabilityError('PermissionDenied', 'may not read')
    expect(await failure(afterApplying(() => Promise.reject(denied)))).toMatchObject({
      kind: 'PermissionDenied',
      applied: 'unknown',
    })
    const bug = new Error('x')
    expect(maybeApplied(bug)).toBe(bug)
  })

  it('that are parts of it say no until one was made', async () => {
    const part = (which: number) => (which === 2 ? Promise.reject(refused()) : Promise.resolve(which))
    expect(await failure(inParts([2, 1], part))).toMatchObject({ applied: 'no' })
    expect(await failure(inParts([1, 2], part))).toMatchObject({ applied: 'unknown' })
    expect(await inParts([1, 3], part)).toEqual([1, 3])
  })

  it('that are tries of it say the worst so far', () => {
    const tries = new AppliedOverTries()
    expect(tries.failed(refused())).toMatchObject({ applied: 'no' })
    expect(tries.failed(lost())).toMatchObject({ applied: 'unknown' })
    expect(tries.failed(refused())).toMatchObject({ kind: 'ConditionNotMatch', applied: 'unknown' })
  })
})

/** A write, or another operation, through layers to a driver that ends as told, try by try. */
function run(
  layers: readonly Layer[],
  outcomes: readonly unknown[],
  { operation = 'put', ...scope }: { operation?: string; signal?: AbortSignal; deadline?: number } = {},
) {
  const left = [...outcomes]
  let reached = 0
  const outcome = failure(
    createPipeline('kv', 'kv', layers).run(operation, 'k', scope, undefined, () => {
      reached += 1
      const next = left.shift()
      if (next === 'hang') return new Promise(() => undefined)
      throw next
    }),
  )
  return { outcome, reached: () => reached }
}

describe('a call through layers', () => {
  const retries = (clock: ManualClock) => retry({ clock, rng: { float: () => 0 }, maxAttempts: 3 })

  it('without layers says what the driver says, and unknown where the driver says nothing', async () => {
    expect(await run([], [refused()]).outcome).toMatchObject({ applied: 'no' })
    expect(await run([], [new Error('bug')]).outcome).toMatchObject({ applied: 'unknown' })
  })

  it('says no for every read', async () => {
    for (const thrown of [lost(), new Error('bug')]) {
      expect(await run([], [thrown], { operation: 'get' }).outcome).toMatchObject({ applied: 'no' })
    }
  })

  it('says no when its signal had fired before the driver was asked, and unknown after', async () => {
    const signal = AbortSignal.abort()
    const before = run([], [lost()], { signal })
    expect(await before.outcome).toMatchObject({ kind: 'Cancelled', applied: 'no' })
    expect(before.reached()).toBe(0)
    const controller = new AbortController()
    const during = failure(
      createPipeline('kv', 'kv', []).run('put', 'k', controller, undefined, () => {
        controller.abort()
        throw controller.signal.reason
      }),
    )
    expect(await during).toMatchObject({ kind: 'Cancelled', applied: 'unknown' })
  })

  it('says what the run says that did not allow the write', async () => {
    for (const applied of ['no', 'unknown'] as const) {
      const scope: CallScope = {
        aroundWrite: () => Promise.reject(new CapabilityError('Cancelled', 'the lease is lost', { applied })),
      }
      const call = createPipeline('kv', 'kv', []).run('put', 'k', undefined, scope, () => expect.fail('sent'))
      expect(await failure(call)).toMatchObject({ kind: 'Cancelled', applied })
    }
  })

  it('says unknown when a lost try is followed by a refusal', async () => {
    const clock = new ManualClock()
    const call = run([retries(clock)], [lost(), refused()])
    await clock.advance(1)
    expect(await call.outcome).toMatchObject({ kind: 'ConditionNotMatch', applied: 'unknown' })
    expect(call.reached()).toBe(2)
  })

  it('says no when every try was refused, and when it is cancelled between such tries', async () => {
    const clock = new ManualClock()
    const busy = () => new CapabilityError('RateLimited', 'slower', { applied: 'no' })
    const all = run([retries(clock)], [busy(), busy(), busy()])
    await clock.advance(1)
    await clock.advance(1)
    expect(await all.outcome).toMatchObject({ applied: 'no', details: { attempts: 3 } })
    for (const [first, applied] of [
      [busy(), 'no'],
      [lost(), 'unknown'],
    ] as const) {
      const controller = new AbortController()
      const paused = run([retry({ clock, rng: { float: () => 0.9 } })], [first], {
        signal: controller.signal,
      })
      await clock.advance(1)
      controller.abort()
      expect(await paused.outcome).toMatchObject({ kind: 'Cancelled', applied })
    }
  })

  it('that times out says unknown for a write, no for a read, and no when its deadline had passed before', async () => {
    const clock = new ManualClock()
    for (const [operation, applied] of [
      ['put', 'unknown'],
      ['get', 'no'],
    ] as const) {
      const late = run([timeout({ timeoutMs: 5, clock })], ['hang'], { operation })
      await clock.advance(5)
      expect(await late.outcome).toMatchObject({ kind: 'Timeout', applied })
    }
    const never = run([timeout({ timeoutMs: 5, clock })], ['hang'], { deadline: clock.now() })
    expect(await never.outcome).toMatchObject({ kind: 'Timeout', applied: 'no' })
    expect(never.reached()).toBe(0)
  })

  it('that no layer let through says no', async () => {
    const clock = new ManualClock()
    const broken = circuitBreaker({ failures: 1, resetAfterMs: 1000, clock })
    expect(await run([broken], [lost()]).outcome).toMatchObject({ applied: 'unknown' })
    expect(await run([broken], [lost()]).outcome).toMatchObject({
      details: { circuit: 'open' },
      applied: 'no',
    })
    const full = concurrencyLimit({ limit: 1, maxQueued: 1 })
    run([full], ['hang']).outcome.catch(() => undefined)
    const controller = new AbortController()
    const queued = run([full], [lost()], { signal: controller.signal })
    expect(await run([full], [lost()]).outcome).toMatchObject({ details: { limit: 1 }, applied: 'no' })
    controller.abort()
    expect(await queued.outcome).toMatchObject({ kind: 'Cancelled', applied: 'no' })
    expect(await run([readOnly()], [lost()]).outcome).toMatchObject({ code: 'EFFECT201', applied: 'no' })
  })
})
