import { describe, expect, it, vi } from 'vitest'
import { CapabilityError } from '../error.ts'
import { createPipeline } from '../layer.ts'
import { ManualClock } from '../testing/manual-clock.ts'
import { logging } from './logging.ts'

function setUp(options: { successes?: boolean } = {}) {
  const clock = new ManualClock()
  const log = { debug: vi.fn(), info: vi.fn(), warn: vi.fn(), error: vi.fn() }
  const pipeline = createPipeline('kv', 'kv:notes', [logging({ log, clock, ...options })])
  const run = async (execute: () => unknown) => {
    const outcome = pipeline.run('get', 'k', undefined, undefined, execute)
    outcome.catch(() => undefined)
    await clock.advance(0)
    return outcome
  }
  return { clock, log, run }
}

describe('logging', () => {
  it('writes a line for a failure: where, how long, and which', async () => {
    const { clock, log, run } = setUp()
    const error = new CapabilityError('Unavailable', 'down', { code: 'X' })
    const outcome = run(() => clock.sleep(25).then(() => Promise.reject(error)))
    outcome.catch(() => undefined)
    await clock.advance(25)
    await expect(outcome).rejects.toMatchObject({ kind: 'Unavailable' })
    expect(log.warn.mock.calls).toEqual([
      [
        {
          capability: 'kv:notes',
          operation: 'get',
          key: 'k',
          durationMs: 25,
          kind: 'Unavailable',
          code: 'X',
          reason: 'down',
        },
        'capability call failed',
      ],
    ])
    expect(log.debug).not.toHaveBeenCalled()
  })

  it('writes answers that are errors at level debug', async () => {
    const { log, run } = setUp()
    for (const kind of ['AlreadyExists', 'ConditionNotMatch', 'NotFound', 'Cancelled'] as const) {
      await expect(run(() => Promise.reject(new CapabilityError(kind, 'no')))).rejects.toMatchObject({ kind })
    }
    expect(log.debug).toHaveBeenCalledTimes(4)
    expect(log.warn).not.toHaveBeenCalled()
  })

  it('writes nothing for a success, at once or later', async () => {
    const { log, run } = setUp()
    expect(await run(() => 1)).toBe(1)
    expect(await run(() => Promise.resolve(2))).toBe(2)
    for (const method of Object.values(log)) expect(method).not.toHaveBeenCalled()
  })

  it('reads no clock for a driver that answers at once, and so tells no duration when that fails', async () => {
    const { clock, log, run } = setUp()
    const monotonic = vi.spyOn(clock, 'monotonic')
    await run(() => 1)
    monotonic.mockClear()
    await run(() => 2)
    expect(monotonic).not.toHaveBeenCalled()
    const fail = () => {
      throw new CapabilityError('Unavailable', 'down')
    }
    await expect(run(fail)).rejects.toMatchObject({ kind: 'Unavailable' })
    await expect(run(fail)).rejects.toMatchObject({ kind: 'Unavailable' })
    expect(log.warn.mock.calls.map(([fields]) => fields.durationMs)).toEqual([undefined, 0])
  })

  it('writes successes when asked to, without their values', async () => {
    const { log, run } = setUp({ successes: true })
    expect(await run(() => 'secret')).toBe('secret')
    expect(await run(() => Promise.resolve('secret'))).toBe('secret')
    expect(log.debug).toHaveBeenCalledTimes(2)
    expect(JSON.stringify(log.debug.mock.calls)).not.toContain('secret')
  })

  it('fits console and writes unforeseen errors as Unexpected', async () => {
    const { log, run } = setUp()
    await expect(run(() => Promise.reject(new TypeError('bug with secret')))).rejects.toMatchObject({
      kind: 'Unexpected',
    })
    expect(log.warn.mock.calls[0]?.[0]).toMatchObject({ kind: 'Unexpected' })
    expect(JSON.stringify(log.warn.mock.calls)).not.toContain('secret')
    expect(logging({ log: console }).name).toBe('logging')
  })
})
