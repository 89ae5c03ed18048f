/** The ledgers that survive a process. `fs` provides no ledger, and the simulator covers `memory`. */
import type { CrashStore } from './life.ts'
import { durableObjectsStore } from './stores/durable-objects.ts'
import { s3Store, sqliteStore } from './stores/node-process.ts'
import { opfsStore } from './stores/opfs.ts'

const known: Readonly<Record<string, () => Promise<CrashStore>>> = {
  sqlite: () => Promise.resolve(sqliteStore()),
  'durable-objects': () => Promise.resolve(durableObjectsStore),
  s3: s3Store,
  opfs: () => opfsStore('opfs', 'chromium'),
  'opfs-firefox': () => opfsStore('opfs-firefox', 'firefox'),
}

/** Tested only when named, because the ledger's code is the same in every browser. */
const onlyByName = new Set(['opfs-firefox'])

/** Returns all stores, or the named one. Call it while tests are collected, because it starts the bucket's server. */
export async function stores(only?: string): Promise<readonly CrashStore[]> {
  if (only !== undefined && !Object.hasOwn(known, only))
    throw new Error(`there is no store "${only}": use ${Object.keys(known).join(', ')}`)
  const wanted = Object.entries(known).filter(([name]) =>
    only === undefined ? !onlyByName.has(name) : name === only,
  )
  return Promise.all(wanted.map(([, store]) => store()))
}
