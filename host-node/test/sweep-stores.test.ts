/** Sweeps staged files of unfinished forms on real stores. */
import { silentLogger } from '@flowport/capabilities'
import { ManualClock } from '@flowport/capabilities/testing'
import type { App } from '@flowport/flow'
import { createUploadSweeper } from '@flowport/flow/http'
import { hostApp } from '@flowport/flow/testing/host'
import { createServer } from '@flowport/host-node'
import { fs } from '@flowport/presets/fs'
import { memory } from '@flowport/presets/memory'
import { s3 } from '@flowport/presets/s3'
import { startRadosgw, withoutRadosgw } from '@flowport/presets/test/radosgw'
import { clientFor, createBucket } from '@flowport/presets/test/s3-bucket'
import { expect, it } from 'vitest'
import { tempFolder } from './support/temp-folder.ts'

const store = await startRadosgw()

/** Puts files, advances the sweeper's clock by 25 hours, and lists the remaining files. */
async function sweptAfterADay(app: App, env: Record<string, string> = {}) {
  const server = await createServer(app, { env, logLevel: 'silent' })
  try {
    const { bag } = server.flowport
    const blob = bag.require('blob')
    const clock = new ManualClock(Date.now())
    const sweeper = createUploadSweeper({ app, bag, clock, log: silentLogger })
    const keys = ['kept', ...Array.from({ length: 12 }, (_, at) => `.flowport/uploads/${at % 3}/${at}`)]
    await Promise.all(keys.map((key) => blob.put(key, 'x')))
    const left = async () => (await blob.list()).objects.map(({ key }) => key)
    await sweeper.sweep()
    const before = await left()
    clock.jump(25 * 3_600_000)
    await sweeper.sweep()
    return { before: before.length, after: await left() }
  } finally {
    await server.close()
  }
}

it('on local disk', async () => {
  const app = hostApp('local', [fs({ root: tempFolder() }), memory({ only: ['dedupe'] })])
  expect(await sweptAfterADay(app)).toEqual({ before: 13, after: ['kept'] })
})

it.skipIf(store === null)(`on S3${store === null ? `: ${withoutRadosgw}` : ''}`, async () => {
  if (store === null) return
  await createBucket(clientFor(store, 'swept'))
  const app = hostApp('local', [s3({ only: ['blob'], provider: 'ceph' }), memory({ only: ['dedupe'] })])
  const env = {
    S3_BUCKET: 'swept',
    S3_REGION: 'us-east-1',
    S3_ENDPOINT: store.endpoint,
    S3_ACCESS_KEY_ID: store.accessKeyId,
    S3_SECRET_ACCESS_KEY: store.secretAccessKey,
  }
  expect(await sweptAfterADay(app, env)).toEqual({ before: 13, after: ['kept'] })
})
