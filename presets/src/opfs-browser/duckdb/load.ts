/** Imports `@duckdb/duckdb-wasm` when it is first needed. Its absence is an error with the command that installs it. */
import { CapabilityError } from '@flowport/capabilities'
import type { DuckDbModule } from './module.ts'

export async function loadDuckDb(load: () => Promise<DuckDbModule> = importDuckDb): Promise<DuckDbModule> {
  try {
    return await load()
  } catch (cause) {
    const said = cause instanceof Error ? cause.message : ''
    if (/dynamically imported module|module script failed/i.test(said)) {
      const message = 'the script of DuckDB could not be fetched; is the page offline without a copy of it?'
      throw new CapabilityError('Unavailable', message, { code: 'DUCKDB_NOT_LOADED', cause })
    }
    throw new CapabilityError(
      'Misconfigured',
      'the package "@duckdb/duckdb-wasm" is not installed: npm install @duckdb/duckdb-wasm@1.28.0 ' +
        '(newer ones fetch parquet from the network, see extensionRepository)',
      { code: 'DUCKDB_NOT_LOADED', cause },
    )
  }
}

async function importDuckDb(): Promise<DuckDbModule> {
  return (await import('@duckdb/duckdb-wasm')) as unknown as DuckDbModule
}
