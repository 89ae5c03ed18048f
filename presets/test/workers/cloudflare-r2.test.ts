import { env } from 'cloudflare:workers'
import { type BlobStore, createBlobStore, logging, retry, silentLogger } from '@flowport/capabilities'
import { systemClock } from '@flowport/capabilities/system'
import { blobConformance } from '@flowport/capabilities/testing'
import { R2BindingDriver } from '../../src/cloudflare-r2/binding-driver.ts'
import { defaultPartBytes } from '../../src/cloudflare-r2/info.ts'
import { r2SkippedCases as skip } from '../support/r2-skipped-cases.ts'

const features = {
  createOnly: true,
  compareAndSwap: true,
  ranges: true,
  metadata: true,
  contentType: true,
  serverCopy: false,
  presign: false,
}

const driver = (partBytes: number) =>
  new R2BindingDriver({ bucket: env.BUCKET, log: silentLogger, partBytes })

/** The suite's large streams have about 6 MB: two parts of the smallest there may be. */
const smallParts = 5 * 1024 * 1024

async function empty(): Promise<void> {
  for (;;) {
    const { objects } = await env.BUCKET.list()
    if (objects.length === 0) return
    await env.BUCKET.delete(objects.map(({ key }) => key))
  }
}

blobConformance('R2BindingDriver in workerd, bare', {
  clock: 'real',
  features,
  skip,
  open: async () => {
    await empty()
    return { blob: createBlobStore(driver(smallParts)), reopen: () => createBlobStore(driver(smallParts)) }
  },
})

blobConformance('R2BindingDriver in workerd, layered', {
  clock: 'real',
  features,
  skip,
  open: async (): Promise<{ blob: BlobStore }> => {
    await empty()
    const layers = [
      logging({ log: silentLogger, clock: systemClock }),
      retry({ clock: systemClock, log: silentLogger }),
    ]
    return { blob: createBlobStore(driver(defaultPartBytes), { layers }) }
  },
})
