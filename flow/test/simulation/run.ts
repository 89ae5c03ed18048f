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
  boundedOver,
  callerCases,
  faultsOf,
  mailCases,
  orderCases,
  recordedCases,
  storeCases,
  uploadCases,
} from '../../src/lib/simulation/test/cases.ts'

const cases = [...orderCases, ...callerCases, ...storeCases, ...recordedCases, ...uploadCases, ...mailCases]

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
/** Schedules of `all` that a process adds to a case with a bound. Runs of fewer than 200,000 schedules judge no bounds. */
const added = seeds < 200_000 ? 0 : Math.max(0, Math.ceil(boundedOver / jobs) - perClass)

/** Share of keys that may be unknown over all classes of faults, each class counted alike. */
const mostUnknown = 0.15

if (values.share === undefined) await runAll()
else await runShare(Number(values.share))

async function runShare(share: number): Promise<void> {
  for (const each of cases) {
    const report = await each.run({ seeds: perClass, firstSeed: first + share * perClass })
    const faults = faultsOf(each, report)
    if (faults.length > 0) throw new Error(`${each.name}: ${faults.join('; ')}`)
    process.send?.({ name: each.name, classes: report.classes } satisfies Part)
    if (each.unknownOfAll === undefined || added === 0) continue
    const more = {
      seeds: added,
      firstSeed: first + jobs * perClass + share * added,
      faults: ['all'] as const,
    }
    process.send?.({ name: each.name, classes: (await each.run(more)).classes } satisfies Part)
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
    process.stdout.write(`${formatReport({ flow: name, schedules: count, events: 0, classes })}\n`)
    process.stdout.write(`unknown over all faults: ${(unknownOver(classes) * 100).toFixed(1)} %\n\n`)
  }
  const faults = cases.flatMap((each) => {
    const classes = sums.get(each.name) ?? {}
    const share = unknownOver(classes)
    const all = share > mostUnknown ? [`${(share * 100).toFixed(1)} % are unknown over all faults`] : []
    return [...faultsOf(each, { classes }), ...all].map((fault) => `${each.name}: ${fault}\n`)
  })
  for (const fault of faults) process.stderr.write(fault)
  const seconds = (performance.now() - started) / 1000
  process.stdout.write(
    `${schedules} schedules in ${seconds.toFixed(0)} s, ${(schedules / seconds).toFixed(0)} a second\n`,
  )
  process.exitCode = faults.length === 0 && codes.every(([code]) => code === 0) ? 0 : 1
}

function unknownOver(classes: Readonly<Record<string, ClassReport>>): number {
  const shares = Object.values(classes).map(({ unknown, schedules }) => unknown / schedules)
  return shares.reduce((sum, share) => sum + share, 0) / shares.length
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
