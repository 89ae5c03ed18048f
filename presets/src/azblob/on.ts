/** Makes the `azblob` preset for a runtime. `preset.ts` calls it with the current one, tests with others. */
import { type BlobDriver, createBlobStore, definePreset, prefix } from '@flowport/capabilities'
import { type ObjectPlatform, openDalOn } from '../object-http/engine.ts'
import { objectLayers } from '../object-http/object-layers.ts'
import { azblobAdvice } from './advice.ts'
import { AzureBlobDriver } from './blob-driver.ts'
import { AzureClient } from './client.ts'
import { azblobConfig, openDalConfig } from './config.ts'
import { azblobEnv, azblobNumbers, type AzblobOptions, azblobProvides } from './declaration.ts'
import { defaultChunkBytes } from './info.ts'

export function azblobOn({ transport, openDal }: ObjectPlatform) {
  return definePreset<AzblobOptions, typeof azblobEnv, typeof azblobProvides>({
    name: 'azblob',
    env: azblobEnv,
    provides: azblobProvides,
    portable: { blob: createBlobStore },
    numbers: azblobNumbers,
    layers: objectLayers,
    check: ({ env, options }) => void azblobConfig(options, env),
    async open({ env, options, log, clock: hostClock }) {
      const { chunkBytes = defaultChunkBytes, uploadConcurrency, clock = hostClock, http } = options
      const config = azblobConfig(options, env)
      const { endpoint, account, container, authorization } = config
      const client = new AzureClient({
        endpoint,
        account,
        container,
        authorization,
        clock,
        transport: transport(http),
      })
      const driver = new AzureBlobDriver({ client, blockBytes: chunkBytes, uploadConcurrency, clock, log })
      const own = within(config.root, driver)
      const blob =
        config.engine === 'fetch'
          ? own
          : await openDalOn(openDal, {
              scheme: 'azblob',
              config: openDalConfig(config),
              own,
              chunkBytes,
              log,
              clock,
              advice: { ...azblobAdvice, unsure: ['head', 'get'] },
              // OpenDAL drops `If-Match` of every put, and `If-None-Match` of uploads in blocks.
              conditionalPuts: 'own',
            })
      return { blob, close: () => client.close() }
    },
  })
}

/** @param root `/`, or `/<folder>`. */
function within(root: string, driver: BlobDriver): BlobDriver {
  return root === '/' ? driver : (prefix(`${root.slice(1)}/`).wrap?.blob?.(driver) ?? driver)
}
