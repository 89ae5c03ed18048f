import { silentLogger } from '@flowport/capabilities'
import { cron, defineApp, flow, http, node, queue } from '@flowport/flow'
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

  it('refuses a delivery whose deadline exceeds the platform’s 15 minutes', async () => {
    await expect(open(queue('orders', { input: anything, deadline: '16m' }))).rejects.toMatchObject({
      diagnostics: [{ code: 'LEASE001', location: { flow: 'one', node: 'trigger', profile: 'workers' } }],
    })
    await expect(open(queue('orders', { input: anything, deadline: '15m' }))).resolves.toBeDefined()
  })

  it('validates a flow while the isolate starts, and reports the findings when the profile is opened', async () => {
    const route = flow('one', {
      trigger: http.get('/things', { input: anything }),
      graph: (input, step) => step(work, input),
    })
    let reads = 0
    const twice = {
      ...defineApp({ flows: [], profiles: { workers: [] } }),
      get flows() {
        reads++
        return [route, route]
      },
    }
    const opened = opener(twice, { log: silentLogger })
    expect(reads).toBeGreaterThan(0)
    for (const _ of [1, 2])
      await expect(opened.open({})).rejects.toMatchObject({
        diagnostics: [{ code: 'DAG103' }, { code: 'DAG205' }],
      })
  })

  it('refuses a schedule in a time zone other than UTC', async () => {
    await expect(open(cron('0 3 * * *', { timeZone: 'Europe/Berlin' }))).rejects.toMatchObject({
      diagnostics: [{ code: 'CTRL901' }],
    })
  })
})
