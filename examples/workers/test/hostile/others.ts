/** An honest client in a separate process: sends a request every 50 ms until it is stopped, then reports its response times. */
import { Agent, request } from 'node:http'
import { setTimeout as sleep } from 'node:timers/promises'

export interface OthersReport {
  readonly asked: number
  readonly failed: number
  readonly medianMs: number
  readonly p99Ms: number
  readonly maxMs: number
}

const url = process.argv[2] ?? ''
const agent = new Agent({ keepAlive: true, maxSockets: 4 })
const times: number[] = []
let failed = 0
let isOver = false
process.once('message', () => (isOver = true))

const ask = () =>
  new Promise<void>((resolve) => {
    const began = performance.now()
    const ended = (ok: boolean) => {
      times.push(performance.now() - began)
      if (!ok) failed++
      resolve()
    }
    request(`${url}/zero`, { agent }, (answer) => {
      answer.resume().once('end', () => ended(answer.statusCode === 200))
    })
      .once('error', () => ended(false))
      .end()
  })

while (!isOver) {
  await ask()
  await sleep(50)
}
const sorted = times.toSorted((a, b) => a - b)
const at = (share: number) => Math.round(sorted[Math.floor((sorted.length - 1) * share)] ?? 0)
const report: OthersReport = { asked: times.length, failed, medianMs: at(0.5), p99Ms: at(0.99), maxMs: at(1) }
process.send?.(report, () => process.disconnect())
