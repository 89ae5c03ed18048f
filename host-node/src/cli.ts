#!/usr/bin/env node
/** The `flowport` command. */
import { nodeAdvice } from './lib/node-version.ts'

const advice = nodeAdvice(process.versions.node)
if (advice !== null) {
  process.stderr.write(`error: ${advice}\n`)
  process.exit(3)
}
// Imported after the version check, because an older Node cannot load it.
const { runCommand } = await import('./lib/cli/program.ts')
const exitCode = await runCommand(process.argv.slice(2), process)
// Flushes the output, then exits explicitly: timers or servers that the app's module started must not keep the command running.
for (const stream of [process.stdout, process.stderr])
  await new Promise((flushed) => stream.write('', flushed))
process.exit(exitCode)
