import { countRule } from '@flowport/capabilities'
import { numericOption, type NumericOptionTest } from '@flowport/capabilities/testing'
import { describe, expect, it } from 'vitest'
import * as z from 'zod'
import { defineApp } from '../app.ts'
import { flow } from '../flow.ts'
import { node } from '../node.ts'
import { manual } from '../trigger.ts'
import { type FaultClass, faultClasses } from './faults.ts'
import { formatReport, SimulationError } from './report.ts'
import { simulate } from './simulate.ts'
import { createSink } from './sink.ts'
import { orderFlow } from './test/flows.ts'

const input = { orderId: 'o1' }

async function failureOf(simulation: Promise<unknown>) {
  const error: unknown = await simulation.catch((thrown: unknown) => thrown)
  if (error instanceof SimulationError) return error
  throw new Error('the simulation found nothing', { cause: error })
}

describe('simulate', () => {
  const duplicating = () => {
    const { order, gateway } = orderFlow({ sink: 'naive', unknown: 'again' })
    const count = () => gateway.effects()
    return { order, count }
  }

  it('reports, for each class of faults, how its schedules ended', async () => {
    const { order, gateway } = orderFlow({ sink: 'naive', unknown: 'never' })
    const report = await simulate(order, { input, seeds: 20, count: () => gateway.effects() })
    expect(Object.keys(report.classes)).toEqual(faultClasses)
    expect(report).toMatchObject({ flow: 'order', schedules: 20 * faultClasses.length })
    for (const { schedules, unknown, done, failed } of Object.values(report.classes))
      expect(unknown + done + failed).toBe(schedules)
    expect(report.classes.none).toEqual({ schedules: 20, duplicates: 0, unknown: 0, done: 20, failed: 0 })
    expect(formatReport(report)).toMatch(/^faults +schedules +duplicates +unknown +done +failed$/m)
  })

  it('throws the first schedule that duplicates an effect, with a shrunk trace', async () => {
    const { order, count } = duplicating()
    const { failure, message } = await failureOf(simulate(order, { input, count, faults: ['all'] }))
    expect(failure).toMatchObject({ flow: 'order', violation: 'duplicate', faults: 'all' })
    expect(failure.shrunk.to).toBeLessThan(failure.shrunk.from / 4)
    expect(failure.trace.filter((line) => line.includes('EFFECT'))).toHaveLength(2)
    expect(message).toContain('an effect was made more than once for one key')
    expect(message).toContain(`replay: '${failure.replay}'`)
  })

  it('repeats a failure exactly: from its seed, and from its shrunk choices', async () => {
    const { order, count } = duplicating()
    const options = { input, count, faults: ['all'] } as const
    const { failure } = await failureOf(simulate(order, options))
    const again = await failureOf(simulate(order, { ...options, firstSeed: failure.seed, seeds: 1 }))
    expect(again.failure).toEqual(failure)
    const replayed = await failureOf(simulate(order, { ...options, replay: failure.replay }))
    expect(replayed.failure.trace).toEqual(failure.trace)
    expect(replayed.failure.replay).toBe(failure.replay)
  })

  it.each(['nothing', 'all/x', 'all/1/zz', 'unheard of/1'])('refuses %j as a replay', async (replay) => {
    const { order, count } = duplicating()
    await expect(simulate(order, { input, count, replay })).rejects.toThrow(TypeError)
  })

  it('counts what is allowed, and goes on', async () => {
    const { order, count } = duplicating()
    const allow = ['duplicate', 'answers differ'] as const
    const { classes } = await simulate(order, { input, count, faults: ['effect-reset'], allow })
    expect(classes['effect-reset']).toMatchObject({ schedules: 100, unknown: 0 })
    expect(classes['effect-reset']?.duplicates).toBeGreaterThan(5)
  })

  it('runs a flow under another policy than it declares', async () => {
    const { order, count } = duplicating()
    const options = { input, count, faults: ['effect-reset'], unknown: 'never' } as const
    const { classes } = await simulate(order, options)
    expect(classes['effect-reset']).toMatchObject({ duplicates: 0 })
    expect(classes['effect-reset']?.unknown).toBeGreaterThan(5)
  })

  it('gives each schedule the input of its seed', async () => {
    const { order, gateway } = orderFlow({ sink: 'keyed', unknown: 'again' })
    const seen: string[] = []
    await simulate(order, {
      input: (seed) => ({ orderId: `o${seed}` }),
      count(_stores, { orderId }) {
        seen.push(orderId)
        return gateway.effects(`order/charge:${orderId}`)
      },
      seeds: 2,
      firstSeed: 5,
      faults: ['none'],
    })
    expect(new Set(seen)).toEqual(new Set(['o5', 'o6']))
  })

  it('lets simulations wait for each other', async () => {
    const { order, gateway } = orderFlow({ sink: 'keyed', unknown: 'again' })
    const one = () => simulate(order, { input, seeds: 5, faults: ['all'], count: () => gateway.effects() })
    const [first, second] = await Promise.all([one(), one()])
    expect(second).toEqual(first)
  })
})

