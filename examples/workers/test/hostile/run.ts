/**
 * `npm run hostile`: 100,000 hostile requests and 1,500 half-open connections for each host, on loopback. Prints a report and
 * exits with 1 when a check fails. `npm run hostile -- fastify 5000 300` selects a host and the numbers.
 */
import { attack, holdHalfOpen } from './attack.ts'
import { hosts } from './hosts.ts'

const [wanted, requests = '100000', connections = '1500'] = process.argv.slice(2)
const names = (['fastify', 'workerd'] as const).filter(
  (name) => wanted === undefined || wanted === 'all' || name === wanted,
)
const seed = Number(process.env['SEED'] ?? 1)
const faults: string[] = []

for (const name of names) {
  const host = await hosts[name]()
  try {
    const attacked = await attack(host, Number(requests), seed)
    process.stdout.write(
      `${name}, ${requests} hostile requests, seed ${seed}: ${JSON.stringify(attacked, null, 2)}\n`,
    )
    const held = await holdHalfOpen(host, Number(connections), 60_000)
    process.stdout.write(`${name}, half-open: ${JSON.stringify(held, null, 2)}\n`)
    const check = (holds: boolean, what: string) => {
      if (!holds) faults.push(`${name}: ${what}`)
    }
    check(attacked.failures.length === 0, 'answers of 500 and above')
    check(attacked.memory.after - attacked.memory.before < 100, 'memory grew by more than 100 MiB')
    for (const { others } of [attacked, held]) {
      check(others.failed === 0, 'others were not served')
      check(others.p99Ms <= 100, `others waited ${others.p99Ms} ms (99th percentile)`)
    }
    check(held.closed === held.connections, 'half-open connections were left open')
    // workerd buffers bodies outside the isolate; on Cloudflare, the platform limits an isolate's memory.
    if (name === 'fastify')
      check(held.memory.peak - held.memory.before < 350, 'half-open bodies filled the memory')
  } finally {
    await host.close()
  }
}
for (const fault of faults) process.stderr.write(`${fault}\n`)
process.exitCode = faults.length === 0 ? 0 : 1
