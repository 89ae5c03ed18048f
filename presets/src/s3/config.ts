/** Options and environment of the `s3` preset, complete and checked. */
import { type CapabilityError, checkNumbers, countRule } from '@flowport/capabilities'
import type { Static } from 'typebox'
import { bucketUrl } from '../object-http/bucket-url.ts'
import type { S3CredentialsSource } from './credentials.ts'
import type { S3Options, s3Env } from './declaration.ts'
import { checkedEngine, type EngineName, engineNames } from '../object-http/engine.ts'
import { s3HttpNumbers } from '../object-http/http-options.ts'
import { misconfigured as misconfiguredAt } from '../platform/misconfigured.ts'
import type { S3Profile } from './profile.ts'
import { s3ProfileOf, s3Providers } from './profiles/choose.ts'

export interface S3Config {
  readonly bucket: string
  readonly region: string
  readonly endpoint: string
  readonly addressing: 'path' | 'virtual-host'
  readonly bucketUrl: URL
  readonly credentials: S3CredentialsSource
  readonly profile: S3Profile
  /** Ends in a slash, or is empty. */
  readonly root: string
  readonly engine: EngineName
  readonly partBytes: number
  readonly uploadConcurrency: number
  readonly signParts: boolean
}

/** Options win over variables. `Misconfigured` names what is missing, and never what is there. */
export function s3Config(options: S3Options, variables: Static<typeof s3Env>): S3Config {
  // A variable that is set to nothing is one that is not set.
  const env: Partial<Record<keyof typeof variables, string>> = Object.fromEntries(
    Object.entries(variables).filter(([, value]) => value !== ''),
  )
  const provider = oneOf('provider (S3_PROVIDER)', options.provider ?? env.S3_PROVIDER, s3Providers)
  const named = oneOf('engine (S3_ENGINE)', options.engine ?? env.S3_ENGINE, engineNames)
  const engine = checkedEngine('s3', { ...options, ...(named === undefined ? {} : { engine: named }) })
  const ownEndpoint = options.endpoint ?? env.S3_ENDPOINT
  const given = ownEndpoint ?? env.AWS_ENDPOINT_URL_S3 ?? env.AWS_ENDPOINT_URL
  const profile = s3ProfileOf(provider, given)
  const kind = profile.info.provider
  // Amazon's variables give the region of Amazon's buckets, and do not apply to another endpoint.
  const ofAmazon = ownEndpoint === undefined ? (env.AWS_REGION ?? env.AWS_DEFAULT_REGION) : undefined
  const region = options.region ?? env.S3_REGION ?? fixedRegion(kind) ?? ofAmazon ?? regionOf(given)
  const bucket = options.bucket ?? env.S3_BUCKET
  const credentials = credentialsOf(options, env)
  const missing = [
    ...(bucket === undefined || bucket === '' ? ['bucket (S3_BUCKET)'] : []),
    ...(region === undefined || region === '' ? ['region (S3_REGION)'] : []),
    ...credentials.missing,
  ]
  if (bucket === undefined || region === undefined || missing.length > 0)
    throw misconfigured(`${missing.join(', ')} is missing`)
  const amazon = given === undefined
  const endpoint = given ?? `https://s3.${region}.amazonaws.com${region.startsWith('cn-') ? '.cn' : ''}`
  // A name with dots is under no certificate of Amazon's.
  const addressing = options.addressing ?? (amazon && !bucket.includes('.') ? 'virtual-host' : 'path')
  const url = bucketUrl(endpoint, bucket, 's3', addressing)
  const { signParts = true, http = {} } = options
  checkNumbers('preset "s3": http', { ...http }, s3HttpNumbers)
  if (!signParts && url.protocol !== 'https:' && !isLoopback(url.hostname))
    throw misconfigured('signParts: false leaves altered parts to TLS to find; the endpoint must be https')
  return {
    bucket,
    region,
    endpoint,
    addressing,
    bucketUrl: url,
    credentials: credentials.source,
    profile,
    root: rootOf(options.root ?? env.S3_ROOT ?? ''),
    engine,
    partBytes: checkedPartBytes(options.partBytes, profile),
    uploadConcurrency: checkedConcurrency(options.uploadConcurrency),
    signParts,
  }
}

/** The part size to use; `Misconfigured` when the store would refuse it. */
export function checkedPartBytes(partBytes = defaultPartBytes, { info }: S3Profile): number {
  const { minPartBytes, maxPartBytes } = info.limits.multipart ?? {}
  checkNumbers('preset "s3"', { partBytes }, { partBytes: countRule(minPartBytes, maxPartBytes) })
  return partBytes
}

export function checkedConcurrency(concurrency = defaultUploadConcurrency): number {
  checkNumbers('preset "s3"', { uploadConcurrency: concurrency }, { uploadConcurrency: countRule(1, 64) })
  return concurrency
}

/** An error of the preset's configuration. */
export function misconfigured(reason: string): CapabilityError {
  return misconfiguredAt('preset "s3"', reason)
}

/** Collects the names of all missing options, so that one error reports them together. */
function credentialsOf(
  { credentials, anonymous = false, accessKeyId, secretAccessKey, sessionToken }: S3Options,
  env: Partial<Record<string, string>>,
): { readonly source: S3CredentialsSource; readonly missing: readonly string[] } {
  if (credentials !== undefined) return { source: credentials, missing: [] }
  if (anonymous) return { source: 'anonymous', missing: [] }
  // The keys of the two sets of variables belong to different accounts: one of the preset's own decides for its set.
  const isOwn = env['S3_ACCESS_KEY_ID'] !== undefined || env['S3_SECRET_ACCESS_KEY'] !== undefined
  const set = isOwn ? 'S3' : 'AWS'
  const key = accessKeyId ?? env[`${set}_ACCESS_KEY_ID`] ?? ''
  const secret = secretAccessKey ?? env[`${set}_SECRET_ACCESS_KEY`] ?? ''
  // A token of the environment belongs to the keys of the environment.
  const token = sessionToken ?? (accessKeyId === undefined ? env[`${set}_SESSION_TOKEN`] : undefined)
  return {
    source: { accessKeyId: key, secretAccessKey: secret, sessionToken: token },
    missing: [
      ...(key === '' ? ['accessKeyId (S3_ACCESS_KEY_ID)'] : []),
      ...(secret === '' ? ['secretAccessKey (S3_SECRET_ACCESS_KEY)'] : []),
    ],
  }
}

function oneOf<T extends string>(
  name: string,
  value: string | undefined,
  values: readonly T[],
): T | undefined {
  if (value === undefined) return undefined
  const found = values.find((each) => each === value)
  if (found !== undefined) return found
  throw misconfigured(`${name} must be one of ${values.join(', ')}`)
}

function fixedRegion(provider: string): string | undefined {
  return provider === 'cloudflare-r2' || provider === 's3-gcs' ? 'auto' : undefined
}

function regionOf(endpoint: string | undefined): string | undefined {
  return endpoint === undefined ? undefined : 'us-east-1'
}

function rootOf(root: string): string {
  const trimmed = root.replaceAll(/^\/+|(?<!\/)\/+$/g, '')
  return trimmed === '' ? '' : `${trimmed}/`
}

function isLoopback(hostname: string): boolean {
  return hostname === 'localhost' || hostname === '[::1]' || /^127(?:\.\d{1,3}){3}$/.test(hostname)
}

const defaultPartBytes = 8 * 1024 * 1024
const defaultUploadConcurrency = 4
