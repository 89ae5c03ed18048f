/** Simulates faults around emails: every accepted email is eventually sent through the app's queue. */
import { defineSimulation } from '@flowport/flow/simulation'
import { postEmail } from '../emails.ts'

export default defineSimulation(postEmail, {
  input: { id: 'e1', to: 'ada@example.com', subject: 'Hello' },
  async count({ kv }, { id }) {
    const email = await kv.get(`emails/${id}`, { as: 'json' })
    return JSON.stringify(email).includes('sent') ? 1 : 0
  },
})
