/** `az://container/key` on Node: blobs of Azure in a storage addressed by URI. The driver is that of all runtimes. */
import { type AzScheme, type AzSchemeOptions, azSchemeWith } from './scheme.ts'
import { undiciTransport } from '../object-http/node/undici-transport.ts'

export type * from './storage.ts'

/** Credentials are those of provider `azblob`, or the variables `AZURE_…`. */
export function azScheme(options: AzSchemeOptions = {}): AzScheme {
  return azSchemeWith(() => undiciTransport(), options)
}
