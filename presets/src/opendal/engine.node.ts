/** `engine: 'opendal'` of the presets `s3`, `gcs` and `azblob`. Loads OpenDAL when such an engine opens. */
import type { BlobDriver } from '@flowport/capabilities'
import { advisedBlobDriver } from '../object-http/advised-blob-driver.ts'
import type { OpenDalEngine, OpenDalSeam } from './seam.ts'

export const platform: OpenDalEngine | null = openDalEngine

async function openDalEngine(seam: OpenDalSeam): Promise<BlobDriver> {
  const { scheme, own, chunkBytes, log, clock, advice, conditionalPuts } = seam
  const { nativeTimeout, opendalBlobDriver, operatorFactory } = await import('./driver.ts')
  // No signal reaches into OpenDAL: without a timeout, a silent server would hold a call, and the process, for ever.
  const layers = [nativeTimeout({ timeoutMs, ioTimeoutMs })]
  const operator = await operatorFactory<string>({ scheme, config: seam.config }, { layers, log }).build()
  const { provider, consistency, durability, limits, features, extensions } = own.info
  const byEngine = conditionalPuts === 'engine'
  const driver = opendalBlobDriver(operator, {
    scheme,
    provider,
    consistency,
    durability,
    limits,
    features: {
      createOnly: features.createOnly,
      compareAndSwap: features.compareAndSwap && !(byEngine && !operator.capability().writeWithIfMatch),
      presign: features.presign,
    },
    extensions: { ...extensions, ...seam.extensions },
    chunkBytes,
    log,
    clock,
    ...(seam.toIfMatch === undefined ? {} : { toIfMatch: seam.toIfMatch }),
    ...(seam.maxConditionalBytes === undefined ? {} : { maxConditionalBytes: seam.maxConditionalBytes }),
    ...(seam.cleanUp === undefined ? {} : { cleanUp: seam.cleanUp }),
  })
  const put: BlobDriver['put'] = (key, body, options) => {
    const conditional = options.ifMatch !== undefined || options.ifNoneMatch !== undefined
    return (conditional && !byEngine ? own : driver).put(key, body, options)
  }
  return advisedBlobDriver(driver, { ...advice, put })
}

/** Milliseconds a call without content may take. */
const timeoutMs = 60_000
/** Milliseconds one piece of a transfer may take, such as a part on a slow line. */
const ioTimeoutMs = 600_000
