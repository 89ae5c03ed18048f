/** `@flowport/presets/http/storage` on Node: `http://` and `https://` over connections that do not lead into private networks. */
import { CapabilityError } from '@flowport/capabilities'
import { connectOnNode } from './node/connect.ts'
import { isPrivateHost } from './private-address.ts'
import { type HttpAccess, type HttpScheme, type HttpSchemeOptions, httpSchemeWith } from './storage.ts'

export type { HttpField, HttpScheme, HttpSchemeOptions } from './storage.ts'

/** `http://host/path`, to read from. */
export function httpScheme(options: HttpSchemeOptions = {}): HttpScheme<'http'> {
  return httpSchemeWith('http', options, accessOf(options))
}

/** `https://host/path`, to read from. */
export function httpsScheme(options: HttpSchemeOptions = {}): HttpScheme<'https'> {
  return httpSchemeWith('https', options, accessOf(options))
}

function accessOf({ allowPrivate = false }: HttpSchemeOptions): HttpAccess {
  return {
    check({ hostname }) {
      if (allowPrivate || !isPrivateHost(hostname)) return
      throw new CapabilityError(
        'PermissionDenied',
        `${hostname} is in a private network; if that is meant, give the scheme allowPrivate: true`,
        { code: 'HTTP_PRIVATE_ADDRESS', details: { host: hostname } },
      )
    },
    connect: () => connectOnNode({ allowPrivate, maxHeaderBytes: 16 * 1024 }),
  }
}
