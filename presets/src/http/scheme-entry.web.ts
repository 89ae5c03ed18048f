/** `@flowport/presets/http/storage` on Workers and in browsers: `http://` and `https://` over the platform's `fetch`. */
import { type HttpAccess, type HttpScheme, type HttpSchemeOptions, httpSchemeWith } from './storage.ts'

export type { HttpField, HttpScheme, HttpSchemeOptions } from './storage.ts'

/** `http://host/path`, to read from. */
export function httpScheme(options: HttpSchemeOptions = {}): HttpScheme<'http'> {
  return httpSchemeWith('http', options, platform)
}

/** `https://host/path`, to read from. */
export function httpsScheme(options: HttpSchemeOptions = {}): HttpScheme<'https'> {
  return httpSchemeWith('https', options, platform)
}

const platform: HttpAccess = {
  check: () => undefined,
  connect: () => ({
    // A browser does not say where a redirect leads: where no credentials could go along, it may follow by itself.
    send: (url, init) =>
      fetch(url, { ...init, redirect: 'authorization' in init.headers ? 'manual' : 'follow' }),
  }),
}
