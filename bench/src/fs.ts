/**
 * Compares the `fs` preset with `node:fs` doing the same work: write aside, sync, rename, sync the directory; open and read.
 */
import { measureGet, measurePut } from './fs/bytes.ts'
import { openStores, ours } from './fs/stores.ts'
import { measureStreamGet, measureStreamPut } from './fs/streams.ts'
import { type Measured, named } from './harness.ts'
import { digits } from './numbers.ts'
import { inDirectory } from './providers.ts'
import { type Aim, comparisonTable, type Report, type Table } from './report.ts'

export function measure(): Promise<Report> {
  return inDirectory(async (directory) => {
    const tables: Table[] = []
    const aims: Aim[] = []
    const add = (title: string, measured: readonly Measured[], unit: 'µs' | 'ms') => {
      tables.push(comparisonTable(title, measured, { unit }))
      const share = 1 / named(measured, ours).ratio
      aims.push({ aim: `${title}: at least 0.8 of node:fs`, measured: digits(share), holds: share >= 0.8 })
    }
    for (const fsync of ['none', 'data'] as const) {
      const stores = await openStores(directory, fsync)
      try {
        if (fsync === 'none') {
          add('get 1 KiB', await measureGet(stores, 1024), 'µs')
          add('get 1 MiB', await measureGet(stores, 2 ** 20), 'µs')
          add('get 64 MiB as a stream', await measureStreamGet(stores), 'ms')
        }
        const policy = fsync === 'none' ? 'no sync' : 'synced'
        add(`put 1 KiB, ${policy}`, await measurePut(stores, 1024), 'µs')
        add(`put 1 MiB, ${policy}`, await measurePut(stores, 2 ** 20), 'µs')
        add(`put 64 MiB from a stream, ${policy}`, await measureStreamPut(stores), 'ms')
      } finally {
        await stores.close()
      }
    }
    return { tables, aims }
  })
}
