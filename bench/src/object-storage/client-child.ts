/** One client in a separate process: does the work that its parent requests, and reports time, CPU, memory and lag. */
import { monitorEventLoopDelay } from 'node:perf_hooks'
import { clients, type Target } from './clients.ts'
import type { Asked, Took } from './client-process.ts'
import { smallBytes } from './content.ts'

process.once('disconnect', () => process.exit())

const [name = '', target = '{}'] = process.argv.slice(2)
const make = clients[name]
if (make === undefined) throw new Error(`there is no client "${name}"`)
const client = await make(JSON.parse(target) as Target)

process.on('message', (asked: Asked) => {
  work(asked).then(
    (took) => process.send?.(took),
    (error: unknown) => {
      console.error(`"${name}":`, error)
      process.exit(1)
    },
  )
})
process.send?.('ready')

async function work(asked: Asked): Promise<Took> {
  const delay = monitorEventLoopDelay({ resolution: 1 })
  const rssBytes = process.memoryUsage.rss()
  const cpu = process.cpuUsage()
  delay.enable()
  const start = performance.now()
  await run(asked)
  const ms = performance.now() - start
  delay.disable()
  const { user, system } = process.cpuUsage(cpu)
  return {
    ms,
    cpuMs: (user + system) / 1000,
    growthBytes: Math.max(0, process.resourceUsage().maxRSS * 1024 - rssBytes),
    // The monitor's own timer accounts for 1 ms.
    lagMs: Math.max(0, delay.max / 1e6 - 1),
  }
}

async function run(asked: Asked): Promise<void> {
  switch (asked.what) {
    case 'put':
      return times(asked, (i) => client.put(`small-${i % 64}`))
    case 'get':
      return times(asked, async (i) => check(await client.get(`small-${i % 64}`), smallBytes))
    case 'upload':
      return client.upload('large', asked.bytes)
    case 'download':
      return check(await client.download('large'), asked.bytes)
  }
}

async function times(
  { amount, concurrency }: { readonly amount: number; readonly concurrency: number },
  work: (index: number) => Promise<void>,
): Promise<void> {
  let next = 0
  const worker = async () => {
    while (next < amount) await work(next++)
  }
  await Promise.all(Array.from({ length: concurrency }, worker))
}

function check(bytes: number, expected: number): void {
  if (bytes !== expected) throw new Error(`${bytes} bytes arrived instead of ${expected}`)
}
