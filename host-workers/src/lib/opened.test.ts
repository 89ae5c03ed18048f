import { silentLogger } from '@flowport/capabilities'
import { cron, defineApp, flow, node, queue } from '@flowport/flow'
import { describe, expect, it } from 'vitest'
import * as z from 'zod'
import { opener } from './opened.ts'

const anything = z.unknown()
const work = node('work', { input: anything, run: () => null })

describe('opening an app on Workers', () => {
  const open = async (trigger: ReturnType<typeof cron> | ReturnType<typeof queue>) => {
    const one = flow('one', { trigger, graph: (input, step) => step(work, input) })
    const app = { ...defineApp({ flows: [], profiles: { workers: [] } }), flows: [one] }
    return opener(app, { log: silentLogger }).open({})
  }

  it('refuses a delivery that may work for longer than the 15 minutes of the platform', async () => {
    await expect(open(queue('orders', { input: anything, deadline: '16m' }))).rejects.toMatchObject({
      diagnostics: [{ code: 'LEASE001', location: { flow: 'one', node: 'trigger', profile: 'workers' } }],
    })
    await expect(open(queue('orders', { input: anything, deadline: '15m' }))).resolves.toBeDefined()
  })

  it('refuses a schedule in another time zone than UTC', async () => {
    await expect(open(cron('0 3 * * *', { timeZone: 'Europe/Berlin' }))).rejects.toMatchObject({
      diagnostics: [{ code: 'CTRL901' }],
    })
  })
})
