#!/usr/bin/env node
/** The `flowport` command. */
import { runCommand } from './lib/cli/program.ts'

const exitCode = await runCommand(process.argv.slice(2), process)
// What is printed must be out, and whatever the app's module has started must not keep the command running.
for (const stream of [process.stdout, process.stderr])
  await new Promise((flushed) => stream.write('', flushed))
process.exit(exitCode)
