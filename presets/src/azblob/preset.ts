/** The `azblob` preset on Node: blobs in a container of Azure Blob Storage, over OpenDAL. */
import { createBlobStore, definePreset } from '@flowport/capabilities'
import { nativeTimeout, opendalBlobDriver, operatorFactory } from '../opendal/driver.ts'
import { advisedBlobDriver } from '../object-http/advised-blob-driver.ts'
import { azblobAdvice } from './advice.ts'
import { withConditionalPuts } from './conditional-puts.ts'
import { azblobConfig, requestsOptions } from './config.ts'
import { azblobNumbers, type AzblobOptions, azblobEnv, azblobProvides } from './declaration.ts'
import { objectLayers } from '../object-http/object-layers.ts'
import { azblobInfo, defaultChunkBytes, maxBlocks } from './info.ts'
import { AzureRequests } from './requests.ts'
import { rootBytes } from '../object-http/service-config.ts'

export type { AzblobOptions } from './declaration.ts'

/** Provides `blob`. OpenDAL's blob driver is the next stop. */
export const azblob = definePreset<AzblobOptions, typeof azblobEnv, typeof azblobProvides>({
  name: 'azblob',
  env: azblobEnv,
  provides: azblobProvides,
  portable: { blob: createBlobStore },
  numbers: azblobNumbers,
  layers: objectLayers,
  check: ({ env, options }) => void azblobConfig(options, env),
  async open({ env, options, log, clock: hostClock }) {
    const { chunkBytes = defaultChunkBytes, concurrency, clock = hostClock } = options
    const { timeoutMs = 60_000, ioTimeoutMs = 600_000 } = options
    const config = azblobConfig(options, env)
    const layers = [nativeTimeout({ timeoutMs, ioTimeoutMs })]
    const operator = await operatorFactory({ scheme: 'azblob', config }, { layers, log }).build()
    const { consistency, durability, limits, extensions } = azblobInfo
    const driver = opendalBlobDriver(operator, {
      scheme: 'azblob',
      provider: azblobInfo.provider,
      consistency,
      durability,
      extensions,
      chunkBytes,
      log,
      clock,
      limits: {
        ...limits,
        maxKeyBytes: limits.maxKeyBytes - rootBytes(config.root),
        maxObjectBytes: maxBlocks * chunkBytes,
      },
      features: { compareAndSwap: azblobInfo.features.compareAndSwap },
      ...(concurrency === undefined ? {} : { concurrency }),
    })
    const now = () => clock.now()
    const requests = new AzureRequests({ ...requestsOptions(config), timeoutMs: ioTimeoutMs, now })
    const { maxObjectBytes } = driver.info.limits
    const put = withConditionalPuts(driver, { requests, chunkBytes, maxObjectBytes, now })
    return { blob: advisedBlobDriver(driver, { ...azblobAdvice, put, unsure: ['head', 'get'] }) }
  },
})
