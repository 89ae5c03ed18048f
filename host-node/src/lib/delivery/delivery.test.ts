/** Consumers and schedulers on a manual clock. */
import {
  CapabilityError,
  createDedupeStore,
  createQueue,
  type DedupeStore,
  type Logger,
  type Queue,
  ResourceBag,
} from '@flowport/capabilities'
import { memoryDedupeDriver, memoryQueueDriver } from '@flowport/capabilities/memory'
import { ManualClock } from '@flowport/capabilities/testing'
import { type AnyFlow, createRuntime, cron, defineApp, flow, node, queue } from '@flowport/flow'
import { afterEach, describe, expect, it } from 'vitest'
import * as z from 'zod'
import { type RunningDelivery, startDelivery } from './delivery.ts'

const running: (() => Promise<void>)[] = []
afterEach(async () => {
  for (const stop of running.splice(0)) await stop()
})

interface Parts {
  readonly clock: ManualClock
  readonly queue?: Queue
  readonly dedupe?: DedupeStore
  readonly start?: number
}

/** Delivers to the flow like a listening server. */
function delivering(one: AnyFlow, { clock, queue: jobs, dedupe }: Parts) {
  const logs: string[] = []
  const to = (level: string) => (_: unknown, message?: string) => void logs.push(`${level}: ${message}`)
  const log = { debug: to('debug'), info: to('info'), warn: to('warn'), error: to('error') } as Logger
  let bag: ResourceBag = ResourceBag.empty()
  if (jobs !== undefined) bag = bag.with('queue:jobs', jobs)
  if (dedupe !== undefined) bag = bag.with('dedupe', dedupe)
  const runtime = createRuntime(bag, { clock })
  const app = { ...defineApp({ flows: [], profiles: {} }), flows: [one] }
  const delivery: RunningDelivery = startDelivery({
    app,
    bag,
    runtime,
    log,
    options: { clock, random: () => 0.5, deadlineMs: 600_000 },
  })
  const stop = async () => {
    await Promise.all([delivery.stop(), runtime.close()])
  }
  running.push(stop)
  return { logs, runtime, stop }
}

const Job = z.object({ id: z.string() })
const jobs = (run: (id: string) => unknown, concurrency = 2) =>
  flow('jobs', {
    trigger: queue('jobs', { input: Job, concurrency }),
    graph: (job, step) => step(node('work', { input: Job, run: ({ id }) => run(id) }), job),
  })

const ticking = (expression: string, run: (scheduledAt: string) => unknown, timeZone?: string) =>
  flow('ticking', {
    trigger: cron(expression, timeZone === undefined ? {} : { timeZone }),
    graph: (tick, step) =>
      step(
        node('tick', {
          input: z.object({ scheduledAt: z.string(), cron: z.string() }),
          run: ({ scheduledAt }) => run(scheduledAt),
        }),
        tick,
      ),
  })

/** Records the `limit` of each `receive` call of a consumer. */
function watched(queue: Queue) {
  const limits: number[] = []
  const receive: Queue['receive'] = (options) => {
    limits.push(options?.limit ?? 1)
    return queue.receive(options)
  }
  return {
    limits,
    queue: new Proxy(queue, { get: (target, key) => (key === 'receive' ? receive : bound(target, key)) }),
  }
}

function bound(target: object, key: PropertyKey): unknown {
  const value = Reflect.get(target, key, target) as unknown
  return typeof value === 'function' ? (value.bind(target) as unknown) : value
}

