/** Shared Key: the signature of a request to Azure, made with a key of the account by Web Crypto. */

export interface AzureSigningRequest {
  readonly method: string
  /** As it is sent, encoded. */
  readonly path: string
  /** Decoded. */
  readonly query: Readonly<Record<string, string>>
  /** All headers that are sent, except the ones that the platform adds; names in lower case. */
  readonly headers: Readonly<Record<string, string>>
  /** Bytes of the body; 0 without one. */
  readonly length: number
}

/** Gives the value of `Authorization`. The key is kept as one that cannot be taken out again. */
export type AzureSigner = (request: AzureSigningRequest) => Promise<string>

/** @param accountKey In base64. */
export function sharedKeySigner(account: string, accountKey: string): AzureSigner {
  const bytes = Uint8Array.from(atob(accountKey), (unit) => unit.charCodeAt(0))
  let key: Promise<CryptoKey> | undefined
  return async (request) => {
    key ??= crypto.subtle.importKey('raw', bytes, { name: 'HMAC', hash: 'SHA-256' }, false, ['sign'])
    const text = encoder.encode(stringToSign(account, request))
    const signature = new Uint8Array(await crypto.subtle.sign('HMAC', await key, text))
    return `SharedKey ${account}:${btoa(String.fromCharCode(...signature))}`
  }
}

/** https://learn.microsoft.com/rest/api/storageservices/authorize-with-shared-key#blob-queue-and-file-services-shared-key-authorization */
export function stringToSign(
  account: string,
  { method, path, query, headers, length }: AzureSigningRequest,
): string {
  const ofAzure = Object.entries(headers).filter(([name]) => name.startsWith('x-ms-'))
  return [
    method,
    headers['content-encoding'] ?? '',
    headers['content-language'] ?? '',
    length === 0 ? '' : String(length),
    headers['content-md5'] ?? '',
    headers['content-type'] ?? '',
    // `x-ms-date` replaces `Date`, which a page may not set.
    '',
    headers['if-modified-since'] ?? '',
    headers['if-match'] ?? '',
    headers['if-none-match'] ?? '',
    headers['if-unmodified-since'] ?? '',
    headers['range'] ?? '',
    ...sorted(ofAzure),
    `/${account}${path}`,
    ...sorted(Object.entries(query)),
  ].join('\n')
}

function sorted(entries: readonly (readonly [string, string])[]): string[] {
  return entries.toSorted(([a], [b]) => (a < b ? -1 : 1)).map(([name, value]) => `${name}:${value}`)
}

const encoder = new TextEncoder()
