/** The `gs://` scheme: `gs://bucket/key`, over Google's XML API. `S3BlobDriver` is the next stop. */
import {
  CapabilityError,
  checkNumbers,
  type Clock,
  countRule,
  createBlobStore,
  isCapabilityError,
} from '@flowport/capabilities'
import type { Credentials, SchemeContext, StorageScheme } from '@flowport/capabilities/storage'
import { advisedBlobDriver, retold } from '../object-http/advised-blob-driver.ts'
import { type AccessTokenProvider, HeldToken } from '../object-http/held-token.ts'
import { S3BlobDriver } from '../s3/blob-driver.ts'
import { bucketUrl } from '../object-http/bucket-url.ts'
import type { S3Client, S3ClientOptions } from '../s3/client.ts'
import type { MakeTransport } from '../object-http/transport.ts'
import { misconfigured as misconfiguredAt } from '../platform/misconfigured.ts'
import { plainEndpoint } from '../object-http/service-config.ts'
import { googleKeyTokens } from './google-key.ts'
import type { GcsMachine } from './machine.ts'
import { googleTransport } from './google-transport.ts'
import { hmacProfile, tokenProfile } from './profile.ts'

export interface GsSchemeOptions {
  /**
   * Gets an access token with the scope `devstorage.read_write`, and again before it ends. It is used where no credentials
   * are set. Default none.
   */
  readonly accessToken?: AccessTokenProvider
  /** Sends no credentials where there are none, for public buckets. Default false. */
  readonly anonymous?: boolean
  /** Default: the variable `GCS_ENDPOINT`, else `https://storage.googleapis.com`. */
  readonly endpoint?: string
  /** Bytes of a part of an upload, from 5 MiB on; 10 000 of them bound a stream. Default 8 MiB. */
  readonly partBytes?: number
  /** Parts of one upload that are held in memory and sent at the same time, 1 to 64. Default 4. */
  readonly uploadConcurrency?: number
}

/** Credentials of the provider `gcs`; the first that is complete is used. */
export const gsFields = {
  accessKeyId: { env: ['GOOGLE_ACCESS_KEY_ID'] },
  secretAccessKey: { env: ['GOOGLE_SECRET_ACCESS_KEY'] },
  accessToken: { env: ['GOOGLE_OAUTH_ACCESS_TOKEN'] },
  credential: { env: ['GOOGLE_CREDENTIALS'] },
  credentialPath: { env: ['GOOGLE_APPLICATION_CREDENTIALS'] },
  // A setting, no secret: its variable counts beside credentials that are set.
  endpoint: {},
} as const

export type GsField = keyof typeof gsFields

export type GsScheme = StorageScheme<'gs', 'gcs', GsField>

/** The runtime-specific parts of the scheme. */
export interface GsPlatform {
  readonly transport: MakeTransport
  /** Makes an S3 client, with the runtime's signer and digests. */
  readonly connect: (options: S3ClientOptions) => S3Client
  /** Reads key files. `null` on runtimes without files. */
  readonly machine: GcsMachine | null
}

export function gsSchemeWith(platform: GsPlatform, options: GsSchemeOptions): GsScheme {
  checkNumbers('gs', { ...options }, numbers)
  return {
    scheme: 'gs',
    provider: 'gcs',
    fields: gsFields,
    authority: 'store',
    open(bucket, { credentials, env, clock, log }) {
      const access = accessOf(platform, options, credentials ?? {}, clock)
      const url = bucketUrl(endpointOf(options, credentials, env), bucket, 'gs')
      const client = platform.connect({
        bucketUrl: url,
        bucket,
        region: 'auto',
        clock,
        ...clientOptions(platform, access, clock),
      })
      const driver = new S3BlobDriver({
        client,
        profile: access.kind === 'hmac' ? hmacProfile : tokenProfile,
        partBytes: options.partBytes,
        uploadConcurrency: options.uploadConcurrency,
        // Unsigned requests need no digest; TLS finds altered bytes.
        signParts: access.kind === 'hmac',
        clock,
        log,
      })
      return {
        blob: createBlobStore(
          access.kind === 'hmac' ? driver : advisedBlobDriver(driver, { error: advised }),
        ),
        web: { origin: url.origin, corsRule: gsCorsRule },
        close: () => client.close(),
      }
    },
  }
}

/**
 * The CORS configuration that lets pages of an origin in. Google lists the headers a page may send and those it may see together.
 * https://cloud.google.com/storage/docs/cross-origin
 */
export function gsCorsRule(pageOrigin: string) {
  return {
    where: 'the CORS configuration of the bucket (gcloud storage buckets update --cors-file)',
    rule: {
      origin: [pageOrigin],
      method: ['GET', 'HEAD', 'PUT', 'POST', 'DELETE'],
      responseHeader: [
        'Authorization',
        'Content-Encoding',
        'Content-MD5',
        'Content-Range',
        'Content-Type',
        'ETag',
        'Range',
        'x-amz-content-sha256',
        'x-amz-copy-source',
        'x-amz-date',
        'x-amz-metadata-directive',
        'x-goog-copy-source',
        'x-goog-generation',
        'x-goog-if-generation-match',
        'x-goog-metadata-directive',
      ],
      maxAgeSeconds: 3600,
    },
  }
}

