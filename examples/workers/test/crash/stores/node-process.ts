/** Fastify over SQLite or over a bucket, in a Node process that is killed. */
import { startRadosgw, withoutRadosgw } from '@flowport/presets/test/radosgw'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { CrashStore, Life } from '../life.ts'
import { newBucket } from './bucket.ts'
import { httpLife } from './http-life.ts'
import { startServerProcess } from './server-process.ts'

const script = join(import.meta.dirname, 'server.ts')

async function startServer(vars: Readonly<Record<string, string>>, control: string): Promise<Life> {
  const { url, kill } = await startServerProcess(script, vars)
  return httpLife(url, control, kill)
}

/** `vars` are additional environment variables of the server. */
export function sqliteStore(vars: Readonly<Record<string, string>> = {}): CrashStore {
  return {
    name: 'sqlite',
    missing: undefined,
    open() {
      const folder = mkdtempSync(join(tmpdir(), 'flowport-crash-'))
      const path = join(folder, 'ledger.sqlite')
      return Promise.resolve({
        start: (control) => startServer({ ...vars, CRASH_SQLITE: path }, control),
        close() {
          rmSync(folder, { recursive: true, force: true })
          return Promise.resolve()
        },
      })
    },
  }
}

/** Starts the bucket's server. Call it while tests are collected. */
export async function s3Store(): Promise<CrashStore> {
  const server = await startRadosgw()
  return {
    name: 's3',
    missing: server === null ? withoutRadosgw : undefined,
    async open() {
      if (server === null) throw new Error(withoutRadosgw)
      const vars = await newBucket(server, 'crash')
      return { start: (control) => startServer(vars, control), close: () => Promise.resolve() }
    },
  }
}
