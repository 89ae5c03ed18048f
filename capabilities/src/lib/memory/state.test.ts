import { describe, expect, it, vi } from 'vitest'
import { prefix } from '../layers/prefix.ts'
import { retry } from '../layers/retry.ts'
import { timeout } from '../layers/timeout.ts'
import { createDurableState } from '../state/state-store.ts'
import { ManualClock } from '../testing/manual-clock.ts'
import { stateConformance } from '../testing/state-conformance.ts'
import { memoryStateDriver } from './state.ts'

stateConformance('memory state', {
  clock: 'manual',
  open: ({ clock }) => ({ state: createDurableState(memoryStateDriver({ clock })) }),
})

stateConformance('memory state, layered', {
  clock: 'manual',
  open: ({ clock }) => ({
    state: createDurableState(memoryStateDriver({ clock }), {
      layers: [retry({ clock }), timeout({ timeoutMs: 1000, clock }), prefix('tenant/')],
    }),
  }),
})

describe('memoryStateDriver', () => {
  it('calls an alarm once, when it is due, also one that is further away than a timer waits', async () => {
    const clock = new ManualClock()
    const onAlarm = vi.fn()
    const { alarm } = createDurableState(memoryStateDriver({ clock, onAlarm })).of('one')
    await alarm.set(new Date(clock.now() + 1000))
    await clock.advance(999)
    expect(onAlarm).not.toHaveBeenCalled()
    await clock.advance(1)
    expect(onAlarm.mock.calls).toEqual([['one']])
    const days = 30 * 86_400_000
    await alarm.set(new Date(clock.now() + days))
    await clock.advance(days - 1)
    expect(onAlarm).toHaveBeenCalledTimes(1)
    await clock.advance(1)
    expect(onAlarm).toHaveBeenCalledTimes(2)
    expect(await alarm.get()).toBeNull()
  })

  it('does not call an alarm that was deleted, replaced, or whose store was closed', async () => {
    const clock = new ManualClock()
    const onAlarm = vi.fn()
    const driver = memoryStateDriver({ clock, onAlarm })
    const state = createDurableState(driver)
    await state.of('deleted').alarm.set(new Date(clock.now() + 1000))
    await state.of('deleted').alarm.delete()
    await state.of('replaced').alarm.set(new Date(clock.now() + 1000))
    await state.of('replaced').alarm.set(new Date(clock.now() + 5000))
    await clock.advance(1000)
    expect(onAlarm).not.toHaveBeenCalled()
    await driver.close?.()
    await clock.advance(10_000)
    expect(onAlarm).not.toHaveBeenCalled()
  })

  it('applies a commit once, however often it arrives', () => {
    const driver = memoryStateDriver()
    const commit = {
      token: 't',
      reads: [{ key: 'k', version: null }],
      scans: [],
      writes: [{ key: 'k', value: '1' }],
    }
    expect(driver.commit('one', commit, {})).toBe(true)
    driver.put('one', 'k', '2', {})
    expect(driver.commit('one', commit, {})).toBe(true)
    expect(driver.commit('one', { ...commit, token: 'other' }, {})).toBe(false)
    expect(driver.get('one', 'k', {})).toMatchObject({ value: '2' })
  })
})
