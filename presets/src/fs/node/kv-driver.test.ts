import { join } from 'node:path'
import { createKeyValue, silentLogger } from '@flowport/capabilities'
import { kvConformance, type ManualClock } from '@flowport/capabilities/testing'
import { tempDirectory } from '../../../test/support/temp-directory.ts'
import { fsLayers } from '../declaration.ts'
import { openFsKvDriver } from './kv-driver.ts'

const features = { list: true, metadata: true, conditional: true, bulk: false }

function harness(isLayered: boolean, fsync: 'data' | 'none') {
  return ({ clock }: { readonly clock: ManualClock }) => {
    const directory = join(tempDirectory(), 'kv')
    const options = { clock, layers: isLayered ? fsLayers({ log: silentLogger, clock }) : [] }
    const openDriver = () => openFsKvDriver({ directory, fsync, clock })
    let driver = openDriver()
    return {
      kv: createKeyValue(driver, options),
      reopen: async () => {
        await driver.close()
        driver = openDriver()
        return createKeyValue(driver, options)
      },
      close: () => driver.close(),
    }
  }
}

kvConformance('fs kv', { clock: 'manual', features, open: harness(false, 'data') })
kvConformance('fs kv, layered', { clock: 'manual', features, open: harness(true, 'none') })
