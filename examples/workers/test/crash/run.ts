/**
 * `npm run crash`: kills the process of every durable ledger at 100 points in the life of a call, and prints the outcomes.
 * Options: `-- --store sqlite|durable-objects|s3|opfs|opfs-firefox --points 100 --per-kill 1 --seed N`. Exits with 1 when an
 * effect was duplicated or silently lost, or a key was blocked.
 */
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { resolve } from 'node:path'
import { createInterface } from 'node:readline'
import { parseArgs } from 'node:util'
import { readRow } from './command.ts'

const { values } = parseArgs({
  options: {
    store: { type: 'string' },
    points: { type: 'string', default: '100' },
    'per-kill': { type: 'string', default: '1' },
    seed: { type: 'string' },
  },
})
const child = spawn(
  process.execPath,
  ['node_modules/vitest/vitest.mjs', 'run', '--project', 'node', 'examples/workers/test/crash.test.ts'],
  {
    cwd: resolve(import.meta.dirname, '../../../..'),
    env: {
      ...process.env,
      CRASH_POINTS: values.points,
      CRASH_PER_KILL: values['per-kill'],
      ...(values.store === undefined ? {} : { CRASH_STORE: values.store }),
      ...(values.seed === undefined ? {} : { CRASH_SEED: values.seed }),
    },
    stdio: ['ignore', 'pipe', 'inherit'],
  },
)
const exited = once(child, 'exit')
const rows: Readonly<Record<string, string | number>>[] = []
for await (const line of createInterface({ input: child.stdout })) {
  const row = readRow(line)
  if (row === null) process.stdout.write(`${line}\n`)
  else {
    rows.push(row)
    process.stdout.write(`${String(row['store'])} is through after ${String(row['seconds'])} s\n`)
  }
}
const [code] = (await exited) as [number | null]
console.table(rows)
process.exitCode = code ?? 1
