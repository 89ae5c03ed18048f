/** `gs://bucket/key` on Workers and in browsers: blobs of Google in a storage addressed by URI. */
import { type GsScheme, type GsSchemeOptions, gsSchemeWith } from './scheme.ts'
import { platformFetch } from '../object-http/platform-fetch.ts'
import { fetchTransport } from '../object-http/fetch-transport.ts'

export type * from './storage.ts'

/** Credentials are those of provider `gcs`, or the variables `GOOGLE_…`, but for files, which there are none of here. */
export function gsScheme(options: GsSchemeOptions = {}): GsScheme {
  return gsSchemeWith({ transport: () => fetchTransport(platformFetch()) }, options)
}
