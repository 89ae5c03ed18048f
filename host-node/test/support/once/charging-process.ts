/**
 * A process that charges the order `a` through a ledger in a SQLite file, and waits at a given point for a line on standard
 * input.
 */
import { openProviders, silentLogger } from '@flowport/capabilities'
import { systemClock } from '@flowport/capabilities/system'
import { createRuntime, flow, manual, node } from '@flowport/flow'
import { sqlite } from '@flowport/presets/sqlite'
import { appendFileSync } from 'node:fs'
import { createInterface } from 'node:readline'
import * as z from 'zod'

export interface ChargingProcessOptions {
  /** The database file. */
  readonly path: string
  /** Path of the file that gets a line for every charge. */
  readonly charges: string
  readonly begins: 'handler' | 'effect'
  /** Point at which the process waits for a line on standard input. Default: none. */
  readonly waits?: 'before the charge' | 'after the charge'
  /** Lease of the key, in milliseconds. */
  readonly lease: number
}

/** A message that the process prints as a line of JSON. */
export type Said =
  | { readonly waits: 'before the charge' | 'after the charge' }
  | { readonly answer: string; readonly aborted: boolean }

const { path, charges, begins, waits, lease } = JSON.parse(process.argv[2] ?? '') as ChargingProcessOptions
const say = (said: Said) => process.stdout.write(`${JSON.stringify(said)}\n`)
const lines = createInterface({ input: process.stdin })[Symbol.asyncIterator]()

async function waitAt(place: typeof waits): Promise<void> {
  if (place === undefined || place !== waits) return
  say({ waits: place })
  await lines.next()
}

let signal: AbortSignal | undefined
const charge = node('charge', {
  input: z.object({ id: z.string() }),
  idempotency: { key: '/id', unknown: 'never', begins, lease },
  async run({ id }, context) {
    signal = context.signal
    await waitAt('before the charge')
    await context.effect(() => appendFileSync(charges, `${id}\n`))
    await waitAt('after the charge')
    return 'charged'
  },
})
const charging = flow('charging', {
  trigger: manual({ input: z.object({ id: z.string() }) }),
  graph: (order, step) => step(charge, order),
})
const context = { env: {}, log: silentLogger, bindings: {} }
const bag = await openProviders([sqlite({ path })], { clock: systemClock, others: new Map() }, context)
const runtime = createRuntime(bag, {})
const answer = await runtime.invoke(charging, { input: { id: 'a' } }).then(
  (value) => value,
  (error: { cause: { code?: string; message: string } }) => error.cause.code ?? error.cause.message,
)
say({ answer, aborted: signal?.aborted ?? false })
await runtime.close()
await bag.close()
process.exit(0)
