/** Measures the cost of a keyed node on memory and sqlite: by its `begins` setting, atomic, and answered from the ledger. */
import { join } from 'node:path'
import { controlOf, type KeyValue, type ResourceBag, Transaction } from '@flowport/capabilities'
import { systemRng } from '@flowport/capabilities/system'
import { createRuntime, flow, type Idempotency, manual, node, opaque } from '@flowport/flow'
import { memory } from '@flowport/presets/memory'
import { sqlite } from '@flowport/presets/sqlite'
import { type Candidate, compare, named } from '../harness.ts'
import { digits } from '../numbers.ts'
import { inDirectory, openBag } from '../providers.ts'
import { comparisonTable, type Report } from '../report.ts'
import { openRaw, RawStore } from '../sqlite/raw-store.ts'
import { fingerprint, leaseMs, result, shareAim, ttlMs } from './shared.ts'

interface Order {
  readonly id: string
}
type Uses = { readonly kv: 'write' }

const Input = opaque<Order>()
const Output = opaque<typeof result>()

/** Returns a flow of one node that writes two entries, named after its idempotency. */
function ordersBy(name: string, idempotency: Idempotency<Order, typeof result, Uses>) {
  const write = node('write', {
    input: Input,
    output: Output,
    uses: { kv: 'write' },
    idempotency,
    async run({ id }, { kv }) {
      await kv.put(`order/${id}`, 'accepted')
      await kv.put(`mail/${id}`, 'to be sent')
      return result
    },
  })
  return flow(name, { trigger: manual({ input: Input }), graph: (order, step) => step(write, order) })
}

const natural = ordersBy('natural', 'natural')
const handler = ordersBy('handler', { key: '/id', unknown: 'never' })
const effect = ordersBy('effect', { key: '/id', unknown: 'never', begins: 'effect' })
const atomic = ordersBy('atomic', { key: '/id', atomic: true })

const names = {
  natural: 'no key',
  handler: 'keyed',
  effect: "keyed, `begins: 'effect'`",
  atomic: 'keyed, atomic',
  stored: 'keyed, answered from the ledger',
  collected: 'begin, two collected entries, commit, without a flow',
} as const

/** Runs the flow with a new order each time. */
function newOrders(name: string, bag: ResourceBag, orders: typeof handler): Candidate<typeof result> {
  const runtime = createRuntime(bag, { deadlineMs: 30_000 })
  let at = 0
  return {
    name,
    async run(times) {
      let last = result
      for (let i = 0; i < times; i++)
        last = await runtime.invoke(orders, { input: { id: `${name}/${at++}` } })
      return last
    },
  }
}

function sameOrder(bag: ResourceBag): Candidate<typeof result> {
  const runtime = createRuntime(bag, { deadlineMs: 30_000 })
  return {
    name: names.stored,
    async run(times) {
      let last = result
      for (let i = 0; i < times; i++) last = await runtime.invoke(handler, { input: { id: 'the same' } })
      return last
    },
  }
}

/** Makes only the store calls of an atomic node, without a flow. */
function collected(bag: ResourceBag): Candidate<typeof result> {
  const dedupe = bag.require('dedupe')
  const { view } = controlOf('kv', bag.require('kv'))
  let at = 0
  return {
    name: names.collected,
    async run(times) {
      let made = 0
      for (let i = 0; i < times; i++) {
        const key = `collected/${at++}`
        const begun = await dedupe.begin(key, { leaseMs, fingerprint })
        if (begun.state !== 'fresh') continue
        const transaction = new Transaction(systemRng)
        const kv = view('write', { transaction }) as KeyValue
        await kv.put(`order/${key}`, 'accepted')
        await kv.put(`mail/${key}`, 'to be sent')
        const { changes } = transaction
        if ((await dedupe.commit(key, begun.token, result, ttlMs, changes)) === 'committed') made++
      }
      return made === times ? result : { order: made, state: 'some were not new' }
    },
  }
}

