/** The `s3` preset on Workers and in browsers: the same driver over `fetch`. */
import { createBlobStore, createDedupeStore, definePreset } from '@flowport/capabilities'
import { S3Client } from './client.ts'
import { misconfigured, s3Config } from './config.ts'
import { type S3DedupeOptions, s3DedupeProvides, s3Env, type S3Options, s3Provides } from './declaration.ts'
import { objectLayers } from '../object-http/object-layers.ts'
import { openS3Dedupe } from './dedupe/open.ts'
import { openS3 } from './open.ts'

export * from './public.ts'

/** Provides `blob`. `S3BlobDriver` is the next stop. */
export const s3 = definePreset<S3Options, typeof s3Env, typeof s3Provides>({
  name: 's3',
  env: s3Env,
  provides: s3Provides,
  portable: { blob: createBlobStore },
  layers: objectLayers,
  check: ({ env, options }) => void s3Config(options, env),
  open({ env, options, log, clock: hostClock }) {
    const { clock = hostClock } = options
    const config = s3Config(options, env)
    if (config.engine === 'opendal')
      throw misconfigured('the engine "opendal" runs on Node only; use the engine "fetch" here')
    const { bucketUrl, bucket, region, credentials } = config
    const client = new S3Client({ bucketUrl, bucket, region, credentials, clock })
    return openS3({ client, config, log, clock })
  },
})

/** Provides `dedupe`: a ledger of conditional writes, proven at the endpoint when it opens. `S3DedupeDriver` is the next stop. */
export const s3Dedupe = definePreset<S3DedupeOptions, typeof s3Env, typeof s3DedupeProvides>({
  name: 's3-dedupe',
  env: s3Env,
  provides: s3DedupeProvides,
  portable: { dedupe: createDedupeStore },
  layers: objectLayers,
  check: ({ env, options }) => void s3Config(options, env),
  async open({ env, options, log, clock: hostClock }) {
    const { clock = hostClock, prefix } = options
    const config = s3Config(options, env)
    const { bucketUrl, bucket, region, credentials } = config
    const client = new S3Client({ bucketUrl, bucket, region, credentials, clock })
    const dedupe = await openS3Dedupe({ client, config, prefix, log, clock })
    return { dedupe, close: () => client.close() }
  },
})