type Access =
  | { readonly kind: 'hmac'; readonly accessKeyId: string; readonly secretAccessKey: string }
  | { readonly kind: 'token'; readonly token: HeldToken }
  | { readonly kind: 'anonymous' }

function accessOf(
  { machine }: GsPlatform,
  options: GsSchemeOptions,
  { accessKeyId, secretAccessKey, accessToken, credential, credentialPath }: Credentials<GsField>,
  clock: Pick<Clock, 'now'>,
): Access {
  if (accessKeyId !== undefined && secretAccessKey !== undefined)
    return { kind: 'hmac', accessKeyId, secretAccessKey }
  if (accessKeyId !== undefined || secretAccessKey !== undefined)
    throw missing([accessKeyId === undefined ? 'accessKeyId' : 'secretAccessKey'])
  if (accessToken !== undefined) return { kind: 'token', token: new HeldToken(accessToken) }
  if (credential !== undefined)
    return { kind: 'token', token: new HeldToken(googleKeyTokens(credential, clock)) }
  if (credentialPath !== undefined) {
    if (machine === null)
      throw misconfigured(
        'there are no files here for GOOGLE_APPLICATION_CREDENTIALS; give accessToken or credential',
      )
    const credential = keyFile(machine, credentialPath)
    return { kind: 'token', token: new HeldToken(googleKeyTokens(credential, clock)) }
  }
  if (options.accessToken !== undefined) return { kind: 'token', token: new HeldToken(options.accessToken) }
  if (options.anonymous === true) return { kind: 'anonymous' }
  throw missing(['accessToken'])
}

function clientOptions(
  { transport }: GsPlatform,
  access: Access,
  clock: Pick<Clock, 'now'>,
): Pick<S3ClientOptions, 'credentials' | 'transport'> {
  const generations = access.kind !== 'hmac'
  const token = access.kind === 'token' ? access.token : null
  return {
    credentials: access.kind === 'hmac' ? access : 'anonymous',
    transport: googleTransport({ transport: transport(), token, generations, clock }),
  }
}

function endpointOf(
  options: GsSchemeOptions,
  credentials: Credentials<GsField> | null,
  env: SchemeContext['env'],
): string {
  const variable: unknown = env['GCS_ENDPOINT']
  const given = credentials?.endpoint ?? options.endpoint
  const endpoint = given ?? (typeof variable === 'string' && variable !== '' ? variable : googleEndpoint)
  const plain = plainEndpoint(endpoint)
  if (plain !== null) return plain
  throw misconfigured('the endpoint must be an http or https URL without user, query or fragment')
}

/** Replaces the driver's advice about access keys with advice about tokens. */
function advised(error: unknown): unknown {
  if (!isCapabilityError(error)) return error
  const { details } = error
  const name = String(details?.['s3'] ?? `status ${String(details?.['status'])}`)
  if (error.kind === 'Unauthenticated' && details?.['status'] === 401) {
    return retold(
      error,
      error.kind,
      `Google does not accept the access token (${name}): get a new one, with the scope devstorage.read_write`,
    )
  }
  if (error.kind !== 'PermissionDenied') return error
  return retold(
    error,
    error.kind,
    `the credentials do not allow this (${name}): give the account the role Storage Object User on the bucket`,
  )
}

function missing(fields: readonly string[]): CapabilityError {
  return new CapabilityError(
    'Unauthenticated',
    `gs:// needs credentials: ${fields.join(', ')} missing; call setCredentials('gcs', { accessToken }), with credential (the key of a service account), or accessKeyId and secretAccessKey (an HMAC key) instead; or set GOOGLE_APPLICATION_CREDENTIALS, GOOGLE_CREDENTIALS, GOOGLE_OAUTH_ACCESS_TOKEN, or GOOGLE_ACCESS_KEY_ID and GOOGLE_SECRET_ACCESS_KEY, in the environment the storage is given`,
    { code: 'MISSING_CREDENTIALS', details: { provider: 'gcs', missing: fields } },
  )
}

function misconfigured(reason: string): CapabilityError {
  return misconfiguredAt('gs', reason)
}

function keyFile({ readFile }: GcsMachine, path: string): string {
  try {
    return readFile(path)
  } catch (error) {
    const code = error instanceof Error && 'code' in error ? String(error.code) : 'unknown'
    throw misconfigured(`the file of GOOGLE_APPLICATION_CREDENTIALS cannot be read (${code})`)
  }
}

const numbers = { partBytes: countRule(5 * 1024 ** 2, 5 * 1024 ** 3), uploadConcurrency: countRule(1, 64) }
const googleEndpoint = 'https://storage.googleapis.com'
