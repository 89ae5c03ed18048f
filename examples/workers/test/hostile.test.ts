/** A short attack on each host. `npm run hostile` runs a long one, which also checks response times. */
import { afterEach, describe, expect, it } from 'vitest'
import { attack, holdHalfOpen } from './hostile/attack.ts'
import { type AttackedHost, hosts } from './hostile/hosts.ts'

let host: AttackedHost | undefined
afterEach(async () => {
  await host?.close()
  host = undefined
})

describe.each(['fastify', 'workerd'] as const)('%s under attack', (name) => {
  it('never fails on a hostile request, serves other clients, and keeps its memory bounded', {
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

it('Fastify keeps its memory bounded and serves other clients while bodies stall, and closes the stalled connections', {
  timeout: 120_000,
}, async () => {
  host = await hosts.fastify()
  const { closed, connections, others, memory } = await holdHalfOpen(host, 600, 60_000)
  expect(others.failed).toBe(0)
  // The attack sends 360 MB; the server may hold 64 MiB of it.
  expect(memory.peak - memory.before).toBeLessThan(250)
  expect(closed).toBe(connections)
})
