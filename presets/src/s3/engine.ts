/** The engine `opendal` of the `s3` preset: OpenDAL makes the requests, and the client of this package aborts what it leaves. */
import type { BlobDriver, Clock, Logger } from '@flowport/capabilities'
import { openDalOn } from '../object-http/engine.ts'
import type { OpenDalEngine } from '../opendal/seam.ts'
import type { S3Client } from './client.ts'
import { conditionally } from './conditions.ts'
import { misconfigured, type S3Config } from './config.ts'
import { asS3, withReasons } from './engine-advice.ts'
import { ownDriver } from './open.ts'
import { abortUploads } from './pending-uploads.ts'
import { etagHeader } from './profile.ts'

export interface OpenDalS3Options {
  readonly client: S3Client
  readonly config: S3Config
  readonly log: Pick<Logger, 'warn'>
  readonly clock: Clock
}

/** A driver within the root. Throws `Misconfigured` on runtimes other than Node. */
export async function openDalS3(
  engine: OpenDalEngine | null,
  { client, config, log, clock }: OpenDalS3Options,
): Promise<BlobDriver> {
  const { profile, root, credentials, partBytes } = config
  if (typeof credentials === 'function')
    throw misconfigured('the engine "opendal" takes no function for credentials; use the engine "fetch"')
  const driver = await openDalOn(engine, {
    scheme: 's3',
    config: {
      bucket: config.bucket,
      root: `/${root}`,
      region: config.region,
      endpoint: config.endpoint,
      enable_virtual_host_style: config.addressing === 'virtual-host',
      // AWS configuration in the environment belongs to other programs.
      disable_config_load: true,
      disable_ec2_metadata: true,
      ...(credentials === 'anonymous'
        ? { skip_signature: true }
        : {
            access_key_id: credentials.accessKeyId,
            secret_access_key: credentials.secretAccessKey,
            session_token: credentials.sessionToken,
          }),
    },
    own: ownDriver({ client, config, log, clock }),
    chunkBytes: partBytes,
    log,
    clock,
    advice: { error: asS3, unsure: ['get'] },
    conditionalPuts: 'engine',
    toIfMatch: (etag) => etagHeader(etag, profile),
    ...(profile.conditionalComplete ? {} : { maxConditionalBytes: partBytes }),
    cleanUp: (key) => abortUploads(client, root + key),
  })
  const advised = withReasons(driver, client, root)
  return {
    ...advised,
    // Some stores refuse the loser of a race with a code that OpenDAL reports as a failure.
    put: (key, body, options) =>
      conditionally(
        options,
        profile,
        async () => advised.head(key, { signal: options.signal }),
        async () => advised.put(key, body, options),
      ),
  }
}
