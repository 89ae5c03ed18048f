/** `az://container/key` on Workers and in browsers: blobs of Azure in a storage addressed by URI. */
import { type AzScheme, type AzSchemeOptions, azSchemeWith } from './scheme.ts'

export type * from './storage.ts'

/** Credentials are those of provider `azblob`, or the variables `AZURE_…`. */
export function azScheme(options: AzSchemeOptions = {}): AzScheme {
  return azSchemeWith(null, options)
}
