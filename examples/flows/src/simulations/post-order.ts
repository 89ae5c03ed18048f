/**
 * Simulates faults around orders, with a gateway that charges on every call: each order is charged once or reported as unknown.
 */
import { defineSimulation } from '@flowport/flow/simulation'
import { postOrder } from '../orders.ts'
import { countCharges } from '../payments.ts'

export default defineSimulation(postOrder, {
  input: { orderId: 'o1', amountCents: 4200 },
  count: ({ 'http:payments': gateway }, { orderId }) => countCharges(gateway, orderId),
  services() {
    let charges = 0
    return {
      'http://payments': ({ method }) =>
        Response.json(method === 'POST' ? { chargeId: `c${++charges}` } : { charges }),
    }
  },
})
