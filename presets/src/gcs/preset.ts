/** The `gcs` preset on Node: blobs in a bucket of Google Cloud Storage, over OpenDAL. */
import { readFileSync } from 'node:fs'
import { createBlobStore, definePreset } from '@flowport/capabilities'
import { nativeTimeout, opendalBlobDriver, operatorFactory } from '../opendal/driver.ts'
import { advisedBlobDriver } from '../object-http/advised-blob-driver.ts'
import { gcsAdvice } from './advice.ts'
import { gcsConfig } from './config.ts'
import { gcsEnv, gcsNumbers, type GcsOptions, gcsProvides, misconfigured } from './declaration.ts'
import { objectLayers } from '../object-http/object-layers.ts'
import { defaultChunkBytes, defaultMaxConditionalBytes, gcsInfo, maxParts } from './info.ts'
import { abortUploads } from './pending-uploads.ts'
import { rootBytes } from '../object-http/service-config.ts'

export type { GcsOptions } from './declaration.ts'

/** Provides `blob`. OpenDAL's blob driver is the next stop. */
export const gcs = definePreset<GcsOptions, typeof gcsEnv, typeof gcsProvides>({
  name: 'gcs',
  env: gcsEnv,
  provides: gcsProvides,
  portable: { blob: createBlobStore },
  numbers: gcsNumbers,
  layers: objectLayers,
  check: ({ env, options }) => void gcsConfig(options, env, contentOf),
  async open({ env, options, log, clock: hostClock }) {
    const { chunkBytes = defaultChunkBytes, concurrency, clock = hostClock } = options
    const { maxConditionalBytes = defaultMaxConditionalBytes } = options
    const { timeoutMs = 60_000, ioTimeoutMs = 600_000 } = options
    const { consistency, durability, limits, extensions } = gcsInfo
    const config = gcsConfig(options, env, contentOf)
    const layers = [nativeTimeout({ timeoutMs, ioTimeoutMs })]
    const operator = await operatorFactory({ scheme: 'gcs', config }, { layers, log }).build()
    const driver = opendalBlobDriver(operator, {
      scheme: 'gcs',
      provider: gcsInfo.provider,
      consistency,
      durability,
      extensions,
      chunkBytes,
      maxConditionalBytes,
      cleanUp: (key) => abortUploads(config, clock, key),
      log,
      clock,
      limits: {
        ...limits,
        maxKeyBytes: limits.maxKeyBytes - rootBytes(config.root),
        maxObjectBytes: Math.min(5 * 1024 ** 4, maxParts * chunkBytes),
      },
      features: { presign: gcsInfo.features.presign },
      ...(concurrency === undefined ? {} : { concurrency }),
    })
    return { blob: advisedBlobDriver(driver, { ...gcsAdvice, unsure: ['head', 'get'] }) }
  },
})

function contentOf(path: string): string {
  try {
    return readFileSync(path, 'utf8')
  } catch (error) {
    const code = error instanceof Error && 'code' in error ? String(error.code) : 'unknown'
    throw misconfigured(`the file of credentialPath (GOOGLE_APPLICATION_CREDENTIALS) cannot be read: ${code}`)
  }
}
