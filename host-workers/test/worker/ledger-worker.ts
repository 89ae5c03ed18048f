/** A Worker whose node has an unknown outcome the first time, and whose ledger one operator may settle. */
import { defineApp, deny, flow, http, node } from '@flowport/flow'
import { createWorker } from '@flowport/host-workers'
import { memory } from '@flowport/presets/memory'
import * as z from 'zod'

const Order = z.object({ id: z.string() })
const charge = node('charge', {
  input: Order,
  output: z.object({ charge: z.string() }),
  uses: { kv: 'write' },
  idempotency: { key: '/id', unknown: 'never' },
  async run({ id }, { kv }) {
    const key = `tries/${id}`
    const tries = Number((await kv.get(key)) ?? 0) + 1
    await kv.put(key, String(tries))
    if (tries === 1) throw new Error('the connection broke after the request was sent')
    return { charge: `try ${tries} of ${id}` }
  },
})
const orders = flow('orders', {
  trigger: http.post('/orders', { input: Order }),
  graph: (it, step) => step(charge, it),
})

export default createWorker(defineApp({ flows: [orders], profiles: { workers: [memory()] } }), {
  operations: { ledger: 'guarded' },
  hooks: [
    {
      name: 'staff',
      before({ flow: name, header }) {
        if (name !== 'flowport:ledger') return undefined
        if (header('authorization') === 'Bearer anna') return { 'flowport.operator': 'anna' }
        throw deny({ status: 401 })
      },
    },
  ],
})
