#!/usr/bin/env node
/** The `flowport` command. */
import { runCommand } from './lib/cli/program.ts'

process.exitCode = await runCommand(process.argv.slice(2), process)