describe('the numbers of a simulation', () => {
  const { order, gateway } = orderFlow({ sink: 'keyed', unknown: 'again' })
  const options = { input, count: () => gateway.effects(), seeds: 1, faults: ['none'] } as const
  const take = (numbers: object) => simulate(order, { ...options, ...numbers })
  const tests: readonly NumericOptionTest[] = [
    { name: 'SimulateOptions.seeds', rule: countRule(), take: (seeds) => take({ seeds }) },
    { name: 'SimulateOptions.firstSeed', rule: countRule(), take: (firstSeed) => take({ firstSeed }) },
    { name: 'SimulateOptions.processes', rule: countRule(1, 20), take: (processes) => take({ processes }) },
    { name: 'SimulateOptions.clients', rule: countRule(1, 20), take: (clients) => take({ clients }) },
    { name: 'SimulateOptions.shrinkRuns', rule: countRule(0), take: (shrinkRuns) => take({ shrinkRuns }) },
  ]
  for (const test of tests) numericOption({ refusal: { name: 'TypeError' }, ...test, fitting: [1, 2] })
})

describe('the oracles', () => {
  const Text = z.object({ id: z.string() })
  const faults = ['none'] satisfies readonly FaultClass[]
  const one = (run: (id: string) => unknown) =>
    flow('one', {
      trigger: manual({ input: Text }),
      graph: (text, step) => step(node('only', { input: Text, run: ({ id }) => run(id) }), text),
    })
  const options = { input: { id: 'a' }, faults, seeds: 5 } as const

  it('notice an acknowledged call whose effect is not there', async () => {
    const { failure } = await failureOf(
      simulate(
        one(() => 'done'),
        { ...options, count: () => 0 },
      ),
    )
    expect(failure.violation).toBe('lost')
  })

  it('notice that two clients get different answers', async () => {
    let calls = 0
    const { failure } = await failureOf(
      simulate(
        one(() => ++calls),
        { ...options, count: () => 1 },
      ),
    )
    expect(failure.violation).toBe('answers differ')
  })

  it('notice a flow that fails by itself', async () => {
    const broken = one(() => {
      throw new Error('broken')
    })
    const { failure } = await failureOf(simulate(broken, { ...options, count: () => 0 }))
    expect(failure.violation).toBe('fails without faults')
  })

  it('notice timers that never end', async () => {
    const Id = z.object({ id: z.string() })
    const ticking = flow('ticking', {
      trigger: manual({ input: Id }),
      graph: (input, step) =>
        step(
          node('tick', {
            input: Id,
            uses: { clock: 'read' },
            run(_input, { clock }) {
              const again = (): void => void clock.sleep(1000).then(again)
              again()
              return 'done'
            },
          }),
          input,
        ),
    })
    const { failure } = await failureOf(simulate(ticking, { ...options, count: () => 1 }))
    expect(failure.violation).toBe('endless')
  })

  it('say where a timer was started past the clock', async () => {
    const late = one(() => new Promise((resolve) => setTimeout(() => resolve('done'), 1)))
    await expect(simulate(late, { ...options, count: () => 1 })).rejects.toThrow(
      /does not control.*Timeout, at .*simulate\.test\.ts/s,
    )
  })

  it('say where I/O was started past the stores', async () => {
    const hashing = one(async () => {
      await crypto.subtle.digest('SHA-256', new Uint8Array(1))
      return 'done'
    })
    await expect(simulate(hashing, { ...options, count: () => 1 })).rejects.toThrow(/does not control/)
  })
})

describe('a sink', () => {
  it('works inside a simulation only', () => {
    const sink = createSink({ kind: 'naive' })
    expect(() => sink.effects()).toThrow(TypeError)
    expect(() => sink.make('k')).toThrow('works inside simulate() only')
  })
})

describe('the types of simulate', () => {
  const { order, gateway } = orderFlow({ sink: 'keyed', unknown: 'again' })
  const count = () => gateway.effects()
  const app = defineApp({ flows: [order], profiles: {} })

  it('refuse what does not fit the flow', () => {
    const wrong = () => [
      // @ts-expect-error the input lacks the order's id
      simulate(order, { input: {}, count }),
      // @ts-expect-error nobody counts the effects
      simulate(order, { input }),
      // @ts-expect-error there is no such class of faults
      simulate(order, { input, count, faults: ['earthquake'] }),
      // @ts-expect-error there is no such violation
      simulate(order, { input, count, allow: ['anything'] }),
      // @ts-expect-error the flow uses no blob store
      simulate(order, { input, count: ({ blob }) => blob.list().length }),
      // @ts-expect-error an app does not say which flow to call
      simulate(app, { input, count }),
      // @ts-expect-error there is no such kind of sink
      createSink({ kind: 'hopeful' }),
    ]
    expect(wrong).toBeTypeOf('function')
  })

  it('hand the stores of the flow to count', async () => {
    const options = { input, seeds: 1, faults: ['none'] } as const
    const report = await simulate(app, {
      ...options,
      flow: order,
      async count({ kv }) {
        expect(await kv.get('absent')).toBeNull()
        return gateway.effects()
      },
    })
    expect(report.schedules).toBe(1)
  })
})
