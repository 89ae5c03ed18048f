import type { Operator } from 'opendal'
import { createBlobStore, logging, retry, silentLogger, timeout } from '@flowport/capabilities'
import { blobConformance, type ManualClock } from '@flowport/capabilities/testing'
import { systemClock } from '@flowport/capabilities/system'
import { opendalBlobDriver } from './blob-driver.ts'
import type { OpenDalBlobOptions } from './blob-options.ts'
import { operatorFactory } from './factory.node.ts'
import { tempDirectories } from '../../test/support/opendal-temp-directory.ts'

const directory = tempDirectories()

const layers = () => [
  logging({ log: silentLogger }),
  retry({ clock: systemClock }),
  timeout({ timeoutMs: 60_000, clock: systemClock }),
]

function driver(
  operator: Operator,
  clock: ManualClock,
  options: Pick<OpenDalBlobOptions, 'scheme' | 'durability'>,
) {
  return opendalBlobDriver(operator, { ...options, log: silentLogger, clock })
}

for (const layered of [false, true]) {
  const name = layered ? 'layered' : 'bare'
  blobConformance(`opendal memory, ${name}`, {
    clock: 'manual',
    features: { ranges: true, metadata: true, contentType: true },
    async open({ clock }) {
      const operator = await operatorFactory({ scheme: 'memory' }).build()
      return {
        blob: createBlobStore(
          driver(operator, clock, { scheme: 'memory' }),
          layered ? { layers: layers() } : {},
        ),
      }
    },
  })

  blobConformance(`opendal fs, ${name}`, {
    clock: 'manual',
    features: { ranges: true, metadata: true, contentType: true },
    async open({ clock }) {
      const root = directory()
      // Proves `durable` across openings; what a power failure takes is not tried here.
      const options = { scheme: 'fs', durability: 'durable' } as const
      const store = async () => {
        const operator = await operatorFactory({ scheme: 'fs', config: { root } }).build()
        return createBlobStore(driver(operator, clock, options), layered ? { layers: layers() } : {})
      }
      return { blob: await store(), reopen: store }
    },
  })
}
