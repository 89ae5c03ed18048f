/** Measures the cost of running a flow over doing the same by hand: per node in a chain, and per run of a small graph. */
import { ResourceBag } from '@flowport/capabilities'
import { createRuntime, flow, manual, node, opaque } from '@flowport/flow'
import { Effect } from 'effect'
import { compare, named } from './harness.ts'
import { digits } from './numbers.ts'
import { type Aim, comparisonTable, type Report } from './report.ts'

const plain = 'plain awaits'
const ours = 'Flowport'
const oursDeadline = 'Flowport, 30 s deadline'
const oursRequest = 'Flowport, deadline in the request'
const effect = 'Effect.gen + Effect.promise'

export async function measure(): Promise<Report> {
  const chain = await measureChain()
  const graph = await measureGraph()
  const overNode = named(chain, ours).overNs / length
  const overRun = named(graph, ours).overNs
  return {
    tables: [
      comparisonTable(`Chain of ${length} nodes \`async x => x + 1\`, per run`, chain, {
        unit: 'µs',
        notes: [
          `Per node over plain awaits, ns: ${chain.map(({ name, overNs }) => `${name} ${digits(overNs / length)}`).join(' · ')}.`,
        ],
      }),
      comparisonTable('a → b‖c → join d → branch e/g (6 nodes declared, 5 executed), per run', graph, {
        unit: 'µs',
      }),
    ],
    aims: [
      aim('chain: at most 250 ns per node over plain awaits', overNode, 250, 'ns'),
      aim('graph: at most 4 µs per run over plain awaits', overRun / 1e3, 4, 'µs'),
      aim('chain: below Effect', named(chain, ours).ratio, named(chain, effect).ratio, '× plain'),
      aim('graph: below Effect', named(graph, ours).ratio, named(graph, effect).ratio, '× plain'),
    ],
  }
}

function aim(text: string, value: number, most: number, unit: string): Aim {
  return { aim: text, measured: `${digits(value)} ${unit} (at most ${digits(most)})`, holds: value <= most }
}

const length = 100
const Value = opaque<number>()
const increment = async (x: number) => x + 1
const bag = ResourceBag.empty()
const runtime = createRuntime(bag)
const bounded = createRuntime(bag, { deadlineMs: 30_000 })

function measureChain() {
  const one = node('increment', { input: Value, output: Value, run: increment })
  const chain = flow('chain', {
    trigger: manual({ input: Value }),
    graph(input, step) {
      let value = step(one, input, { alias: 'n0' })
      for (let n = 1; n < length; n++) value = step(one, value, { alias: `n${n}` })
      return value
    },
  })
  const program = Effect.gen(function* () {
    let x = 0
    for (let n = 0; n < length; n++) {
      const before = x
      x = yield* Effect.promise(() => increment(before))
    }
    return x
  })
  return compare({
    reference: plain,
    expected: length,
    candidates: [
      {
        name: plain,
        async run(times) {
          let x = 0
          for (let i = 0; i < times; i++) {
            x = 0
            for (let n = 0; n < length; n++) x = await increment(x)
          }
          return x
        },
      },
      {
        name: ours,
        async run(times) {
          let x = 0
          for (let i = 0; i < times; i++) x = await runtime.invoke(chain, { input: 0 })
          return x
        },
      },
      {
        name: oursDeadline,
        async run(times) {
          let x = 0
          for (let i = 0; i < times; i++) x = await bounded.invoke(chain, { input: 0 })
          return x
        },
      },
      {
        name: effect,
        async run(times) {
          let x = 0
          for (let i = 0; i < times; i++) x = await Effect.runPromise(program)
          return x
        },
      },
    ],
  })
}

interface Joined {
  readonly b: number
  readonly c: number
}

interface Sum {
  readonly sum: number
  readonly even: boolean
}

const add = async ({ b, c }: Joined): Promise<Sum> => ({ sum: b + c, even: (b + c) % 2 === 0 })
const incrementSum = async ({ sum }: Sum) => sum + 1
const negateSum = async ({ sum }: Sum) => -sum

function measureGraph() {
  const a = node('a', { input: Value, output: Value, run: increment })
  const b = node('b', { input: Value, output: Value, run: increment })
  const c = node('c', { input: Value, output: Value, run: increment })
  const d = node('d', { input: opaque<Joined>(), output: opaque<Sum>(), run: add })
  const e = node('e', { input: opaque<Sum>(), output: Value, run: incrementSum })
  const g = node('g', { input: opaque<Sum>(), output: Value, run: negateSum })
  const graph = flow('graph', {
    trigger: manual({ input: Value }),
    graph(input, step) {
      const first = step(a, input)
      const sum = step(d, { b: step(b, first), c: step(c, first) })
      return step.if(
        sum,
        '/even',
        (value) => step(e, value),
        (value) => step(g, value),
      )
    },
  })
  const program = Effect.gen(function* () {
    const first = yield* Effect.promise(() => increment(0))
    const [b, c] = yield* Effect.all(
      [Effect.promise(() => increment(first)), Effect.promise(() => increment(first))],
      { concurrency: 'unbounded' },
    )
    const sum = yield* Effect.promise(() => add({ b, c }))
    return yield* Effect.promise(() => (sum.even ? incrementSum(sum) : negateSum(sum)))
  })
  return compare({
    reference: plain,
    expected: 5,
    rounds: 15,
    candidates: [
      {
        name: plain,
        async run(times) {
          let x = 0
          for (let i = 0; i < times; i++) {
            const first = await increment(0)
            const b = await increment(first)
            const c = await increment(first)
            const sum = await add({ b, c })
            x = sum.even ? await incrementSum(sum) : await negateSum(sum)
          }
          return x
        },
      },
      {
        name: 'Promise.all for b‖c',
        async run(times) {
          let x = 0
          for (let i = 0; i < times; i++) {
            const first = await increment(0)
            const [b, c] = await Promise.all([increment(first), increment(first)])
            const sum = await add({ b, c })
            x = sum.even ? await incrementSum(sum) : await negateSum(sum)
          }
          return x
        },
      },
      {
        name: ours,
        async run(times) {
          let x = 0
          for (let i = 0; i < times; i++) x = await runtime.invoke(graph, { input: 0 })
          return x
        },
      },
      {
        name: oursDeadline,
        async run(times) {
          let x = 0
          for (let i = 0; i < times; i++) x = await bounded.invoke(graph, { input: 0 })
          return x
        },
      },
      {
        name: oursRequest,
        async run(times) {
          let x = 0
          for (let i = 0; i < times; i++) {
            x = await runtime.invoke(graph, { input: 0, deadline: new Date(Date.now() + 30_000) })
          }
          return x
        },
      },
      {
        name: effect,
        async run(times) {
          let x = 0
          for (let i = 0; i < times; i++) x = await Effect.runPromise(program)
          return x
        },
      },
    ],
  })
}
