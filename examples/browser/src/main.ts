/** The page: files on the left, SQL and its chart on the right, and notes that a flow in the service worker stores. */
import { registerServiceWorker } from '@flowport/host-workers/browser'
import type { StorageEntry } from '@flowport/capabilities/storage'
import { openStorage } from './files.ts'
import { sampleCsv, sampleSql } from './sample.ts'
import { lazyDuckDb } from './sql.ts'
import { h } from './ui/dom.ts'
import { type BucketForm, createExport } from './ui/export.ts'
import { createFiles } from './ui/files.ts'
import { createNotes } from './ui/notes.ts'
import { createTransfers } from './ui/progress.ts'
import { createQuery } from './ui/query.ts'
import { createStatus } from './ui/status.ts'
import './style.css'

const storage = openStorage()
const duckDb = lazyDuckDb(storage)
const status = createStatus()
const transfers = createTransfers()
const notes = createNotes()

const query = createQuery({
  query: async (sql, signal) => (await duckDb()).query(sql, [], { signal }),
  done: () => void refresh(),
})
const files = createFiles({
  add: (added) => void Promise.all(added.map(add)),
  sample: () => void sample(),
  open: ({ uri }) => void query.run(`SELECT * FROM ${readerOf(uri)} LIMIT 1000`),
  download: (entry) => void download(entry),
  remove: ({ uri, name }) => {
    if (confirm(`Delete ${name} from this device?`)) void storage.delete(uri).then(refresh)
  },
})
const bucket = createExport((uri, form) => void send(uri, form))

document
  .querySelector('#app')
  ?.append(
    h('header', {}, h('h1', {}, 'Flowport ', h('span', {}, 'in the browser')), status.element),
    h(
      'main',
      {},
      h('div', { class: 'column' }, files.element),
      h(
        'div',
        { class: 'column' },
        query.element,
        h('div', { class: 'pair' }, notes.element, bucket.element),
      ),
    ),
    transfers.element,
  )

async function refresh(): Promise<void> {
  const entries: StorageEntry[] = []
  for await (const entry of storage.entries('opfs://', { recursive: true })) entries.push(entry)
  files.show(entries)
  bucket.show(entries)
  await status.refresh()
}

async function add(file: File): Promise<void> {
  const uri = `opfs://data/${file.name.replaceAll(/[\\/'"*?[\]]/g, '_')}`
  const stored = await transfers.run(file.name, (transfer) =>
    storage.writeStream(uri, file.stream(), { size: file.size, ...transfer }),
  )
  if (stored === null) return
  await refresh()
  if (/\.(?:csv|tsv|parquet)$/i.test(uri)) await query.run(`SELECT * FROM ${readerOf(uri)} LIMIT 1000`)
}

async function sample(): Promise<void> {
  await storage.write('opfs://data/weather.csv', sampleCsv())
  await refresh()
  await query.run(sampleSql)
}

async function download({ uri, name, size }: StorageEntry): Promise<void> {
  const blob = await transfers.run(name, async (transfer) =>
    new Response(await storage.stream(uri, transfer)).blob(),
  )
  if (blob === null || blob.size !== size) return
  const link = h('a', { href: URL.createObjectURL(blob), download: name })
  link.click()
  setTimeout(() => URL.revokeObjectURL(link.href), 60_000)
}

async function send(uri: string, { bucket: name, ...credentials }: BucketForm): Promise<void> {
  storage.setCredentials('s3', credentials)
  const to = `s3://${name}/${uri.slice('opfs://'.length)}`
  await transfers.run(`${uri} → ${to}`, (transfer) => storage.copy(uri, to, transfer))
}

function readerOf(uri: string): string {
  const name = `'${uri.replaceAll("'", "''")}'`
  return /\.parquet$/i.test(uri) ? `read_parquet(${name})` : `read_csv_auto(${name})`
}

async function start(): Promise<void> {
  await refresh()
  const instead = storage.describe().find(({ scheme }) => scheme === 'opfs')?.fallback
  if (instead === undefined) status.setStore('files on this device')
  else status.setStore('files are lost when this page closes', instead.reason)
  if (!('serviceWorker' in navigator)) return
  await registerServiceWorker('/sw.js')
  status.setOffline(true)
  await notes.load()
}

void start()
