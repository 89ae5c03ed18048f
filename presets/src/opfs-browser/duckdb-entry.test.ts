import { silentLogger } from '@flowport/capabilities'
import { createStorage, memoryScheme } from '@flowport/capabilities/storage'
import { systemClock } from '@flowport/capabilities/system'
import type * as DuckDbPackage from '@duckdb/duckdb-wasm'
import { describe, expect, expectTypeOf, it } from 'vitest'
import type { DuckDbModule } from './duckdb/module.ts'
import * as elsewhere from './duckdb-entry.ts'

describe('DuckDB outside of browsers', () => {
  it('resolves, states the same, and fails with advice when it is opened', async () => {
    const storage = createStorage({ schemes: [memoryScheme()] })
    const expected = { kind: 'Misconfigured', code: 'PRESET_UNSUPPORTED' }
    await expect(elsewhere.openDuckDb(storage)).rejects.toMatchObject(expected)
    const provider = elsewhere.duckDb({ as: 'files' })
    expect(provider.provides).toEqual({ 'db:files': { provider: 'duckdb', extensions: {} } })
    const context = { env: {}, bindings: {}, log: silentLogger, clock: systemClock }
    await expect(provider.open(context)).rejects.toMatchObject(expected)
  })
})

describe('the shapes of @duckdb/duckdb-wasm', () => {
  it('are those of the package', () => {
    expectTypeOf<typeof DuckDbPackage.DuckDBDataProtocol>().toExtend<DuckDbModule['DuckDBDataProtocol']>()
    expectTypeOf<typeof DuckDbPackage.VoidLogger>().toExtend<DuckDbModule['VoidLogger']>()
    type Made = InstanceType<DuckDbModule['AsyncDuckDB']>
    expectTypeOf<Omit<DuckDbPackage.AsyncDuckDB, 'connect'>>().toExtend<Omit<Made, 'connect'>>()
    type Connection = Awaited<ReturnType<Made['connect']>>
    expectTypeOf<Pick<DuckDbPackage.AsyncDuckDBConnection, 'cancelSent'>>().toExtend<
      Pick<Connection, 'cancelSent'>
    >()
  })
})
