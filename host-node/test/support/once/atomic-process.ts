/** A process that places orders and kills itself before one of its SQL statements. Prints the number of statements. */
import { systemClock } from '@flowport/capabilities/system'
import { StatementSync } from 'node:sqlite'
import { openOrders } from './atomic-orders.ts'

export interface AtomicProcessOptions {
  readonly path: string
  readonly ids: readonly string[]
  /** Number of the statement before which the process kills itself, from 1. 0: never. */
  readonly killAt: number
  /** The node that handles the orders. Default `'place'`. */
  readonly by?: 'place' | 'note'
}

const { path, ids, killAt, by = 'place' } = JSON.parse(process.argv[2] ?? '') as AtomicProcessOptions
const orders = await openOrders(path, systemClock)
let statements = 0
for (const method of ['run', 'get', 'all'] as const) {
  const original: (...values: never[]) => unknown = StatementSync.prototype[method]
  Object.defineProperty(StatementSync.prototype, method, {
    value(this: StatementSync, ...values: never[]) {
      statements += 1
      if (statements === killAt) process.kill(process.pid, 'SIGKILL')
      return original.apply(this, values)
    },
  })
}
for (const id of ids) await orders[by](id)
process.stdout.write(`${statements}\n`)
await orders.close()
