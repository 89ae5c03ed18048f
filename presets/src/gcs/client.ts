/** The `gcs` preset's way to a bucket without OpenDAL: the S3 client over Google's XML API, with tokens. */
import type { Clock } from '@flowport/capabilities'
import { HeldToken } from '../object-http/held-token.ts'
import { platformFetch } from '../object-http/platform-fetch.ts'
import { bucketUrl } from '../object-http/bucket-url.ts'
import { S3Client } from '../s3/client.ts'
import { fetchTransport } from '../object-http/fetch-transport.ts'
import type { GcsConfig } from './config.ts'
import { misconfigured } from './declaration.ts'
import { googleKeyTokens } from './google-key.ts'
import { googleTransport } from './google-transport.ts'

export function gcsWebClient(config: GcsConfig, clock: Clock): S3Client {
  const { bucket, endpoint = 'https://storage.googleapis.com' } = config
  return new S3Client({
    bucketUrl: bucketUrl(endpoint, bucket, 'gcs'),
    bucket,
    region: 'auto',
    clock,
    credentials: 'anonymous',
    transport: googleTransport({
      transport: fetchTransport(platformFetch()),
      token: heldToken(config, clock),
      generations: true,
      clock,
    }),
  })
}

/** What new objects are asked to be, in headers of S3, which the transport turns into Google's. */
export function gcsWebHeaders({ default_storage_class, predefined_acl }: GcsConfig): Record<string, string> {
  return {
    ...(default_storage_class === undefined ? {} : { 'x-amz-storage-class': default_storage_class }),
    // `projectPrivate` of the JSON API: https://cloud.google.com/storage/docs/access-control/lists#predefined-acl
    ...(predefined_acl === undefined
      ? {}
      : { 'x-amz-acl': predefined_acl.replaceAll(/[A-Z]/g, (capital) => `-${capital.toLowerCase()}`) }),
  }
}

/** `null` for public buckets. */
function heldToken({ token, credential, allow_anonymous }: GcsConfig, clock: Clock): HeldToken | null {
  if (allow_anonymous === true) return null
  if (token !== undefined) return new HeldToken(token)
  if (credential !== undefined) return new HeldToken(googleKeyTokens(credential, clock))
  throw misconfigured(
    'credential (GCS_CREDENTIAL) or token (GCS_TOKEN) is missing; the identity of a machine is used on Node only',
  )
}
