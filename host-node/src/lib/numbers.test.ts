import { countRule, lifeRule, type NumberRule, timerRule } from '@flowport/capabilities'
import { numericOption, type NumericOptionTest } from '@flowport/capabilities/testing'
import { defineApp } from '@flowport/flow'
import { describe, expect, it } from 'vitest'
import { settingsOf } from './certify/options.ts'
import { checkPluginNumbers, checkServeNumbers } from './numbers.ts'
import { createServer, serve } from './serve.ts'

function certifying(name: `CertifyOptions.${string}`, rule: NumberRule): NumericOptionTest {
  const option = name.slice('CertifyOptions.'.length)
  return {
    name,
    rule,
    take: (value) => settingsOf({ app: 'app.ts', [option]: value }),
    refusal: { name: 'TypeError', message: expect.stringContaining(option) },
  }
}

describe('numbers of the host', () => {
  const tests: readonly NumericOptionTest[] = [
    {
      name: 'FlowportOptions.deadlineMs',
      rule: lifeRule,
      take: (deadlineMs) => checkPluginNumbers({ deadlineMs }),
    },
    {
      name: 'FlowportOptions.drainMs',
      rule: timerRule(),
      take: (drainMs) => checkPluginNumbers({ drainMs }),
    },
    {
      name: 'DeliveryOptions.deadlineMs',
      rule: lifeRule,
      take: (deadlineMs) => checkPluginNumbers({ consume: { deadlineMs } }),
    },
    {
      name: 'DeliveryOptions.renewedLeaseMs',
      rule: timerRule(1000),
      take: (renewedLeaseMs) => checkPluginNumbers({ consume: { renewedLeaseMs } }),
    },
    {
      name: 'DeliveryOptions.leaseMarginMs',
      rule: timerRule(),
      take: (leaseMarginMs) => checkPluginNumbers({ consume: { leaseMarginMs } }),
    },
    {
      name: 'DeliveryOptions.idleMs',
      rule: timerRule(1),
      take: (idleMs) => checkPluginNumbers({ consume: { idleMs } }),
    },
    { name: 'ServeOptions.port', rule: countRule(0, 65_535), take: (port) => checkServeNumbers({ port }) },
    {
      name: 'ServeOptions.maxConnections',
      rule: countRule(),
      take: (maxConnections) => checkServeNumbers({ maxConnections }),
    },
    {
      name: 'ServeOptions.shutdownDelayMs',
      rule: timerRule(),
      take: (shutdownDelayMs) => checkServeNumbers({ shutdownDelayMs }),
    },
    certifying('CertifyOptions.attempts', countRule(1, 1_000)),
    certifying('CertifyOptions.concurrency', countRule(2, 1_024)),
    certifying('CertifyOptions.maxPoints', countRule(1, 1_000)),
    certifying('CertifyOptions.leaseMs', timerRule(1)),
    certifying('CertifyOptions.timeLimitMs', timerRule(1)),
  ]
  for (const test of tests) numericOption(test)

  it('servers check numbers before they open a profile', async () => {
    let opened = 0
    const provider = () => {
      opened += 1
      return Promise.reject(new Error('opened'))
    }
    const app = defineApp({
      name: 'app',
      flows: [],
      profiles: {
        local: [
          {
            preset: 'p',
            provides: {},
            env: { properties: {} } as never,
            bindings: [],
            nativeRetry: false,
            hints: [],
            check: () => null,
            open: provider,
          },
        ],
      },
    })
    for (const drainMs of [2 ** 31, Number.NaN])
      await expect(createServer(app, { drainMs, env: {} })).rejects.toMatchObject({ kind: 'Misconfigured' })
    await expect(serve(app, { port: 1e15, env: {} })).rejects.toMatchObject({ kind: 'Misconfigured' })
    expect(opened).toBe(0)
  })
})
