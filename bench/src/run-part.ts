/** Runs one measurement and prints its report. `run.ts` starts this process for each part. */
import { parts } from './parts.ts'
import { aimsToMarkdown, load, toMarkdown } from './report.ts'

// Exits when the parent process is gone, because no process reads the figures.
const onOrphaned = () => process.exit(1)
process.once('disconnect', onOrphaned)

const name = process.argv[2] ?? ''
const part = parts[name]
if (part === undefined) throw new Error(`there is no part "${name}"`)
const start = performance.now()
const before = load()
const { measure } = await part()
const { tables, aims } = await measure()
const seconds = ((performance.now() - start) / 1000).toFixed(0)
console.log(
  `## ${name}\n\n\`node bench/src/run.ts ${name}\` · ${seconds} s · load average before ${before}, after ${load()}\n`,
)
for (const table of tables) console.log(toMarkdown(table))
if (aims.length > 0) console.log(aimsToMarkdown(aims))
process.off('disconnect', onOrphaned)
if (process.connected) process.disconnect()
