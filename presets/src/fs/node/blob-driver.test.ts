import { join } from 'node:path'
import { createBlobStore, silentLogger } from '@flowport/capabilities'
import { blobConformance, type ManualClock } from '@flowport/capabilities/testing'
import { tempDirectory } from '../../../test/support/temp-directory.ts'
import { openFsBlobDriver } from './blob-driver.ts'
import { fsLayers } from '../declaration.ts'

const features = {
  createOnly: true,
  compareAndSwap: true,
  ranges: true,
  metadata: true,
  contentType: true,
  serverCopy: true,
}

function harness(isLayered: boolean, fsync: 'data' | 'none') {
  return ({ clock }: { readonly clock: ManualClock }) => {
    const directory = join(tempDirectory(), 'blobs')
    const layers = isLayered ? fsLayers({ log: silentLogger, clock }) : []
    const openDriver = () => openFsBlobDriver({ directory, fsync, clock })
    let driver = openDriver()
    return {
      blob: createBlobStore(driver, { layers }),
      reopen: async () => {
        await driver.close()
        driver = openDriver()
        return createBlobStore(driver, { layers })
      },
      close: () => driver.close(),
    }
  }
}

blobConformance('fs blob', { clock: 'manual', features, open: harness(false, 'data') })
blobConformance('fs blob, layered', { clock: 'manual', features, open: harness(true, 'none') })
