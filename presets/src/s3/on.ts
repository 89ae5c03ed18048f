/** Makes the presets `s3` and `s3Dedupe` for a runtime. `preset.ts` calls it with the current one, tests with others. */
import { createBlobStore, createDedupeStore, definePreset } from '@flowport/capabilities'
import type { S3HttpOptions } from '../object-http/http-options.ts'
import { objectLayers } from '../object-http/object-layers.ts'
import type { OpenDalEngine } from '../opendal/seam.ts'
import type { S3Client, S3ClientOptions } from './client.ts'
import { s3Config } from './config.ts'
import { type S3DedupeOptions, s3DedupeProvides, s3Env, type S3Options, s3Provides } from './declaration.ts'
import { openS3Dedupe } from './dedupe/open.ts'
import { openDalS3 } from './engine.ts'
import { openS3 } from './open.ts'

export interface S3Platform {
  /** Makes a client, with the runtime's transport, signer and digests. */
  readonly connect: (options: S3ClientOptions, http?: S3HttpOptions) => S3Client
  /** `null` on runtimes other than Node. */
  readonly openDal: OpenDalEngine | null
}

export function s3On({ connect, openDal }: S3Platform) {
  return definePreset<S3Options, typeof s3Env, typeof s3Provides>({
    name: 's3',
    env: s3Env,
    provides: s3Provides,
    portable: { blob: createBlobStore },
    layers: objectLayers,
    check: ({ env, options }) => void s3Config(options, env),
    async open({ env, options, log, clock: hostClock }) {
      const { clock = hostClock, http } = options
      const config = s3Config(options, env)
      const { bucketUrl, bucket, region, credentials } = config
      const client = connect({ bucketUrl, bucket, region, credentials, clock }, http)
      const engine =
        config.engine === 'opendal' ? await openDalS3(openDal, { client, config, log, clock }) : undefined
      return openS3({ client, config, log, clock, engine })
    },
  })
}

export function s3DedupeOn({ connect }: Pick<S3Platform, 'connect'>) {
  return definePreset<S3DedupeOptions, typeof s3Env, typeof s3DedupeProvides>({
    name: 's3-dedupe',
    env: s3Env,
    provides: s3DedupeProvides,
    portable: { dedupe: createDedupeStore },
    layers: objectLayers,
    check: ({ env, options }) => void s3Config(options, env),
    async open({ env, options, log, clock: hostClock }) {
      const { clock = hostClock, prefix, http } = options
      const config = s3Config(options, env)
      const { bucketUrl, bucket, region, credentials } = config
      const client = connect({ bucketUrl, bucket, region, credentials, clock }, http)
      const dedupe = await openS3Dedupe({ client, config, prefix, log, clock })
      return { dedupe, close: () => client.close() }
    },
  })
}
