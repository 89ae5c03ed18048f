/**
 * Serves the orders. With `KILL_AT` the Worker logs a line and blocks before that step of its objects' storage, so that the
 * test can kill the process there. Steps are SQL statements and ends of transactions. `LATER_MS` moves its clock.
 */
import { systemClock } from '@flowport/capabilities/system'
import { PartitionObject as Partition } from '@flowport/presets/durable-partitions/objects'
import { openOrders } from './orders.ts'

interface Env {
  readonly KILL_AT?: string
  readonly LATER_MS?: string
}

let steps = 0
let killAt = 0

function step(): void {
  steps += 1
  if (steps !== killAt) return
  // oxlint-disable-next-line no-console -- the test waits for this line, then kills the process
  console.log('flowport: kill here')
  // A transaction is synchronous, so the process loops here until it is killed.
  for (;;) steps += 0
}

type Storage = ConstructorParameters<typeof Partition>[0]['storage']

/** Counts the steps of an object's storage. */
function watch({ sql, transactionSync }: Storage, storage: Storage): void {
  const exec = sql.exec.bind(sql)
  Object.defineProperty(sql, 'exec', {
    value: (...call: Parameters<typeof exec>) => {
      step()
      return exec(...call)
    },
  })
  Object.defineProperty(storage, 'transactionSync', {
    value: <T>(work: () => T): T => {
      const answer = transactionSync.call(storage, work) as T
      step()
      return answer
    },
  })
}

export class PartitionObject extends Partition {
  constructor(ctx: ConstructorParameters<typeof Partition>[0], env: Env) {
    const { KILL_AT = '0', LATER_MS = '0' } = env
    killAt = Number(KILL_AT)
    later(Number(LATER_MS))
    watch(ctx.storage, ctx.storage)
    super(ctx, env)
  }
}

const now = Date.now.bind(Date)

function later(ms: number): void {
  Date.now = () => now() + ms
}

export default {
  /**
   * `?shop=a&ids=1,2&do=place` places orders one after the other and returns their answers and the steps; `do=storm` places one
   * order 64 times concurrently; `do=counts` returns the counts.
   */
  async fetch(request: Request, env: Env): Promise<Response> {
    later(Number(env.LATER_MS ?? 0))
    const { searchParams } = new URL(request.url)
    const shop = searchParams.get('shop') ?? ''
    const ids = (searchParams.get('ids') ?? '').split(',')
    const orders = await openOrders({ ...env }, systemClock)
    if (searchParams.get('do') === 'storm') {
      const all = Array.from({ length: 64 }, () => orders.place({ shop, id: ids[0] ?? '' }).catch(codeOf))
      return Response.json(await Promise.all(all))
    }
    if (searchParams.get('do') === 'place') {
      const answers: unknown[] = []
      for (const id of ids) answers.push(await orders.place({ shop, id }).catch(codeOf))
      return Response.json({ answers, steps })
    }
    return Response.json(await orders.counts(shop, ids))
  },
}

/** Returns the parts of a problem that a caller sees. */
function codeOf(error: unknown): unknown {
  const { cause = error } = Object(error) as { readonly cause?: unknown }
  const { code, details, message } = Object(cause) as Readonly<Record<string, unknown>>
  return { code, details, message }
}
