/** User metadata as headers of Azure: names that Azure allows, and values beyond ASCII as encoded words. OpenDAL writes the same. */
import { decodeWords, encodeWords } from '../object-http/metadata.ts'
import type { S3Headers } from '../object-http/transport.ts'

const prefix = 'x-ms-meta-'

/** The headers for these entries. */
export function azureMetadataHeaders(metadata: Readonly<Record<string, string>>): Record<string, string> {
  return Object.fromEntries(
    Object.entries(metadata).map(([name, value]) => [`${prefix}${toIdentifier(name)}`, encodeWords(value)]),
  )
}

/** The entries of an answer. */
export function azureMetadataOf(headers: S3Headers): Record<string, string> {
  const found: [string, string][] = []
  for (const [name, value] of headers) {
    if (name.startsWith(prefix)) found.push([fromIdentifier(name.slice(prefix.length)), decodeWords(value)])
  }
  return Object.fromEntries(found)
}

/**
 * Azure takes identifiers of C#, which have no `-` and start with no digit.
 * https://learn.microsoft.com/rest/api/storageservices/naming-and-referencing-containers--blobs--and-metadata#metadata-names
 */
function toIdentifier(name: string): string {
  const mapped = name.replaceAll('-', '_')
  return /^(?:\d|n_)/.test(mapped) ? `n_${mapped}` : mapped
}

function fromIdentifier(name: string): string {
  return (name.startsWith('n_') ? name.slice(2) : name).replaceAll('_', '-')
}
