import { describe, expect, it } from 'vitest'
import { loadDuckDb } from './load.ts'

describe('loadDuckDb', () => {
  it.each([
    'Failed to resolve module specifier "@duckdb/duckdb-wasm"',
    "Cannot find package '@duckdb/duckdb-wasm' imported from x",
  ])('names the command that installs it: %s', async (message) => {
    await expect(loadDuckDb(() => Promise.reject(new TypeError(message)))).rejects.toMatchObject({
      kind: 'Misconfigured',
      message: expect.stringContaining('npm install @duckdb/duckdb-wasm@1.28.0'),
    })
  })

  it('tells a script that could not be fetched from one that is not installed', async () => {
    const failed = new TypeError('Failed to fetch dynamically imported module: http://x/duckdb.js')
    await expect(loadDuckDb(() => Promise.reject(failed))).rejects.toMatchObject({
      kind: 'Unavailable',
      retryable: 'temporary',
    })
  })
})
