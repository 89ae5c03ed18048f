import { defineApp, flow, queue } from '@flowport/flow'
import { cloudflareQueues } from '@flowport/presets/cloudflare-queues'
import { memory } from '@flowport/presets/memory'
import { describe, expect, it } from 'vitest'
import * as z from 'zod'
import { check } from './check.ts'
import { Console } from './console.ts'

describe('flowport check, on queue flows', () => {
  const mails = flow('mails', { trigger: queue('mails', { input: z.object({}) }), graph: (it) => it })
  const checked = (profiles: Parameters<typeof defineApp>[0]['profiles']) => {
    let printed = ''
    const stdout = { write: (said: string) => (printed += said) } as unknown as NodeJS.WritableStream
    const host = { stdout, stderr: stdout, stdin: process.stdin, env: {}, cwd: () => '/' }
    const whole = { ...defineApp({ flows: [mails], profiles: {} }), profiles }
    return { code: check(whole, {}, new Console(host)), printed }
  }

  it('tells the queue that a profile lacks, where this host would take the messages', () => {
    expect(checked({ local: [memory()] })).toMatchObject({
      code: 1,
      printed: expect.stringContaining('error[CAP101]: not bound: queue:mails') as string,
    })
    expect(checked({ local: [memory(), memory({ as: 'mails', only: ['queue'] })] }).code).toBe(0)
  })

  it('asks for none where Workers bring them', () => {
    expect(checked({ workers: [cloudflareQueues({ as: 'others' })] })).toMatchObject({ code: 0 })
  })
})
