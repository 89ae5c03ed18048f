/** A short attack on each host; `npm run hostile` is the long one, which also holds the times against a bound. */
import { afterEach, describe, expect, it } from 'vitest'
import { attack, holdHalfOpen } from './hostile/attack.ts'
import { type AttackedHost, hosts } from './hostile/hosts.ts'

let host: AttackedHost | undefined
afterEach(async () => {
  await host?.close()
  host = undefined
})

describe.each(['fastify', 'workerd'] as const)('%s under attack', (name) => {
  it('answers no hostile request with a failure, serves others, and keeps its memory', {
    timeout: 120_000,
  }, async () => {
    host = await hosts[name]()
    const { failures, others, memory } = await attack(host, 6_000, 20_261_130)
    expect(failures).toEqual([])
    expect(others.failed).toBe(0)
    expect(others.asked).toBeGreaterThan(3)
    expect(memory.after - memory.before).toBeLessThan(150)
  })
})

it('Fastify keeps its memory and serves others while bodies do not come, and closes what holds it up', {
  timeout: 120_000,
}, async () => {
  host = await hosts.fastify()
  const { closed, connections, others, memory } = await holdHalfOpen(host, 600, 60_000)
  expect(others.failed).toBe(0)
  // 360 MB are sent; 64 MiB may be kept.
  expect(memory.peak - memory.before).toBeLessThan(250)
  expect(closed).toBe(connections)
})
