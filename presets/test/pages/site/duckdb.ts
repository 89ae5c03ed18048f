/** The page of `duckdb.test.ts`: a storage on OPFS, and DuckDB by hand and as a preset. */
import { isCapabilityError, type Database, silentLogger } from '@flowport/capabilities'
import { createStorage } from '@flowport/capabilities/storage'
import { systemClock } from '@flowport/capabilities/system'
import { type DuckDb, duckDb, openDuckDb } from '../../../src/opfs-browser/duckdb-entry.ts'
import { opfsScheme } from '../../../src/opfs-browser/scheme-entry.ts'

const bundle = { worker: '/duckdb.worker.js', wasm: '/duckdb.wasm' }
const storage = createStorage({ schemes: [opfsScheme()] })
let db: Promise<DuckDb> | undefined

/** What the test calls; failures are told as JSON, for values do not cross otherwise. */
const api = {
  query: (sql: string) =>
    told(
      async () =>
        (await (db ??= openDuckDb(storage, { bundle, numbers: 'plain' })).then((open) => open.query(sql)))
          .rows,
    ),
  write: (uri: string, text: string) => told(async () => (await storage.write(uri, text)).size),
  read: (uri: string) => told(() => storage.read(uri)),
  size: (uri: string) => told(async () => (await storage.stat(uri)).size),
  open: (wasm: string) =>
    told(async () => (await openDuckDb(storage, { bundle: { ...bundle, wasm } })).close()),
  /** Opens with a worker made of a `TrustedScriptURL`; tells whether the browser has them. */
  trusted: () =>
    told(async () => {
      interface Policy {
        createScriptURL(url: string): string
      }
      const { trustedTypes } = globalThis as {
        readonly trustedTypes?: { createPolicy(name: string, rules: Policy): Policy }
      }
      const policy = trustedTypes?.createPolicy('test', { createScriptURL: (url) => url })
      const worker = () => new Worker(policy?.createScriptURL(bundle.worker) ?? bundle.worker)
      const opened = await openDuckDb(storage, { bundle: { ...bundle, worker } })
      await opened.query('SELECT 1')
      await opened.close()
      return trustedTypes !== undefined
    }),
  preset: (sql: string) =>
    told(async () => {
      const provider = duckDb({ bundle, numbers: 'plain', as: 'files' })
      const opened = await provider.open({ env: {}, bindings: {}, log: silentLogger, clock: systemClock })
      const files = opened.resources.get('db:files') as unknown as Database
      try {
        return (await files.query(sql)).rows
      } finally {
        await opened.close()
      }
    }),
}

export type Api = typeof api

async function told<T>(
  run: () => Promise<T>,
): Promise<{ readonly value?: T; readonly error?: Record<string, unknown> }> {
  try {
    return { value: await run() }
  } catch (error) {
    return { error: isCapabilityError(error) ? error.toJSON() : { message: String(error) } }
  }
}

Object.assign(globalThis, { api })
