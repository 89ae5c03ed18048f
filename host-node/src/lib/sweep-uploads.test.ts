import { ManualClock } from '@flowport/capabilities/testing'
import { expect, it } from 'vitest'
import { startSweeps } from './sweep-uploads.ts'

it('startSweeps sweeps immediately and every hour, until it is stopped', async () => {
  const clock = new ManualClock()
  let sweeps = 0
  const sweep = () => {
    sweeps += 1
    return Promise.resolve()
  }
  const running = startSweeps({ isNeeded: true, sweep, sweepIfDue: () => undefined }, clock)
  await clock.advance(0)
  expect(sweeps).toBe(1)
  await clock.advance(3 * 3_600_000)
  expect(sweeps).toBe(4)
  await running.stop()
  expect(clock.sleeping).toBe(0)
  await clock.advance(3_600_000)
  expect(sweeps).toBe(4)
})

it('startSweeps waits for a running sweep when it is stopped', async () => {
  const clock = new ManualClock()
  let isDone = false
  const sweep = async (signal?: AbortSignal) => {
    await clock.sleep(1_000_000, signal === undefined ? {} : { signal }).catch(() => undefined)
    isDone = true
  }
  const running = startSweeps({ isNeeded: true, sweep, sweepIfDue: () => undefined }, clock)
  await running.stop()
  expect(isDone).toBe(true)
})