describe('a consumer', () => {
  it('polls an empty queue less and less often, and immediately again after a message', async () => {
    const clock = new ManualClock()
    const store = createQueue(memoryQueueDriver({ clock }))
    const { limits, queue: seen } = watched(store)
    delivering(
      jobs(() => undefined),
      { clock, queue: seen },
    )
    await clock.advance(10_000)
    // 50, 100, 200, 400, 800, then every second.
    expect(limits).toHaveLength(14)
    await store.send({ id: 'a' })
    // Received after 550 ms; then polls immediately, and after 50, 150 and 350 ms more.
    await clock.advance(900)
    expect(limits).toHaveLength(14 + 5)
  })

  it('receives no more messages than it has free places', async () => {
    const clock = new ManualClock()
    const store = createQueue(memoryQueueDriver({ clock }))
    const { limits, queue: seen } = watched(store)
    const open: (() => void)[] = []
    delivering(
      jobs(() => new Promise<void>((done) => open.push(done))),
      { clock, queue: seen },
    )
    await store.sendBatch(['a', 'b', 'c'].map((id) => ({ id })))
    await clock.advance(5_000)
    expect(open).toHaveLength(2)
    expect(limits.at(-1)).toBe(2)
    open.shift()?.()
    await clock.advance(0)
    expect(open).toHaveLength(2)
    expect(limits.at(-1)).toBe(1)
    for (const done of open) done()
  })

  it('leases a message for at most a minute and renews the lease while it works, even with a long deadline', async () => {
    const clock = new ManualClock()
    const store = createQueue(memoryQueueDriver({ clock }))
    const leases: (number | undefined)[] = []
    const watching = new Proxy(store, {
      get: (target, name) =>
        name === 'receive'
          ? (options: Parameters<Queue['receive']>[0]) => {
              leases.push(options?.leaseMs)
              return target.receive(options)
            }
          : bound(target, name),
    })
    const done: string[] = []
    delivering(
      jobs(async (id) => {
        await clock.sleep(300_000)
        done.push(id)
      }, 1),
      { clock, queue: watching },
    )
    await store.send({ id: 'a' })
    await clock.advance(299_000)
    expect(new Set(leases)).toEqual(new Set([60_000]))
    expect(await store.receive()).toEqual([])
    await clock.advance(2_000)
    expect(done).toEqual(['a'])
    await clock.advance(60_000)
    expect(await store.receive()).toEqual([])
  })

  it('backs off while the queue is unavailable, logs it, and continues afterwards', async () => {
    const clock = new ManualClock()
    const honest = memoryQueueDriver({ clock })
    let isAway = true
    let asked = 0
    const store = createQueue({
      info: honest.info,
      send: honest.send.bind(honest),
      receive: (limit, leaseMs, call) => {
        asked += 1
        if (isAway) throw new CapabilityError('Unavailable', 'away')
        return honest.receive(limit, leaseMs, call)
      },
      ack: honest.ack.bind(honest),
      retry: honest.retry.bind(honest),
    })
    const done: string[] = []
    const { logs } = delivering(
      jobs((id) => done.push(id)),
      { clock, queue: store },
    )
    await store.send({ id: 'a' })
    await clock.advance(60_000)
    // Backoff: 1, 2, 4, 8, 16, 30 s.
    expect(asked).toBe(6)
    expect(logs).toEqual(Array(6).fill('error: messages cannot be received from the queue'))
    isAway = false
    await clock.advance(30_000)
    expect(done).toEqual(['a'])
  })

  it('stops immediately while it waits', async () => {
    const clock = new ManualClock()
    const { stop } = delivering(
      jobs(() => undefined),
      { clock, queue: createQueue(memoryQueueDriver({ clock })) },
    )
    await clock.advance(100)
    await stop()
    expect(clock.sleeping).toBe(0)
  })

  it('receives nothing more after the runtime is closed', async () => {
    const clock = new ManualClock()
    const store = createQueue(memoryQueueDriver({ clock }))
    const { runtime } = delivering(
      jobs(() => expect.fail('nothing may run')),
      { clock, queue: store },
    )
    await clock.advance(0)
    await runtime.close()
    await store.send({ id: 'a' })
    await clock.advance(5_000)
    expect(await store.receive()).toMatchObject([{ body: { id: 'a' } }])
  })
})

const atomic = (clock: ManualClock) => {
  const driver = memoryDedupeDriver({ clock })
  return createDedupeStore(
    new Proxy(driver, {
      get: (target, key) => (key === 'info' ? { ...target.info, durability: 'durable' } : bound(target, key)),
    }),
  )
}

