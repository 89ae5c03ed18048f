/** `@flowport/presets/azblob/storage`: the URI scheme `az://`. */
import { platformTransport } from '#object-http/transport'
import { type AzScheme, type AzSchemeOptions, azSchemeWith } from './scheme.ts'

export type { AccessToken, AccessTokenProvider } from '../object-http/held-token.ts'
export type { AzField } from './account.ts'
export type { AzScheme, AzSchemeOptions } from './scheme.ts'

/** `az://container/key`. Takes credentials from the provider `azblob`, else from the `AZURE_…` variables. */
export function azScheme(options: AzSchemeOptions = {}): AzScheme {
  return azSchemeWith(() => platformTransport(), options)
}
