/** DuckDB over the page's storage. The first query downloads the engine. */
import type { Database } from '@flowport/capabilities'
import type { PageStorage } from './files.ts'

/**
 * Returns a function that opens one engine and shares it among all queries. After a failed start, the next query tries again.
 */
export function lazyDuckDb(storage: PageStorage): () => Promise<Database> {
  let opening: Promise<Database> | undefined
  return () =>
    (opening ??= open(storage).catch((error: unknown) => {
      opening = undefined
      throw error
    }))
}

async function open(storage: PageStorage): Promise<Database> {
  const [{ openDuckDb }, { default: worker }, { default: wasm }] = await Promise.all([
    import('@flowport/presets/opfs-browser/duckdb'),
    import('@duckdb/duckdb-wasm/dist/duckdb-browser-eh.worker.js?url'),
    import('@duckdb/duckdb-wasm/dist/duckdb-eh.wasm?url'),
  ])
  return openDuckDb(storage, { bundle: { worker, wasm } })
}