describe('a scheduler', () => {
  const midnight = Date.UTC(2030, 0, 1)

  it('runs the flow at every scheduled time', async () => {
    const clock = new ManualClock(midnight + 1)
    const seen: string[] = []
    const { logs } = delivering(
      ticking('*/20 * * * *', (at) => seen.push(at)),
      { clock, dedupe: atomic(clock) },
    )
    await clock.advance(3_600_000)
    expect(seen).toEqual(['2030-01-01T00:20:00.000Z', '2030-01-01T00:40:00.000Z', '2030-01-01T01:00:00.000Z'])
    expect(logs).toEqual([])
  })

  it('follows the time zone across a change of its offset', async () => {
    // Berlin goes from +1 to +2 on 31 March 2030.
    const clock = new ManualClock(Date.UTC(2030, 2, 30))
    const seen: string[] = []
    delivering(
      ticking('0 3 * * *', (at) => seen.push(at), 'Europe/Berlin'),
      { clock, dedupe: atomic(clock) },
    )
    await clock.advance(2 * 86_400_000)
    expect(seen).toEqual(['2030-03-30T02:00:00.000Z', '2030-03-31T01:00:00.000Z'])
  })

  it('runs each scheduled time in one of the processes that share a dedupe store', async () => {
    const clock = new ManualClock(midnight)
    const dedupe = atomic(clock)
    const seen: string[] = []
    for (const name of ['one', 'two']) {
      delivering(
        ticking('* * * * *', (at) => seen.push(`${name} ${at.slice(11, 16)}`)),
        { clock, dedupe },
      )
    }
    await clock.advance(3 * 60_000)
    expect(seen.map((text) => text.slice(4))).toEqual(['00:01', '00:02', '00:03'])
  })

  it('warns that every process runs it without a shared dedupe store', () => {
    const clock = new ManualClock()
    const warning = 'warn: every process runs these schedules: no shared dedupe store is bound'
    const tick = ticking('* * * * *', () => undefined)
    expect(delivering(tick, { clock }).logs).toEqual([warning])
    const own = createDedupeStore(memoryDedupeDriver({ clock }))
    expect(delivering(tick, { clock, dedupe: own }).logs).toEqual([warning])
  })

  it('skips a run while the previous one is still running', async () => {
    const clock = new ManualClock(midnight)
    const seen: string[] = []
    let end: () => void = () => undefined
    const slow = ticking('* * * * *', async (at) => {
      seen.push(at.slice(11, 16))
      if (seen.length === 1) await new Promise<void>((done) => (end = done))
    })
    const { logs } = delivering(slow, { clock, dedupe: atomic(clock) })
    await clock.advance(2 * 60_000)
    end()
    await clock.advance(60_000)
    expect(seen).toEqual(['00:01', '00:03'])
    expect(logs).toEqual(['warn: a scheduled run was skipped: the previous one is still running'])
  })

  it('does not catch up on runs missed while the machine slept', async () => {
    const clock = new ManualClock(midnight)
    const seen: string[] = []
    const { logs } = delivering(
      ticking('0 * * * *', (at) => seen.push(at.slice(11, 16))),
      {
        clock,
        dedupe: atomic(clock),
      },
    )
    await clock.advance(60_000)
    clock.jump(3.5 * 3_600_000)
    await clock.advance(60_000)
    expect(seen).toEqual([])
    expect(logs).toEqual(['warn: a scheduled run was missed'])
    await clock.advance(30 * 60_000)
    expect(seen).toEqual(['04:00'])
  })

  it('does not repeat a scheduled time when the clock is set back', async () => {
    const clock = new ManualClock(midnight)
    const seen: string[] = []
    delivering(
      ticking('0 * * * *', (at) => seen.push(at.slice(11, 16))),
      { clock },
    )
    await clock.advance(3_600_000)
    clock.jump(-120_000)
    await clock.advance(3_600_000)
    expect(seen).toEqual(['01:00'])
    await clock.advance(120_000)
    expect(seen).toEqual(['01:00', '02:00'])
  })

  it('skips a run when the dedupe store is unavailable, rather than running it twice', async () => {
    const clock = new ManualClock(midnight)
    const dedupe = new Proxy(atomic(clock), {
      get: (target, key) =>
        key === 'putIfAbsent'
          ? () => Promise.reject(new CapabilityError('Unavailable', 'away'))
          : bound(target, key),
    })
    const { logs } = delivering(
      ticking('* * * * *', () => expect.fail('it must not run')),
      { clock, dedupe },
    )
    await clock.advance(60_000)
    expect(logs).toEqual([
      'error: a scheduled run was skipped: the dedupe store could not decide which process runs it',
    ])
  })

  it('warns about a date that never occurs', async () => {
    const clock = new ManualClock(midnight)
    const { logs } = delivering(
      ticking('0 0 30 FEB *', () => undefined),
      { clock, dedupe: atomic(clock) },
    )
    await clock.advance(0)
    expect(logs).toEqual(['warn: no future date matches the schedule'])
  })
})
