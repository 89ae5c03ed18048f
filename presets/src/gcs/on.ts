/** Makes the `gcs` preset for a runtime. `preset.ts` calls it with the current one, tests with others. */
import { type BlobDriver, createBlobStore, definePreset, prefix } from '@flowport/capabilities'
import { advisedBlobDriver } from '../object-http/advised-blob-driver.ts'
import { type ObjectPlatform, openDalOn } from '../object-http/engine.ts'
import { objectLayers } from '../object-http/object-layers.ts'
import { S3BlobDriver } from '../s3/blob-driver.ts'
import { abortUploads } from '../s3/pending-uploads.ts'
import { gcsAdvice } from './advice.ts'
import { gcsClient, gcsHeaders } from './client.ts'
import { gcsConfig, openDalConfig } from './config.ts'
import { gcsEnv, gcsNumbers, type GcsOptions, gcsProvides } from './declaration.ts'
import { defaultChunkBytes } from './info.ts'
import type { GcsMachine } from './machine.ts'
import { presetProfile } from './profile.ts'

export interface GcsPlatform extends ObjectPlatform {
  /** Key files, and the identity of the machine. `null` on runtimes other than Node. */
  readonly machine: GcsMachine | null
}

export function gcsOn({ transport, openDal, machine }: GcsPlatform) {
  return definePreset<GcsOptions, typeof gcsEnv, typeof gcsProvides>({
    name: 'gcs',
    env: gcsEnv,
    provides: gcsProvides,
    portable: { blob: createBlobStore },
    numbers: gcsNumbers,
    layers: objectLayers,
    check: ({ env, options }) => void gcsConfig(options, env, machine),
    async open({ env, options, log, clock: hostClock }) {
      const { chunkBytes = defaultChunkBytes, uploadConcurrency, clock = hostClock, http } = options
      const config = gcsConfig(options, env, machine)
      const client = gcsClient(config, { transport: transport(http), machine, clock })
      const driver = new S3BlobDriver({
        client,
        profile: presetProfile(chunkBytes),
        partBytes: chunkBytes,
        uploadConcurrency,
        // Requests with a token are not signed, so they need no digest; TLS finds altered bytes.
        signParts: false,
        putHeaders: gcsHeaders(config),
        clock,
        log,
      })
      const own = within(config.root, driver)
      const folder = config.root === '/' ? '' : `${config.root.slice(1)}/`
      const blob =
        config.engine === 'fetch'
          ? advisedBlobDriver(own, gcsAdvice)
          : await openDalOn(openDal, {
              scheme: 'gcs',
              config: openDalConfig(config),
              own,
              chunkBytes,
              log,
              clock,
              advice: { ...gcsAdvice, unsure: ['head', 'get'] },
              // OpenDAL sends `ifNoneMatch`, and not `ifMatch`: its versions are etags, on which Google conditions no write.
              conditionalPuts: 'engine',
              maxConditionalBytes: chunkBytes,
              extensions: { 'com.google.cloud.storage.etags': 'etag' },
              cleanUp: (key) => abortUploads(client, folder + key),
            })
      return { blob, close: () => client.close() }
    },
  })
}

/** @param root `/`, or `/<folder>`. */
function within(root: string, driver: BlobDriver): BlobDriver {
  return root === '/' ? driver : (prefix(`${root.slice(1)}/`).wrap?.blob?.(driver) ?? driver)
}
