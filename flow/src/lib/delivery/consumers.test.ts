import { createQueue, ResourceBag, type QueueDriver } from '@flowport/capabilities'
import { memoryQueueDriver } from '@flowport/capabilities/memory'
import { describe, expect, expectTypeOf, it } from 'vitest'
import * as z from 'zod'
import { defineApp } from '../app.ts'
import type { CronMessage } from '../cron-message.ts'
import { type Flow, flow } from '../flow.ts'
import { overviewOf, overviewOutcome } from '../http/overview.ts'
import { openApi } from '../http/openapi/document.ts'
import { toIr } from '../ir/export.ts'
import { toMermaid } from '../ir/mermaid.ts'
import { node } from '../node.ts'
import { preflight } from '../preflight/preflight.ts'
import { streamOf } from '../schema.ts'
import { cron, queue } from '../trigger.ts'
import { validateApp } from '../validate/validate-app.ts'
import { validateFlow } from '../validate/validate.ts'
import { deadlinesBeyondLease, schedulesBesideUtc } from './platform.ts'

const Mail = z.object({ to: z.string(), at: z.coerce.date() })
const mail = (name: string, on: string) =>
  flow(name, { trigger: queue(on, { input: Mail, maxAttempts: 3 }), graph: (it) => it })
const nightly = flow('nightly', {
  trigger: cron('0 3 * * *', { timeZone: 'Europe/Berlin' }),
  graph: (it) => it,
})
const log = node('log', {
  input: z.object({ to: z.string(), at: z.date() }),
  output: z.object({ ok: z.boolean() }),
  run: () => ({ ok: true }),
})

describe('queue and cron triggers in types', () => {
  it('hand their message to the graph as what it is after validation', () => {
    const mails = flow('mails', {
      trigger: queue('mails', { input: Mail }),
      graph: (it, step) => step(log, it),
    })
    expectTypeOf(mails).toExtend<Flow<{ to: string; at: Date }, { ok: boolean }, unknown>>()
    const ticks = flow('ticks', { trigger: cron('* * * * *'), graph: (it) => it })
    expectTypeOf(ticks).toExtend<Flow<CronMessage, CronMessage, unknown>>()
    flow('wrong', {
      trigger: cron('* * * * *'),
      // @ts-expect-error the message of a schedule is no mail
      graph: (it, step) => step(log, it),
    })
    const input = z.object({ scheduledAt: z.coerce.date() })
    const dated = flow('dated', { trigger: cron('* * * * *', { input }), graph: (it) => it })
    expectTypeOf(dated).toExtend<Flow<{ scheduledAt: Date }, { scheduledAt: Date }, unknown>>()
    // @ts-expect-error a queue does not say what its messages are
    expect(() => queue('mails', {})).not.toThrow()
    // @ts-expect-error a duration has a unit
    expect(() => queue('mails', { input: Mail, deadline: '5 parsecs' })).toThrow(TypeError)
  })

  it('ask nothing of a profile that the platform could bring', () => {
    expect(defineApp({ flows: [mail('mails', 'mails')], profiles: { edge: [] } }).flows).toHaveLength(1)
  })
})

