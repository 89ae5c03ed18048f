/** The `azblob` preset on Workers and in browsers: blobs in a container of Azure Blob Storage, over `fetch`. */
import { createBlobStore, definePreset, prefix } from '@flowport/capabilities'
import { azblobConfig } from './config.ts'
import { azblobNumbers, type AzblobOptions, azblobEnv, azblobProvides } from './declaration.ts'
import { defaultChunkBytes } from './info.ts'
import { AzureBlobDriver } from './blob-driver.ts'
import { AzureClient } from './client.ts'
import { objectLayers } from '../object-http/object-layers.ts'

export type { AzblobOptions } from './declaration.ts'

/**
 * Provides `blob`. `concurrency`, `timeoutMs` and `ioTimeoutMs` are of OpenDAL, and without effect here.
 * `AzureBlobDriver` is the next stop.
 */
export const azblob = definePreset<AzblobOptions, typeof azblobEnv, typeof azblobProvides>({
  name: 'azblob',
  env: azblobEnv,
  provides: azblobProvides,
  portable: { blob: createBlobStore },
  numbers: azblobNumbers,
  layers: objectLayers,
  check: ({ env, options }) => void azblobConfig(options, env),
  open({ env, options, log, clock: hostClock }) {
    const { chunkBytes = defaultChunkBytes, clock = hostClock } = options
    const { endpoint, account_name, account_key, sas_token, container, root } = azblobConfig(options, env)
    const client = new AzureClient({
      endpoint,
      account: account_name,
      container,
      authorization: account_key === undefined ? { sasToken: sas_token ?? '' } : { accountKey: account_key },
      clock,
    })
    const driver = new AzureBlobDriver({ client, blockBytes: chunkBytes, clock, log })
    const wrap = root === '/' ? undefined : prefix(`${root.slice(1)}/`).wrap?.blob
    return { blob: wrap === undefined ? driver : wrap(driver) }
  },
})
