import { cron, defineApp, DiagnosticsError, flow, manual, node, queue, statedFindings } from '@flowport/flow'
import { workersPlatform } from '@flowport/flow/delivery'
import { memory } from '@flowport/presets/memory'
import { describe, expect, it } from 'vitest'
import * as z from 'zod'
import { opener } from './opened.ts'

const Order = z.object({ id: z.string() })
const save = node('save', { input: Order, uses: { kv: 'write' }, run: ({ id }) => ({ id }) })
const saving = flow('saving', {
  trigger: manual({ input: Order }),
  graph: (order, step) => step(save, order),
})
const nightly = flow('nightly', {
  trigger: cron('0 3 * * *', { timeZone: 'Europe/Berlin' }),
  graph: (it) => it,
})
const slow = flow('slow', { trigger: queue('jobs', { input: Order, deadline: '1h' }), graph: (it) => it })

describe('the start of a Worker', () => {
  it('reports the same findings as flowport check for the flows, the platform and the bindings', async () => {
    const flows = [saving, nightly, slow] as const
    // Built as in plain JavaScript, because the compiler refuses an app without the store.
    const app = {
      ...defineApp({ flows, profiles: {} }),
      profiles: { workers: [memory({ only: ['dedupe'] })] },
    }
    const stated = statedFindings({
      app,
      profile: 'workers',
      hostBound: ['clock', 'rng', 'http', 'secrets'],
      platform: workersPlatform,
      environment: [],
    })
    const error: unknown = await Promise.resolve(opener(app, {}).open({})).catch((cause: unknown) => cause)
    if (!(error instanceof DiagnosticsError)) throw error
    expect(error.diagnostics).toEqual([...stated.flows, ...stated.profile])
    expect(error.diagnostics.map(({ code }) => code)).toEqual(
      expect.arrayContaining(['CAP101', 'CTRL901', 'LEASE001']),
    )
  })
})
