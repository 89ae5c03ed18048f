import { countOrInfinityRule, countRule, lifeRule, timerRule } from '@flowport/capabilities'
import { numericOption, type NumericOptionTest } from '@flowport/capabilities/testing'
import { defineApp } from '@flowport/flow'
import { describe } from 'vitest'
import { flowportHono } from './app.ts'
import { createOutbox } from './browser/outbox/outbox.ts'
import { registerServiceWorker } from './browser/register.ts'
import { createServiceWorker } from './browser/service-worker.ts'
import { createWorker } from './worker.ts'

const app = defineApp({ name: 'app', flows: [], profiles: { workers: [] } })
/** Valid numbers are tested in a browser, because Node has no IndexedDB and no service worker. */
const fitting: readonly number[] = []

describe('numbers of the host', () => {
  const tests: readonly NumericOptionTest[] = [
    {
      name: 'FlowportHonoOptions.deadlineMs',
      rule: lifeRule,
      take: (deadlineMs) => flowportHono(app, { deadlineMs }),
      refusal: { name: 'RangeError' },
    },
    {
      name: 'DeliverySettings.deliveryDeadlineMs',
      rule: lifeRule,
      take: (deliveryDeadlineMs) => createWorker(app, { deliveryDeadlineMs }),
    },
    {
      name: 'RegisterOptions.timeoutMs',
      rule: timerRule(1),
      take: (timeoutMs) => registerServiceWorker('/sw.js', { timeoutMs }),
      fitting,
    },
    {
      name: 'ServiceWorkerOptions.keepAliveMs',
      rule: timerRule(1),
      take: (keepAliveMs) => createServiceWorker(app, { keepAliveMs }),
      fitting,
    },
    {
      name: 'OutboxOptions.maxBodyBytes',
      rule: countOrInfinityRule(0),
      take: (maxBodyBytes) => createOutbox({ maxBodyBytes }),
      fitting,
    },
    {
      name: 'OutboxOptions.maxEntries',
      rule: countOrInfinityRule(),
      take: (maxEntries) => createOutbox({ maxEntries }),
      fitting,
    },
    {
      name: 'OutboxOptions.maxAttempts',
      rule: countRule(),
      take: (maxAttempts) => createOutbox({ maxAttempts }),
      fitting,
    },
    {
      name: 'OutboxOptions.timeoutMs',
      rule: timerRule(1),
      take: (timeoutMs) => createOutbox({ timeoutMs }),
      fitting,
    },
    {
      name: 'OutboxOptions.firstPauseMs',
      rule: timerRule(),
      take: (firstPauseMs) => createOutbox({ firstPauseMs }),
      fitting,
    },
    {
      name: 'OutboxOptions.maxPauseMs',
      rule: timerRule(),
      take: (maxPauseMs) => createOutbox({ maxPauseMs }),
      fitting,
    },
  ]
  for (const test of tests) numericOption(test)
})