function flows(bag: ResourceBag): readonly Candidate<typeof result>[] {
  return [
    newOrders(names.natural, bag, natural),
    newOrders(names.handler, bag, handler),
    newOrders(names.effect, bag, effect),
    newOrders(names.atomic, bag, atomic),
    sameOrder(bag),
  ]
}

export async function measureNodes(): Promise<Report> {
  const onSqlite = await measureSqlite()
  const bag = await openBag(memory())
  const measured = await compare({
    by: 'cpu',
    reference: names.natural,
    expected: result,
    candidates: flows(bag),
  })
  await bag.close()
  const table = comparisonTable('A run of a node that writes two entries, memory', measured, { unit: 'µs' })
  return { tables: [table, ...onSqlite.tables], aims: onSqlite.aims }
}

function measureSqlite(): Promise<Report> {
  return inDirectory(async (directory) => {
    const bag = await openBag(sqlite({ path: join(directory, 'flowport.sqlite'), synchronous: 'NORMAL' }))
    const files = ['one', 'two', 'four'].map((name) => openRaw(join(directory, `${name}.sqlite`), 'NORMAL'))
    const [one, two, four] = files.map((db) => new RawStore(db))
    if (one === undefined || two === undefined || four === undefined)
      throw new Error('three files were opened')
    try {
      const measured = await compare({
        by: 'cpu',
        reference: raws.one,
        expected: result,
        rounds: 21,
        candidates: [...flows(bag), collected(bag), rawOne(one), rawTwo(two), rawFour(four)],
      })
      const title = 'A run of a node that writes two entries, sqlite, WAL NORMAL'
      const share = named(measured, raws.four).ratio / named(measured, names.handler).ratio
      return {
        tables: [comparisonTable(title, measured, { unit: 'µs' })],
        aims: [
          shareAim('sqlite: an atomic node, of one raw transaction', measured, names.atomic, 0.8),
          twoStep('an atomic node', named(measured, raws.two).ratio / named(measured, names.atomic).ratio),
          twoStep(
            'begin and commit without a flow',
            named(measured, raws.two).ratio / named(measured, names.collected).ratio,
          ),
          {
            aim: 'sqlite: a keyed node, of the same four raw statements: at least 0.8',
            measured: digits(share),
            holds: share >= 0.8,
          },
        ],
      }
    } finally {
      for (const db of files) db.close()
      await bag.close()
    }
  })
}

function twoStep(what: string, share: number) {
  const aim = `sqlite: ${what}, of a raw begin and one raw transaction: at least 0.8`
  return { aim, measured: digits(share), holds: share >= 0.8 }
}

const raws = {
  one: 'raw: record and entries in one transaction, without a lease',
  two: 'raw: begin, then entries and result in one transaction',
  four: 'raw: begin, two entries, complete, a transaction each',
} as const

function rawOne(store: RawStore): Candidate<typeof result> {
  return each(raws.one, (key) =>
    store.transaction(() => {
      if (!store.insertDone(key, fingerprint, result, ttlMs)) return false
      write(store, key)
      return true
    }),
  )
}

function rawTwo(store: RawStore): Candidate<typeof result> {
  return each(raws.two, (key) => {
    const token = store.begin(key, fingerprint, leaseMs, false)
    if (token === null) return false
    return store.transaction(() => {
      write(store, key)
      return store.complete(key, token, result, ttlMs)
    })
  })
}

function rawFour(store: RawStore): Candidate<typeof result> {
  return each(raws.four, (key) => {
    const token = store.begin(key, fingerprint, leaseMs)
    if (token === null) return false
    write(store, key)
    return store.complete(key, token, result, ttlMs)
  })
}

function write(store: RawStore, key: string): void {
  store.put(`order/${key}`, 'accepted')
  store.put(`mail/${key}`, 'to be sent')
}

function each(name: string, work: (key: string) => boolean): Candidate<typeof result> {
  let at = 0
  return {
    name,
    run(times) {
      let made = 0
      for (let i = 0; i < times; i++) if (work(`orders/write:${name}/${at++}`)) made++
      return made === times ? result : { order: made, state: 'some were not new' }
    },
  }
}
