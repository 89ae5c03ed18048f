/** The engine `opendal`: OpenDAL makes the requests, and this package's client cleans up what it leaves. */
import type { BlobDriver, Clock, Logger } from '@flowport/capabilities'
import type { S3Client } from '../client.ts'
import { conditionally } from '../conditions.ts'
import { misconfigured, type S3Config } from '../config.ts'
import { abortUpload, pendingUploads } from '../pending-uploads.ts'
import { etagHeader } from '../profile.ts'
import { advisedEngine } from './opendal-advice.ts'

export interface OpenDalEngineOptions {
  readonly client: S3Client
  readonly config: S3Config
  readonly log: Pick<Logger, 'warn'>
  readonly clock: Clock
}

/** A driver within the root. OpenDAL is loaded here and nowhere else. */
export async function openDalEngine({
  client,
  config,
  log,
  clock,
}: OpenDalEngineOptions): Promise<BlobDriver> {
  const { profile, root, credentials, partBytes } = config
  if (typeof credentials === 'function')
    throw misconfigured('the engine "opendal" takes no function for credentials; use the engine "fetch"')
  const { nativeTimeout, opendalBlobDriver, operatorFactory } = await import('../../opendal/driver.ts')
  const source = {
    scheme: 's3',
    config: {
      bucket: config.bucket,
      root: `/${root}`,
      region: config.region,
      endpoint: config.endpoint,
      enable_virtual_host_style: config.addressing === 'virtual-host',
      // What the environment holds for other programs is none of this store's.
      disable_config_load: true,
      disable_ec2_metadata: true,
      ...(credentials === 'anonymous'
        ? { skip_signature: true }
        : {
            access_key_id: credentials.accessKeyId,
            secret_access_key: credentials.secretAccessKey,
            ...(credentials.sessionToken === undefined ? {} : { session_token: credentials.sessionToken }),
          }),
    },
  } as const
  // A server that keeps silent would hold a call, and the process, for ever: no signal reaches into OpenDAL.
  const layers = [nativeTimeout({ timeoutMs, ioTimeoutMs })]
  const operator = await operatorFactory(source, { layers, log }).build()
  const { provider, consistency, durability, limits, features, extensions } = profile.info
  const driver = opendalBlobDriver(operator, {
    scheme: 's3',
    root: `/${root}`,
    provider: `opendal-${provider}`,
    consistency,
    durability,
    limits: { maxMetadataBytes: limits.maxMetadataBytes },
    features: { createOnly: features.createOnly, compareAndSwap: features.compareAndSwap },
    extensions,
    chunkBytes: partBytes,
    toIfMatch: (etag) => etagHeader(etag, profile),
    ...(profile.conditionalComplete ? {} : { maxConditionalBytes: partBytes }),
    cleanUp: (key) => abortAll(client, root + key),
    log,
    clock,
  })
  const advised = advisedEngine(driver, client, root)
  return {
    ...advised,
    // Some stores answer the loser of a race with what OpenDAL takes for a failure.
    put: (key, body, options) =>
      conditionally(
        options,
        profile,
        async () => advised.head(key, { signal: options.signal }),
        async () => advised.put(key, body, options),
      ),
  }
}

/** OpenDAL tells no upload's id, so all of the key go: one of another writer fails, and can be put again. */
async function abortAll(client: S3Client, key: string): Promise<void> {
  const signal = AbortSignal.timeout(cleanUpMs)
  for await (const upload of pendingUploads(client, key, signal)) {
    if (upload.key === key) await abortUpload(client, upload, signal)
  }
}

const cleanUpMs = 10_000
/** Of a call without content. */
const timeoutMs = 60_000
/** Of one piece of a transfer, such as a part on a slow line. */
const ioTimeoutMs = 600_000