describe('queue and cron triggers in validation', () => {
  it('DAG103: one queue has one consumer', () => {
    const found = validateApp({
      flows: [mail('one', 'mails'), mail('two', 'mails'), mail('three', 'others')],
    })
    expect(found).toMatchObject([
      { code: 'DAG103', location: { flow: 'two' }, details: { flows: ['one', 'two'], queue: 'mails' } },
    ])
  })

  it('lets schedules share an expression', () => {
    const again = flow('again', { trigger: cron('0 3 * * *'), graph: (it) => it })
    expect(validateApp({ flows: [nightly, again] })).toEqual([])
  })

  it('DAG102: a stream has nobody to go to', () => {
    const watch = node('watch', { input: z.unknown(), output: streamOf(z.string()), async *run() {} })
    for (const trigger of [queue('q', { input: z.unknown() }), cron('* * * * *')] as const) {
      const streaming = flow('streaming', { trigger, graph: (it, step) => step(watch, it) })
      expect(validateFlow(streaming)).toMatchObject([{ code: 'DAG102', location: { node: 'watch' } }])
    }
  })

  it('CAP101: a host that takes the messages itself needs the queue', () => {
    const flows = [mail('mails', 'mails')]
    const queueOf = createQueue(memoryQueueDriver())
    const bound = ResourceBag.empty().with('queue:mails', queueOf)
    const other = ResourceBag.empty().with('queue', queueOf)
    expect(preflight(flows, bound, { profile: 'p', queues: 'pulled' })).toEqual([])
    expect(preflight(flows, other, { profile: 'p' })).toEqual([])
    expect(preflight(flows, other, { profile: 'p', queues: 'pulled' })).toMatchObject([
      {
        code: 'CAP101',
        message: 'not bound: queue:mails (needed by "trigger": its messages are taken from there)',
        location: { flow: 'mails', node: 'trigger' },
      },
    ])
  })

  it('LEASE001: a deadline fits the lease of a queue that does not renew leases', () => {
    const slow = flow('slow', {
      trigger: queue('mails', { input: z.unknown(), deadline: '2m' }),
      graph: (it) => it,
    })
    const { info, ...rest } = { ...memoryQueueDriver({ limits: { maxLeaseMs: 60_000 } }) }
    const offering = (renew: boolean, maxLeaseMs: number) => {
      const limits = { ...info.limits, maxLeaseMs }
      const driver = { ...rest, info: { ...info, limits, features: { ...info.features, renew } } }
      return ResourceBag.empty().with('queue:mails', createQueue(driver as QueueDriver))
    }
    const found = (bag: ResourceBag, queues: 'pulled' | 'pushed' = 'pulled') =>
      preflight([slow], bag, { profile: 'p', queues }).map(({ code, severity }) => [code, severity])
    expect(found(offering(false, 60_000))).toEqual([['LEASE001', 'error']])
    expect(found(offering(false, 120_000))).toEqual([])
    expect(found(offering(true, 60_000))).toEqual([])
    expect(found(offering(false, 60_000), 'pushed')).toEqual([])
    expect(deadlinesBeyondLease({ flows: [slow, nightly] }, 60_000, 'workers')).toMatchObject([
      { code: 'LEASE001', location: { flow: 'slow', node: 'trigger', profile: 'workers' } },
    ])
  })

  it('CTRL901: a platform schedules in UTC', () => {
    const utc = flow('utc', { trigger: cron('0 3 * * *'), graph: (it) => it })
    expect(schedulesBesideUtc({ flows: [nightly, utc] }, 'workers')).toMatchObject([
      { code: 'CTRL901', severity: 'error', location: { flow: 'nightly', profile: 'workers' } },
    ])
  })
})

describe('queue and cron triggers in print', () => {
  it('stand in Flow IR with what a consumer must know', () => {
    expect(toIr(mail('mails', 'mails'))).toMatchObject({
      profile: 'queue',
      nodes: [
        {
          kind: 'trigger',
          name: 'queue mails',
          trigger: { kind: 'queue', queue: 'mails', max_attempts: 3, backoff_ms: 5_000, concurrency: 10 },
        },
      ],
    })
    expect(toIr(nightly)).toMatchObject({
      profile: 'queue',
      nodes: [
        {
          name: 'cron 0 3 * * * (Europe/Berlin)',
          out_schema: { kind: 'named', name: 'CronMessage' },
          trigger: { kind: 'cron', cron: '0 3 * * *', time_zone: 'Europe/Berlin' },
        },
      ],
    })
    expect(toMermaid(nightly)).toContain('cron 0 3')
  })

  it('are in the overview, not in OpenAPI', () => {
    const app = defineApp({ flows: [mail('mails', 'mails'), nightly], profiles: { local: [] } })
    const overview = overviewOf(app, 'local', ResourceBag.empty())
    expect(overview.flows).toEqual([
      { name: 'mails', version: '1.0.0', trigger: 'queue', queue: 'mails' },
      { name: 'nightly', version: '1.0.0', trigger: 'cron', cron: '0 3 * * *', timeZone: 'Europe/Berlin' },
    ])
    const html = overviewOutcome(overview, { header: () => 'text/html' }).body
    expect(html).toContain('<code>queue</code></td><td><code>mails</code>')
    expect(html).toContain('<code>cron</code></td><td><code>0 3 * * * (Europe/Berlin)</code>')
    expect(openApi(app)).toMatchObject({ paths: {} })
  })
})
