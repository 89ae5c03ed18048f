/** The store behind `http://` and `https://`. The runtime brings its `fetch`; `HttpBlobDriver` is the next stop. */
import { CapabilityError, createBlobStore, type Logger } from '@flowport/capabilities'
import type { OpenedStore, SchemeContext } from '@flowport/capabilities/storage'
import { HttpBlobDriver } from './blob-driver.ts'
import { HttpClient } from './client.ts'
import { authorization } from './credentials.ts'
import { defaultMaxObjectBytes } from './info.ts'
import type { HttpAccess, HttpField, HttpSchemeOptions } from './storage.ts'

/** Every server is one store: a key is a URL without its scheme. */
export function openHttpStore(
  scheme: string,
  options: HttpSchemeOptions,
  access: HttpAccess,
  { credentials, log, clock }: SchemeContext<HttpField>,
): OpenedStore {
  const { origin, ...secrets } = credentials ?? {}
  const header = authorization(secrets)
  const trusted = originOf(origin)
  if (header !== null && trusted === null) {
    throw new CapabilityError(
      'InvalidInput',
      'credentials of "http" go to one server: set origin too, such as "https://data.test"',
      { code: 'INVALID_CREDENTIALS' },
    )
  }
  const place = new UriTarget(scheme, trusted, access)
  const { send, close } = access.connect()
  const { timeoutMs = 30_000, idleTimeoutMs = 30_000 } = options
  const driver = new HttpBlobDriver({
    client: new HttpClient({ place, authorization: header, send, clock, timeoutMs }),
    log: withoutKeys(log),
    maxObjectBytes: options.maxObjectBytes ?? defaultMaxObjectBytes,
    maxBufferedBytes: options.maxBufferedBytes ?? 16 * 1024 ** 2,
    idleTimeoutMs,
    maxKeyBytes,
    // A copy reads one answer, which is whole or fails; it need not be asked for again by version.
    untagged: 'W/none',
  })
  return {
    blob: createBlobStore(driver),
    web: (key) => webOf(place.url(key).origin),
    ...(close && { close }),
  }
}

class UriTarget {
  /** What is sent credentials; an origin no URL has where there are none. */
  readonly origin: string
  readonly #scheme: string
  readonly #access: HttpAccess

  constructor(scheme: string, origin: string | null, access: HttpAccess) {
    this.origin = origin ?? ''
    this.#scheme = scheme
    this.#access = access
  }

  url(key = ''): URL {
    const url = new URL(`${this.#scheme}://${decodeURIComponent(key)}`)
    this.#access.check(url)
    return url
  }

  /** A redirect may lead to any server that may be asked, but not from what is encrypted to what is not. */
  next(location: string, from: URL): URL {
    if (!URL.canParse(location, from.href))
      throw new CapabilityError('Unexpected', 'the server redirects to what is no URL')
    const url = new URL(location, from)
    const isWeb = url.protocol === 'https:' || (url.protocol === 'http:' && from.protocol === 'http:')
    if (!isWeb || url.username !== '' || url.password !== '')
      throw new CapabilityError(
        'PermissionDenied',
        `the server redirects to ${url.protocol}//${url.host}, which is not followed`,
      )
    this.#access.check(url)
    return url
  }
}

function originOf(text: string | undefined): string | null {
  return text !== undefined && URL.canParse(text) ? new URL(text).origin : null
}

function webOf(origin: string) {
  return {
    origin,
    corsRule: (pageOrigin: string) => ({
      where: 'the answers of the server, also those to OPTIONS',
      rule: [
        `Access-Control-Allow-Origin: ${pageOrigin}`,
        'Access-Control-Allow-Methods: GET, HEAD',
        'Access-Control-Allow-Headers: Authorization, If-Match, Range',
        'Access-Control-Expose-Headers: ETag, Content-Range, Accept-Ranges',
      ].join('\n'),
    }),
  }
}

/** A key here is a URL, whose query may be a secret. */
function withoutKeys(log: Logger): Pick<SchemeContext['log'], 'debug' | 'warn'> {
  const bare = (fields: Readonly<Record<string, unknown>>) => ({ ...fields, key: undefined })
  return {
    debug: (fields, message) => log.debug(bare(fields), message),
    warn: (fields, message) => log.warn(bare(fields), message),
  }
}

/** Three for each of the 8000 octets that servers are asked to take of a URL (RFC 9110, section 4.1). */
const maxKeyBytes = 24_000
