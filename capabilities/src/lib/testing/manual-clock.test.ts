import { describe, expect, it } from 'vitest'
import { ManualClock } from './manual-clock.ts'

describe('ManualClock', () => {
  it('stands still until it is advanced', async () => {
    const clock = new ManualClock(1000)
    expect([clock.now(), clock.monotonic()]).toEqual([1000, 0])
    await clock.advance(250)
    expect([clock.now(), clock.monotonic()]).toEqual([1250, 250])
  })

  it('wakes sleepers in the order they are due, each at its own moment', async () => {
    const clock = new ManualClock(0)
    const woken: [string, number][] = []
    const sleeper = async (name: string, ms: number) => {
      await clock.sleep(ms)
      woken.push([name, clock.now()])
    }
    void sleeper('late', 300)
    void sleeper('early', 100)
    void sleeper('never', 1001)
    await clock.advance(1000)
    expect(woken).toEqual([
      ['early', 100],
      ['late', 300],
    ])
    expect([clock.now(), clock.sleeping]).toEqual([1000, 1])
  })

  it('lets code that sleeps again and again do so within one advance', async () => {
    const clock = new ManualClock(0)
    const moments: number[] = []
    void (async () => {
      for (let i = 0; i < 4; i++) {
        await clock.sleep(100)
        for (let hop = 0; hop < 50; hop++) await Promise.resolve()
        moments.push(clock.now())
      }
    })()
    await clock.advance(350)
    expect(moments).toEqual([100, 200, 300])
    await clock.advance(50)
    expect(moments).toEqual([100, 200, 300, 400])
  })

  it('lets code that is about to sleep get there first', async () => {
    const clock = new ManualClock(0)
    let woke = false
    void (async () => {
      for (let hop = 0; hop < 50; hop++) await Promise.resolve()
      await clock.sleep(100)
      woke = true
    })()
    await clock.advance(100)
    expect(woke).toBe(true)
  })

  it('ends a sleep with the reason of its signal', async () => {
    const clock = new ManualClock()
    const controller = new AbortController()
    const reason = new Error('enough')
    const sleep = clock.sleep(100, { signal: controller.signal })
    controller.abort(reason)
    await expect(sleep).rejects.toBe(reason)
    await expect(clock.sleep(100, { signal: controller.signal })).rejects.toBe(reason)
    expect(clock.sleeping).toBe(0)
  })

  it('jumps on the wall, forward or back, without waking anybody', async () => {
    const clock = new ManualClock(10_000)
    let woke = false
    void clock.sleep(100).then(() => (woke = true))
    clock.jump(-5000)
    expect([clock.now(), clock.monotonic()]).toEqual([5000, 0])
    clock.jump(60_000)
    await clock.advance(99)
    expect(woke).toBe(false)
    await clock.advance(1)
    expect(woke).toBe(true)
  })

  it('never goes back when two callers advance it at once', async () => {
    const clock = new ManualClock(0)
    const seen: number[] = []
    await Promise.all([
      clock.advance(100).then(() => seen.push(clock.monotonic())),
      clock.advance(50).then(() => seen.push(clock.monotonic())),
    ])
    expect(seen).toEqual([100, 100])
    expect(clock.now()).toBe(100)
  })
})
