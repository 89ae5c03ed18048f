/** A process that places orders and kills itself before one of its SQL statements; prints how many there were. */
import { systemClock } from '@flowport/capabilities/system'
import { StatementSync } from 'node:sqlite'
import { openOrders } from './atomic-orders.ts'

export interface AtomicProcessOptions {
  readonly path: string
  readonly ids: readonly string[]
  /** Number of the statement it does not reach, from 1 on. 0: it ends by itself. */
  readonly killAt: number
  /** Which node handles the orders. Default `'place'`. */
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
