/** Opens a bucket for `s3://`. The runtime brings the client; `S3BlobDriver` is the next stop. */
import { type Clock, createBlobStore } from '@flowport/capabilities'
import type { OpenedStore, SchemeContext } from '@flowport/capabilities/storage'
import { S3BlobDriver } from './blob-driver.ts'
import type { S3Client, S3ClientOptions } from './client.ts'
import { type S3Config, s3Config } from './config.ts'
import { s3CorsRule } from './cors-rule.ts'
import type { OpenS3, S3Field, S3SchemeOptions } from './storage.ts'

export type ConnectS3 = (
  options: S3ClientOptions & { readonly clock: Clock },
  http: S3SchemeOptions['http'],
) => S3Client

/** @param connect Makes the runtime's client. */
export function openS3With(connect: ConnectS3): OpenS3 {
  return (bucket, options, context) => {
    const config = configOf(bucket, options, context)
    const { bucketUrl, region, credentials } = config
    const client = connect({ bucketUrl, bucket, region, credentials, clock: context.clock }, options.http)
    return openS3Store(client, config, context)
  }
}

/** A bucket as the store of a scheme. */
export function openS3Store(
  client: S3Client,
  { bucketUrl, profile, partBytes, uploadConcurrency, signParts }: S3Config,
  { clock, log }: Pick<SchemeContext, 'clock' | 'log'>,
): OpenedStore {
  const driver = new S3BlobDriver({ client, profile, partBytes, uploadConcurrency, signParts, clock, log })
  return {
    blob: createBlobStore(driver),
    web: { origin: bucketUrl.origin, corsRule: s3CorsRule },
    close: () => client.close(),
  }
}

function configOf(
  bucket: string,
  options: S3SchemeOptions,
  { credentials, env }: SchemeContext<S3Field>,
): S3Config {
  const endpoint =
    credentials?.endpoint ?? options.endpoint ?? variable(env, 'AWS_ENDPOINT_URL_S3', 'AWS_ENDPOINT_URL')
  const region = credentials?.region ?? options.region ?? variable(env, 'AWS_REGION', 'AWS_DEFAULT_REGION')
  const { accessKeyId, secretAccessKey, sessionToken } = credentials ?? {}
  // URIs do not read the variables of the preset.
  return s3Config(
    {
      ...options,
      bucket,
      ...(endpoint === undefined ? { region: region ?? 'us-east-1' } : { endpoint }),
      ...(region === undefined ? {} : { region }),
      ...(accessKeyId === undefined ? {} : { accessKeyId }),
      ...(secretAccessKey === undefined ? {} : { secretAccessKey }),
      ...(sessionToken === undefined ? {} : { sessionToken }),
    },
    {},
  )
}

function variable(env: SchemeContext['env'], ...names: string[]): string | undefined {
  return names
    .map((name): unknown => env[name])
    .find((value): value is string => typeof value === 'string' && value !== '')
}
