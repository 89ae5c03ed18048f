/** The `gcs` preset on Workers and in browsers: blobs in a bucket of Google Cloud Storage, over `fetch`. */
import { createBlobStore, definePreset, prefix } from '@flowport/capabilities'
import { advisedBlobDriver } from '../object-http/advised-blob-driver.ts'
import { gcsAdvice } from './advice.ts'
import { gcsConfig } from './config.ts'
import { gcsEnv, gcsNumbers, type GcsOptions, gcsProvides, misconfigured } from './declaration.ts'
import { defaultChunkBytes } from './info.ts'
import { gcsWebClient, gcsWebHeaders } from './client.ts'
import { presetProfile } from './profile.ts'
import { objectLayers } from '../object-http/object-layers.ts'
import { S3BlobDriver } from '../s3/blob-driver.ts'

export type { GcsOptions } from './declaration.ts'

/**
 * Provides `blob`. `concurrency`, `maxConditionalBytes`, `timeoutMs` and `ioTimeoutMs` are of OpenDAL, and without effect here.
 * `S3BlobDriver` is the next stop, over Google's XML API.
 */
export const gcs = definePreset<GcsOptions, typeof gcsEnv, typeof gcsProvides>({
  name: 'gcs',
  env: gcsEnv,
  provides: gcsProvides,
  portable: { blob: createBlobStore },
  numbers: gcsNumbers,
  layers: objectLayers,
  check: ({ env, options }) => void gcsConfig(options, env, noFiles),
  open({ env, options, log, clock: hostClock }) {
    const { chunkBytes = defaultChunkBytes, clock = hostClock } = options
    const config = gcsConfig(options, env, noFiles)
    const profile = presetProfile(chunkBytes)
    const client = gcsWebClient(config, clock)
    const driver = new S3BlobDriver({
      client,
      profile,
      partBytes: chunkBytes,
      // What is not signed needs no digest; TLS finds altered bytes.
      signParts: false,
      putHeaders: gcsWebHeaders(config),
      clock,
      log,
    })
    const wrap = config.root === '/' ? undefined : prefix(`${config.root.slice(1)}/`).wrap?.blob
    return {
      blob: advisedBlobDriver(wrap === undefined ? driver : wrap(driver), gcsAdvice),
      close: () => client.close(),
    }
  },
})

function noFiles(): never {
  throw misconfigured('there are no files here; give the key as credential (GCS_CREDENTIAL)')
}
