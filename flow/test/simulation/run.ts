/**
 * Many schedules of the suite's simulations: `npm run simulate -- --seeds 1000000`. The seeds are shared out over cases, classes
 * of faults and processes; the first violation ends it with its trace.
 */
import { fork } from 'node:child_process'
import { once } from 'node:events'
import { availableParallelism } from 'node:os'
import { parseArgs } from 'node:util'
import { type ClassReport, faultClasses, formatReport } from '../../src/simulation.ts'
import {
  faultsOf,
  mailCases,
  orderCases,
  recordedCases,
  storeCases,
  uploadCases,
} from '../../src/lib/simulation/test/cases.ts'

const cases = [...orderCases, ...storeCases, ...recordedCases, ...uploadCases, ...mailCases]

const { values } = parseArgs({
  options: {
    seeds: { type: 'string', default: '20000' },
    first: { type: 'string', default: '1' },
    jobs: { type: 'string', default: String(availableParallelism()) },
    share: { type: 'string' },
  },
})

/** What one process reports of one case. */
interface Part {
  readonly name: string
  readonly classes: Readonly<Record<string, ClassReport>>
}

const [seeds, first, jobs] = [values.seeds, values.first, values.jobs].map(Number) as [number, number, number]
const perClass = Math.ceil(seeds / cases.length / faultClasses.length / jobs)

if (values.share === undefined) await runAll()
else await runShare(Number(values.share))

async function runShare(share: number): Promise<void> {
  for (const each of cases) {
    const report = await each.run({ seeds: perClass, firstSeed: first + share * perClass })
    const faults = faultsOf(each, report)
    if (faults.length > 0) throw new Error(`${each.name}: ${faults.join('; ')}`)
    process.send?.({ name: each.name, classes: report.classes } satisfies Part)
  }
  process.disconnect()
}

async function runAll(): Promise<void> {
  const started = performance.now()
  const sums = new Map<string, Record<string, ClassReport>>()
  const children = Array.from({ length: jobs }, (_, share) => {
    const child = fork(import.meta.filename, [...process.argv.slice(2), '--share', String(share)])
    child.on('message', (part) => addPart(sums, part as Part))
    return child
  })
  const codes = await Promise.all(
    children.map(async (child) => (await once(child, 'exit')) as [number | null]),
  )
  let schedules = 0
  for (const [name, classes] of sums) {
    const count = Object.values(classes).reduce((sum, each) => sum + each.schedules, 0)
    schedules += count
    process.stdout.write(`${formatReport({ flow: name, schedules: count, events: 0, classes })}\n\n`)
  }
  const seconds = (performance.now() - started) / 1000
  process.stdout.write(
    `${schedules} schedules in ${seconds.toFixed(0)} s, ${(schedules / seconds).toFixed(0)} a second\n`,
  )
  process.exitCode = codes.every(([code]) => code === 0) ? 0 : 1
}

function addPart(sums: Map<string, Record<string, ClassReport>>, { name, classes }: Part): void {
  const sum = sums.get(name) ?? {}
  sums.set(name, sum)
  for (const [each, report] of Object.entries(classes)) {
    const before = sum[each] ?? { schedules: 0, duplicates: 0, unknown: 0, done: 0, failed: 0 }
    sum[each] = {
      schedules: before.schedules + report.schedules,
      duplicates: before.duplicates + report.duplicates,
      unknown: before.unknown + report.unknown,
      done: before.done + report.done,
      failed: before.failed + report.failed,
    }
  }
}
