/** `az://container/key` on Node: blobs of Azure in a storage addressed by URI. The driver is that of all runtimes. */
import { type AzScheme, type AzSchemeOptions, azSchemeWith } from './lib/azblob/web/scheme.ts'
import { undiciTransport } from './lib/s3/node/undici-transport.ts'

export type * from './lib/azblob/storage.ts'

/** Credentials are those of provider `azblob`, or the variables `AZURE_…`. */
export function azScheme(options: AzSchemeOptions = {}): AzScheme {
  return azSchemeWith(() => undiciTransport(), options)
}
