/** Compares 1 KiB puts and gets through Flowport's S3 preset with other clients, against one server: operations and CPU. */
import { shuffled } from './harness.ts'
import { digits, range, ratios, spread } from './numbers.ts'
import { ClientProcess, type Took } from './object-storage/client-process.ts'
import { clients } from './object-storage/clients.ts'
import { withServer } from './object-storage/servers.ts'
import type { Aim, Report, Table } from './report.ts'

const reference = 'aws-sdk'
const rounds = 7
const roundMs = 350
const warmUps = 1500
const kinds = ['put', 'get'] as const
const concurrencies = [1, 16, 64] as const

interface Entry {
  readonly client: ClientProcess
  amount: number
  readonly samples: Took[]
}

export function measure(): Promise<Report> {
  return withServer(async (target, server) => {
    const running: ClientProcess[] = []
    try {
      for (const name of Object.keys(clients)) running.push(await ClientProcess.start(name, target))
      for (const client of running) {
        await client.ask({ what: 'put', amount: warmUps, concurrency: 16 })
        await client.ask({ what: 'get', amount: warmUps, concurrency: 16 })
      }
      const tables: Table[] = []
      const aims: Aim[] = []
      for (const concurrency of concurrencies) {
        for (const what of kinds) {
          const entries = await compared(running, what, concurrency)
          tables.push(tableOf(entries, `${what} of 1 KiB, ${concurrency} at once`, server))
          if (concurrency === 16) aims.push(aimOf(entries, what))
        }
      }
      return { tables, aims }
    } finally {
      for (const client of running) client.stop()
    }
  })
}

async function compared(
  running: readonly ClientProcess[],
  what: 'put' | 'get',
  concurrency: number,
): Promise<readonly Entry[]> {
  const entries: Entry[] = []
  for (const client of running) {
    const { ms } = await client.ask({ what, amount: 8 * concurrency, concurrency })
    entries.push({ client, amount: Math.ceil((8 * concurrency * roundMs) / ms), samples: [] })
  }
  for (let round = 0; round < rounds; round++) {
    for (const { client, amount, samples } of shuffled(entries)) {
      const took = await client.ask({ what, amount, concurrency })
      samples.push({ ...took, ms: took.ms / amount, cpuMs: took.cpuMs / amount })
    }
  }
  return entries
}

function of(entry: Entry | undefined, key: keyof Took): readonly number[] {
  return entry?.samples.map((took) => took[key]) ?? []
}

function times(entries: readonly Entry[], entry: Entry | undefined, key: 'ms' | 'cpuMs'): number {
  const base = entries.find(({ client }) => client.name === reference)
  return spread(ratios(of(base, key), of(entry, key))).median
}

function tableOf(entries: readonly Entry[], title: string, server: string): Table {
  return {
    title,
    header: ['', 'per second [min–max]', '× the SDK', 'CPU, µs', '÷ CPU of the SDK', 'longest lag, ms'],
    rows: entries.map((entry) => [
      entry.client.name,
      range(spread(of(entry, 'ms').map((ms) => 1000 / ms))),
      digits(times(entries, entry, 'ms')),
      digits(spread(of(entry, 'cpuMs')).median * 1000),
      digits(times(entries, entry, 'cpuMs')),
      digits(spread(of(entry, 'lagMs')).median),
    ]),
    notes: [`Against ${server}.`],
  }
}

function aimOf(entries: readonly Entry[], what: string): Aim {
  const best = Math.max(
    ...entries
      .filter(({ client }) => client.name.startsWith('flowport'))
      .map((entry) => times(entries, entry, 'ms')),
  )
  return {
    aim: `${what} of 1 KiB, 16 at once: at least 5 × the SDK (the better engine)`,
    measured: digits(best),
    holds: best >= 5,
  }
}
