/** Compares a keyed run in memory with the same function made idempotent by Powertools for AWS Lambda. */
import { createRuntime, flow, manual, node, opaque } from '@flowport/flow'
import { memory } from '@flowport/presets/memory'
import { type Candidate, compare } from '../harness.ts'
import { openBag } from '../providers.ts'
import { comparisonTable, type Report } from '../report.ts'
import { idempotentByPowertools } from './powertools.ts'
import { result, shareAim } from './shared.ts'

interface Order {
  readonly id: string
  readonly amount: number
}

const charge = async (_order: Order) => result

const charges = flow('charges', {
  trigger: manual({ input: opaque<Order>() }),
  graph: (order, step) =>
    step(
      node('charge', {
        input: opaque<Order>(),
        output: opaque<typeof result>(),
        effects: 'effectful',
        idempotency: { key: '/id', unknown: 'never' },
        run: charge,
      }),
      order,
    ),
})

export async function measurePeers(): Promise<Report> {
  const bag = await openBag(memory())
  const runtime = createRuntime(bag, { deadlineMs: 30_000 })
  const ours = (order: Order) => runtime.invoke(charges, { input: order })
  const theirs = idempotentByPowertools(charge)
  const names = { ours: 'Flowport, memory', theirs: 'Powertools, its cache layer over a `Map`' }
  const measured = async (order: () => (i: number) => Order) =>
    compare({
      by: 'cpu',
      reference: names.theirs,
      expected: result,
      candidates: [calls(names.ours, ours, order()), calls(names.theirs, theirs, order())],
    })
  const fresh = await measured(() => (i) => ({ id: `new ${i}`, amount: i }))
  const again = await measured(() => () => ({ id: 'the same', amount: 1 }))
  await bag.close()
  const titles = { fresh: 'A call with a new key', again: 'A call with a key that is done' }
  return {
    tables: [
      comparisonTable(titles.fresh, fresh, { unit: 'µs' }),
      comparisonTable(titles.again, again, { unit: 'µs' }),
    ],
    aims: [
      shareAim(`${titles.fresh}, of Powertools' calls`, fresh, names.ours, 1),
      shareAim(`${titles.again}, of Powertools' calls`, again, names.ours, 1),
    ],
  }
}

function calls(
  name: string,
  call: (order: Order) => Promise<typeof result>,
  order: (i: number) => Order,
): Candidate<typeof result> {
  let at = 0
  return {
    name,
    async run(times) {
      let last = result
      for (let i = 0; i < times; i++) last = await call(order(at++))
      return last
    },
  }
}
