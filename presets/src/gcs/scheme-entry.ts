/** `@flowport/presets/gcs/storage`: the URI scheme `gs://`. */
import { platform as machine } from '#gcs/platform'
import { platformTransport } from '#object-http/transport'
import { connectS3 } from '#s3/connect'
import { type GsScheme, type GsSchemeOptions, gsSchemeWith } from './scheme.ts'

export type { AccessToken, AccessTokenProvider } from '../object-http/held-token.ts'
export type { GsField, GsScheme, GsSchemeOptions } from './scheme.ts'

/** `gs://bucket/key`. Takes credentials from the provider `gcs`, else from the `GOOGLE_…` variables. */
export function gsScheme(options: GsSchemeOptions = {}): GsScheme {
  return gsSchemeWith({ transport: platformTransport, connect: connectS3, machine }, options)
}
