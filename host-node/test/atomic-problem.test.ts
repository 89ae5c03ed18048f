/** A problem thrown by an atomic node over SQLite: recorded without the node's writes, and replayed after a restart. */
import { openProviders, silentLogger } from '@flowport/capabilities'
import { systemClock } from '@flowport/capabilities/system'
import { createRuntime, flow, manual, node, problem } from '@flowport/flow'
import { sqlite } from '@flowport/presets/sqlite'
import { join } from 'node:path'
import { expect, it } from 'vitest'
import * as z from 'zod'
import { tempFolder } from './support/temp-folder.ts'

const Order = z.object({ id: z.string() })
let runs = 0
const place = node('place', {
  input: Order,
  uses: { kv: 'write', queue: 'publish' },
  // The partition has no effect here.
  idempotency: { key: '/id', atomic: true, partition: '/id' },
  async run({ id }, { kv, queue }) {
    runs += 1
    const left = Number(await kv.get('left'))
    await kv.put('tried', id)
    await queue.send(id)
    if (left === 0) throw problem({ status: 409, code: 'SOLD_OUT', title: 'Sold out', details: { runs } })
    return left
  },
})
const placing = flow('placing', {
  trigger: manual({ input: Order }),
  graph: (order, step) => step(place, order),
})

async function opened(path: string) {
  const context = { env: {}, log: silentLogger, bindings: {} }
  const bag = await openProviders([sqlite({ path })], { clock: systemClock, others: new Map() }, context)
  const runtime = createRuntime(bag, { clock: systemClock })
  return { bag, invoke: (id: string) => runtime.invoke(placing, { input: { id } }) }
}

it('is replayed on every repeat, even after a restart and when its reason is gone; nothing was written', async () => {
  const path = join(tempFolder(), 'orders.sqlite')
  const refusal = { cause: { status: 409, code: 'SOLD_OUT', details: { runs: 1 } } }
  const first = await opened(path)
  await first.bag.require('kv').put('left', '0')
  await expect(first.invoke('a')).rejects.toMatchObject(refusal)
  await first.bag.require('kv').put('left', '2')
  await first.bag.close()
  const second = await opened(path)
  try {
    await expect(second.invoke('a')).rejects.toMatchObject(refusal)
    expect(runs).toBe(1)
    expect(await second.bag.require('kv').get('tried')).toBeNull()
    expect(await second.bag.require('queue').receive({ limit: 10 })).toEqual([])
    expect(await second.bag.require('dedupe').look('placing/place:a')).toMatchObject({ state: 'done' })
    expect(await second.invoke('b')).toBe(2)
  } finally {
    await second.bag.close()
  }
})
