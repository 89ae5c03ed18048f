/** An app whose effects are lines in a file, so that tests can count them outside the app's processes. */
import { defineApp, flow, http, manual, node, type NodeContext } from '@flowport/flow'
import { memory } from '@flowport/presets/memory'
import { sqlite } from '@flowport/presets/sqlite'
import { appendFileSync } from 'node:fs'
import * as z from 'zod'

const Order = z.object({ id: z.string() })
const byHand = manual({ input: Order })

/** Appends a line for an effect: its key, and the node that made it. */
const append = (id: string, by: string) => appendFileSync(process.env['EFFECTS_FILE'] ?? '', `${id} ${by}\n`)

const write = (name: string) => ({
  input: Order,
  async run({ id }: z.output<typeof Order>, { effect }: NodeContext<Record<never, never>>) {
    await effect(() => append(id, name))
    return { id }
  },
})

const never = node('never', {
  ...write('never'),
  idempotency: { key: '/id', unknown: 'never', begins: 'effect', lease: '4s' },
})
export const once = flow('once', { trigger: byHand, graph: (order, step) => step(never, order) })

const again = node('again', {
  ...write('again'),
  idempotency: { key: '/id', unknown: 'again', begins: 'effect', lease: '4s' },
})
export const twice = flow('twice', { trigger: byHand, graph: (order, step) => step(again, order) })

const place = node('place', {
  input: Order,
  uses: { kv: 'write' },
  idempotency: { key: '/id', atomic: true, lease: '4s' },
  async run({ id }, { kv }) {
    const before = Number((await kv.get(`placed/${id}`)) ?? 0)
    await kv.put(`placed/${id}`, String(before + 1))
    return { id }
  },
})
export const atomic = flow('atomic', {
  trigger: http.post('/orders', { input: Order }),
  graph: (order, step) => step(place, order),
})

const stamp = node('stamp', {
  input: Order,
  output: z.object({ id: z.string(), times: z.array(z.object({ at: z.number() })) }),
  run: ({ id }) => ({ id, times: [{ at: 0 }, { at: Date.now() }] }),
})
export const stamping = flow('stamping', { trigger: byHand, graph: (order, step) => step(stamp, order) })

const steady = node('steady', {
  input: Order,
  uses: { clock: 'read', rng: 'read', kv: 'read' },
  async run({ id }, { clock, rng, kv }) {
    return { id, at: clock.now(), by: rng.uuid(), stored: await kv.get(`placed/${id}`) }
  },
})
const honest = node('honest', {
  input: z.unknown(),
  determinism: 'nondeterministic',
  run: () => ({ at: Date.now() }),
})
export const repeatable = flow('repeatable', {
  trigger: byHand,
  graph: (order, step) => step(honest, step(steady, order)),
})

const wander = node('wander', {
  input: Order,
  uses: { kv: 'write' },
  idempotency: { key: '/id', unknown: 'never', lease: '4s' },
  async run({ id }, { kv }) {
    await kv.put(`wander/${id}/${performance.now()}`, 'x')
    return { id }
  },
})
export const wandering = flow('wandering', { trigger: byHand, graph: (order, step) => step(wander, order) })

export default defineApp({
  flows: [once, twice, atomic, stamping, repeatable, wandering],
  profiles: {
    local: [sqlite({ only: ['kv', 'dedupe'] })],
    /** A profile whose ledger is lost with the process. */
    forgetful: [memory({ only: ['kv', 'dedupe'] })],
  },
})
