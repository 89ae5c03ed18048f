import { defineApp } from '@flowport/flow'
import { describe, expect, it } from 'vitest'
import { postEmail, sendEmail } from '../emails.ts'
import emails from './post-email.ts'
import orders from './post-order.ts'

describe('the example under simulated faults', () => {
  it('charges an order once or reports its outcome as unknown', { timeout: 60_000 }, async () => {
    const { classes } = await orders.run({ seeds: 20 })
    for (const report of Object.values(classes)) expect(report).toMatchObject({ duplicates: 0, failed: 0 })
    const { 'lost-ledger-answers': lost, reordering, 'error-before-effect': early } = classes
    for (const report of [lost, reordering, early]) expect(report).toMatchObject({ unknown: 0, done: 20 })
  })

  it('charges twice when orders are declared safe to run again', { timeout: 60_000 }, async () => {
    const again = orders.run({ unknown: 'again', faults: ['effect-reset'] })
    await expect(again).rejects.toThrow('an effect was made more than once for one key')
  })

  it('sends every email that was accepted', { timeout: 60_000 }, async () => {
    const app = defineApp({ flows: [postEmail, sendEmail], profiles: {} })
    const { classes } = await emails.run({ app, seeds: 3 })
    for (const report of Object.values(classes)) expect(report).toMatchObject({ done: 3 })
  })
})
