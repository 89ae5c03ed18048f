/** Signature Version 4 over Web Crypto, with the signing keys of the day kept. */
import type { Awaitable } from '@flowport/capabilities'
import { AwsV4Signer } from 'aws4fetch'
import type { S3Credentials } from './credentials.ts'

export interface S3SigningRequest {
  readonly method: string
  /** Scheme and host. */
  readonly origin: string
  /** Path and query, encoded. */
  readonly path: string
  /** All headers that are sent except `host`, with `x-amz-date` and `x-amz-content-sha256`. */
  readonly headers: Readonly<Record<string, string>>
  readonly region: string
  /** As in `x-amz-date`. */
  readonly date: string
}

/** The value of `Authorization`. */
export type S3Signer = (request: S3SigningRequest, credentials: S3Credentials) => Awaitable<string>

/** A signer for every platform. */
export function webSigner(): S3Signer {
  const cache = new Map<string, ArrayBuffer>()
  return ({ method, origin, path, headers, region, date }, credentials) => {
    forgetOthers(cache)
    const signer = new AwsV4Signer({
      method,
      url: origin + path,
      headers: { ...headers },
      accessKeyId: credentials.accessKeyId,
      secretAccessKey: credentials.secretAccessKey,
      ...(credentials.sessionToken === undefined ? {} : { sessionToken: credentials.sessionToken }),
      region,
      service: 's3',
      cache,
      datetime: date,
    })
    return signer.authHeader()
  }
}

/** The URL with its signature in the query: it works without credentials until it expires. */
export async function signedUrl(
  { method, origin, path, region, date }: Omit<S3SigningRequest, 'headers'>,
  { accessKeyId, secretAccessKey, sessionToken }: S3Credentials,
): Promise<URL> {
  const signer = new AwsV4Signer({
    method,
    url: origin + path,
    accessKeyId,
    secretAccessKey,
    ...(sessionToken === undefined ? {} : { sessionToken }),
    region,
    service: 's3',
    datetime: date,
    signQuery: true,
  })
  return (await signer.sign()).url
}

/** A moment as signatures have it: `20130524T000000Z`. */
export function signingDate(now: number): string {
  return new Date(now).toISOString().replaceAll(/[:-]|\.\d{3}/g, '')
}

/** Session credentials and days come and go; their keys need not stay. */
function forgetOthers(cache: Map<string, ArrayBuffer>): void {
  if (cache.size > 8) cache.clear()
}
