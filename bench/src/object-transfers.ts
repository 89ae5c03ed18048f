/**
 * Compares uploads and downloads of 1 GiB through Flowport's S3 preset with other clients, against one server: speed, memory,
 * lag.
 */
import { shuffled } from './harness.ts'
import { digits, range, ratios, spread } from './numbers.ts'
import { ClientProcess, type Took } from './object-storage/client-process.ts'
import { clients, type Target } from './object-storage/clients.ts'
import { withServer } from './object-storage/servers.ts'
import type { Report, Table } from './report.ts'

const reference = 'aws-sdk'
const bytes = 1024 ** 3
const rounds = 3

interface Entry {
  readonly name: string
  readonly upload: Took[]
  readonly download: Took[]
}

export function measure(): Promise<Report> {
  return withServer(async (target, server) => {
    const entries: Entry[] = Object.keys(clients).map((name) => ({ name, upload: [], download: [] }))
    for (let round = 0; round < rounds; round++) {
      for (const entry of shuffled(entries)) {
        entry.upload.push(await once(entry.name, target, 'upload'))
        entry.download.push(await once(entry.name, target, 'download'))
      }
    }
    const best = Math.max(
      ...entries
        .filter(({ name }) => name.startsWith('flowport'))
        .map((entry) => times(entries, entry, 'upload')),
    )
    return {
      tables: [
        tableOf(entries, 'upload', '1 GiB up, a web stream of 256 KiB chunks', server),
        tableOf(entries, 'download', '1 GiB down, as a stream', server),
      ],
      aims: [
        {
          aim: 'uploads: at least 3 × the SDK (the better engine)',
          measured: digits(best),
          holds: best >= 3,
        },
      ],
    }
  })
}

/** Runs one transfer in a new process, so that the memory is this transfer's, after a few small requests. */
async function once(name: string, target: Target, what: 'upload' | 'download'): Promise<Took> {
  const client = await ClientProcess.start(name, target)
  try {
    await client.ask({ what: 'put', amount: 8, concurrency: 2 })
    await client.ask({ what: 'get', amount: 8, concurrency: 2 })
    return await client.ask({ what, bytes })
  } finally {
    client.stop()
  }
}

function times(entries: readonly Entry[], entry: Entry | undefined, what: 'upload' | 'download'): number {
  const base = entries.find(({ name }) => name === reference)
  const ms = (one: Entry | undefined) => one?.[what].map((took) => took.ms) ?? []
  return spread(ratios(ms(base), ms(entry))).median
}

function tableOf(
  entries: readonly Entry[],
  what: 'upload' | 'download',
  title: string,
  server: string,
): Table {
  return {
    title,
    header: ['', 'MiB/s [min–max]', '× the SDK', 'CPU, s', 'memory, MiB', 'longest lag, ms'],
    rows: entries.map((entry) => {
      const of = (key: keyof Took) => entry[what].map((took) => took[key])
      return [
        entry.name,
        range(spread(of('ms').map((ms) => (bytes / 1024 ** 2 / ms) * 1000))),
        digits(times(entries, entry, what)),
        digits(spread(of('cpuMs')).median / 1000),
        digits(spread(of('growthBytes')).median / 1024 ** 2),
        digits(spread(of('lagMs')).median),
      ]
    }),
    notes: [`Against ${server}. Memory is the peak above what the process held before the transfer.`],
  }
}
