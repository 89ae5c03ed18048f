/** The client of a bucket: the S3 client over Google's XML API, with access tokens. */
import type { Clock } from '@flowport/capabilities'
import { bucketUrl } from '../object-http/bucket-url.ts'
import { HeldToken } from '../object-http/held-token.ts'
import type { S3Transport } from '../object-http/transport.ts'
import { S3Client } from '../s3/client.ts'
import { type GcsConfig, isFederated, misconfigured } from './config.ts'
import { googleKeyTokens } from './google-key.ts'
import { googleTransport } from './google-transport.ts'
import type { GcsMachine } from './machine.ts'

export interface GcsClientOptions {
  readonly transport: S3Transport
  readonly machine: GcsMachine | null
  readonly clock: Clock
}

export function gcsClient(config: GcsConfig, { transport, machine, clock }: GcsClientOptions): S3Client {
  const { bucket, endpoint = 'https://storage.googleapis.com' } = config
  return new S3Client({
    bucketUrl: bucketUrl(endpoint, bucket, 'gcs'),
    bucket,
    region: 'auto',
    clock,
    credentials: 'anonymous',
    transport: googleTransport({
      transport,
      token: heldToken(config, machine, clock),
      generations: true,
      clock,
    }),
  })
}

/** The S3 headers of every put, which the transport turns into Google's. */
export function gcsHeaders({ storageClass, predefinedAcl }: GcsConfig): Record<string, string> {
  return {
    ...(storageClass === undefined ? {} : { 'x-amz-storage-class': storageClass }),
    // `projectPrivate` of the JSON API: https://cloud.google.com/storage/docs/access-control/lists#predefined-acl
    ...(predefinedAcl === undefined
      ? {}
      : { 'x-amz-acl': predefinedAcl.replaceAll(/[A-Z]/g, (capital) => `-${capital.toLowerCase()}`) }),
  }
}

/** `null` for public buckets. */
function heldToken(config: GcsConfig, machine: GcsMachine | null, clock: Clock): HeldToken | null {
  const { token, credential, anonymous } = config
  if (anonymous) return null
  if (token !== undefined) return new HeldToken(token)
  if (credential !== undefined && isFederated(credential)) return new HeldToken(refuseFederated)
  if (credential !== undefined) return new HeldToken(googleKeyTokens(credential, clock))
  if (machine !== null) return new HeldToken(machine.tokens(clock))
  throw misconfigured(
    'credential (GCS_CREDENTIAL) or token (GCS_TOKEN) is missing; the identity of a machine is used on Node only',
  )
}

/** OpenDAL exchanges these credentials for its own requests; only aborting what a failed upload left needs a token here. */
async function refuseFederated(): Promise<never> {
  throw misconfigured('external_account credentials are exchanged by the engine "opendal" only')
}
