/** Serves the delivery app in a separate process and prints its URL. Exits with its parent or on a signal. */
import type { Clock } from '@flowport/capabilities'
import { systemClock } from '@flowport/capabilities/system'
import { serve } from '@flowport/host-node'
import type { AddressInfo } from 'node:net'
import { deliveryApp } from './delivery-app.ts'

export interface ProcessOptions {
  readonly path: string
  readonly name: string
  /** Deadline of an order in milliseconds. Default 60 000. */
  readonly deadlineMs?: number
  /** Whether the process kills itself when it starts to handle an order. */
  readonly dies?: boolean
  /**
   * Time at which the clock of deliveries stands still, in milliseconds since the epoch. A line on standard input sets it to
   * another time, from which it runs. Default: the system clock.
   */
  readonly clockAt?: number
}

const {
  path,
  name,
  deadlineMs = 60_000,
  dies = false,
  clockAt,
} = JSON.parse(process.argv[2] ?? '') as ProcessOptions

process.stdin.on('end', () => process.exit(1))
let aheadMs: number | undefined
process.stdin.on('data', (line: Buffer) => {
  aheadMs = Number(line.toString()) - Date.now()
})
if ('unref' in process.stdin) process.stdin.unref()

const settable: Clock = {
  ...systemClock,
  now: () => (aheadMs === undefined ? (clockAt ?? 0) : Date.now() + aheadMs),
  // Sleeps in short steps, because the clock may be set meanwhile.
  sleep: (ms, options) => systemClock.sleep(Math.min(ms, 20), options),
}

const app = deliveryApp({
  path,
  name,
  deadlineMs,
  onStart(id, attempt) {
    if (dies) process.kill(process.pid, 'SIGKILL')
    process.stdout.write(`${JSON.stringify({ started: id, attempt })}\n`)
  },
})
const server = await serve(app, {
  port: 0,
  host: '127.0.0.1',
  env: {},
  logLevel: 'info',
  consume: { leaseMarginMs: 500, idleMs: 100, clock: clockAt === undefined ? systemClock : settable },
})
const { port } = server.server.address() as AddressInfo
process.stdout.write(`${JSON.stringify({ url: `http://127.0.0.1:${port}` })}\n`)
