/** Two hosts over the same stores: two Fastify servers over files, or Fastify and workerd over a bucket. */
import { createServer } from '@flowport/host-node'
import { serveWorkerd } from '@flowport/host-workers/testing'
import { fs } from '@flowport/presets/fs'
import { s3, s3Dedupe } from '@flowport/presets/s3'
import { sqlite } from '@flowport/presets/sqlite'
import { type Radosgw, startRadosgw, withoutRadosgw } from '@flowport/presets/test/radosgw'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { afterAll, beforeAll, describe } from 'vitest'
import { hooks, type Providers, recordedApp } from './recorded-app.ts'
import { newBucket } from '../crash/stores/bucket.ts'

export interface Pair {
  readonly urls: readonly [string, string]
  close(): Promise<void>
}

async function serveFastify(providers: Providers, env: Record<string, string>) {
  const server = await createServer(recordedApp('local', providers), { env, hooks, logLevel: 'silent' })
  return { url: await server.listen({ port: 0, host: '127.0.0.1' }), close: () => server.close() }
}

async function overFiles(): Promise<Pair> {
  const root = mkdtempSync(join(tmpdir(), 'flowport-recorded-'))
  const open = () =>
    serveFastify(
      [
        sqlite({ path: join(root, 'ledger.sqlite'), only: ['dedupe'] }),
        fs({ root, fsync: 'none', only: ['blob'] }),
      ],
      {},
    )
  const [a, b] = [await open(), await open()]
  return {
    urls: [a.url, b.url],
    async close() {
      await Promise.all([a.close(), b.close()])
      rmSync(root, { recursive: true, force: true })
    },
  }
}

async function overBucket(server: Radosgw): Promise<Pair> {
  const vars = await newBucket(server, 'recorded')
  const fastify = await serveFastify([s3(), s3Dedupe()], vars)
  const worker = await serveWorkerd(resolve(import.meta.dirname, 'recorded-worker.ts'), {
    vars: { ...vars, LOG_LEVEL: 'error' },
    reachesLoopback: true,
  })
  return {
    urls: [fastify.url, worker.url],
    async close() {
      await Promise.all([fastify.close(), worker.close()])
    },
  }
}

/** Declares the tests for each pair of hosts. Call it while tests are collected, because it starts the bucket's server. */
export async function describePairs(tests: (pair: () => Pair) => void): Promise<void> {
  const server = await startRadosgw()
  describePair('two Fastify servers over sqlite and fs', overFiles, tests)
  if (server === null) describe.skip(`Fastify and workerd over S3: ${withoutRadosgw}`, () => tests(unopened))
  else describePair('Fastify and workerd over S3', () => overBucket(server), tests)
}

function describePair(name: string, open: () => Promise<Pair>, tests: (pair: () => Pair) => void): void {
  describe(name, () => {
    let pair: Pair | undefined
    beforeAll(async () => {
      pair = await open()
    })
    afterAll(() => pair?.close())
    tests(() => pair ?? unopened())
  })
}

function unopened(): never {
  throw new Error('the hosts are not open')
}
