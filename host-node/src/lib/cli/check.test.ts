import { type AnyFlow, defineApp, flow, type Idempotency, manual, node, queue } from '@flowport/flow'
import { cloudflareQueues } from '@flowport/presets/cloudflare-queues'
import { memory } from '@flowport/presets/memory'
import { sqlite } from '@flowport/presets/sqlite'
import { Writable } from 'node:stream'
import { describe, expect, it } from 'vitest'
import * as z from 'zod'
import { check } from './check.ts'
import { Console } from './console.ts'

function checkOf(flows: readonly AnyFlow[], profiles: Parameters<typeof defineApp>[0]['profiles']) {
  let printed = ''
  const stdout = new Writable({
    decodeStrings: false,
    write(said: string, _encoding, done) {
      printed += said
      done()
    },
  })
  const host = { stdout, stderr: stdout, stdin: process.stdin, env: {}, cwd: () => '/' }
  const whole = { ...defineApp({ flows: [...flows], profiles: {} }), profiles }
  return { code: check(whole, {}, new Console(host)), printed }
}

describe('flowport check, on queue flows', () => {
  const mails = flow('mails', { trigger: queue('mails', { input: z.object({}) }), graph: (it) => it })
  const checked = (profiles: Parameters<typeof defineApp>[0]['profiles']) => checkOf([mails], profiles)

  it('names the queue that a profile lacks when this host would receive its messages', () => {
    expect(checked({ local: [memory()] })).toMatchObject({
      code: 1,
      printed: expect.stringContaining('error[CAP101]: not bound: queue:mails') as string,
    })
    expect(checked({ local: [memory(), memory({ as: 'mails', only: ['queue'] })] }).code).toBe(0)
  })

  it('requires no queue when Workers deliver the messages', () => {
    expect(checked({ workers: [cloudflareQueues({ as: 'others' })] })).toMatchObject({ code: 0 })
  })
})

describe('flowport check, on atomic nodes', () => {
  const Order = z.object({ id: z.string() })
  const uses = { kv: 'write' } as const
  const placing = (idempotency: Idempotency<{ id: string }, null, typeof uses>) => {
    const place = node('place', { input: Order, uses, idempotency, run: () => null })
    return flow('placing', {
      trigger: manual({ input: Order }),
      graph: (order, step) => step(place, order),
    })
  }
  const apart = [memory({ only: ['kv'] }), sqlite({ only: ['dedupe'] })]

  it('shows how a node that prefers the transaction runs on each profile', () => {
    const flows = [placing({ key: '/id', atomic: 'preferred', unknown: 'never' })]
    const { code, printed } = checkOf(flows, { together: [memory()], apart })
    expect(code).toBe(0)
    expect(printed).toMatch(/^placing \/ place +exactly once +one transaction +together$/m)
    expect(printed).toMatch(/^placing \/ place +once, unknown is said +unknown: never +apart$/m)
  })

  it('refuses a node that needs the transaction on a profile without it', () => {
    const { code, printed } = checkOf([placing({ key: '/id', atomic: true })], { apart })
    expect(code).toBe(1)
    expect(printed).toContain('error[EXACT004]')
    expect(printed).not.toContain('one transaction')
  })

  it('warns about a node that is run again over a sink that ignores keys', () => {
    const flows = [placing({ key: '/id', unknown: 'again' })]
    const { code, printed } = checkOf(flows, { one: [memory()], two: [memory()] })
    expect(code).toBe(0)
    expect(printed).toContain('warning[IDEM031]')
    expect(printed).toMatch(/^placing \/ place +at least once +unknown: again +all$/m)
  })

  it('prints no table for an app without effects', () => {
    const idle = flow('idle', { trigger: manual({ input: Order }), graph: (it) => it })
    expect(checkOf([idle], { one: [memory()] }).printed).not.toContain('VERDICT')
  })
})
