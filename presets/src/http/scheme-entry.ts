/** `@flowport/presets/http/storage`: the URI schemes `http://` and `https://`, for reading. */
import { platformAccess } from '#http/platform'
import { type HttpScheme, type HttpSchemeOptions, httpSchemeWith } from './storage.ts'

export type { HttpField, HttpScheme, HttpSchemeOptions } from './storage.ts'

/** `http://host/path`. On Node, addresses of private networks are refused unless `allowPrivate` is set. */
export function httpScheme(options: HttpSchemeOptions = {}): HttpScheme<'http'> {
  return httpSchemeWith('http', options, platformAccess.forUris(options))
}

/** `https://host/path`. On Node, addresses of private networks are refused unless `allowPrivate` is set. */
export function httpsScheme(options: HttpSchemeOptions = {}): HttpScheme<'https'> {
  return httpSchemeWith('https', options, platformAccess.forUris(options))
}
