/** `http://` and `https://`: what web servers give, read only. `openHttpStore` is the next stop. */

import {
  checkNumbers,
  invalidUri,
  type StorageScheme,
  type UriPlace,
  userinfo,
} from '@flowport/capabilities/storage'
import type { Send } from './client.ts'
import { httpNumbers } from './numbers.ts'

export interface HttpSchemeOptions {
  /** Allow addresses of private networks and this machine. Node only: elsewhere the platform decides. Default false. */
  readonly allowPrivate?: boolean
  /** Milliseconds until the headers of an answer are there. Default 30 000. */
  readonly timeoutMs?: number
  /** Milliseconds the server may be silent in the middle of a body. Default 30 000. */
  readonly idleTimeoutMs?: number
  /** Bytes of the largest file to read. Default 5 GiB. */
  readonly maxObjectBytes?: number
  /** Bytes of the largest file to hold in memory where the server does not tell its length. Default 16 MiB. */
  readonly maxBufferedBytes?: number
}

/** `origin`, such as `https://data.test`, is the only one that is sent the token, or user and password. */
export type HttpField = 'origin' | 'token' | 'username' | 'password'

export type HttpScheme<S extends string> = StorageScheme<S, 'http', HttpField>

export interface HttpAccess {
  /** Refuses a URL that must not be asked. */
  check(url: URL): void
  connect(): { readonly send: Send; readonly close?: () => Promise<void> }
}

export function httpSchemeWith<S extends 'http' | 'https'>(
  scheme: S,
  options: HttpSchemeOptions,
  access: HttpAccess,
): HttpScheme<S> {
  checkNumbers(scheme, { ...options }, httpNumbers)
  return {
    scheme,
    provider: 'http',
    fields: { origin: {}, token: {}, username: {}, password: {} },
    authority: 'store',
    locate: (rest) => placeIn(scheme, rest),
    async open(_store, context) {
      // A page that starts without it loads it when it is first used.
      const { openHttpStore } = await import('./storage-store.ts')
      return openHttpStore(scheme, options, access, context)
    },
  }
}

/**
 * A URL as one key, without slashes of its own: a query may hold anything. What a server makes of its path is the server's;
 * only what `URL` would resolve or drop is refused, so that what is asked for is what is written.
 */
function placeIn(scheme: string, rest: string): UriPlace {
  const [, authority = '', path = '', query = ''] = /^([^/?#]*)([^?#]*)(\?[^#]*)?/.exec(rest) ?? []
  if (authority.includes('@')) throw userinfo()
  if (rest.includes('#')) throw invalidUri('a fragment ("#") is not sent to a server; leave it out')
  if (/[\p{Cc}\\]/u.test(rest)) throw invalidUri('a URL has no control characters, and no "\\"')
  if (authority === '' || !URL.canParse(`${scheme}://${authority}`))
    throw invalidUri(`the host is missing, or is none: "${scheme}://host/path"`)
  if (path.split('/').some((segment) => /^(?:\.|%2e){1,2}$/i.test(segment)))
    throw invalidUri('the path of a URL has no segments that are "." or ".."')
  return { store: '', key: encodeURIComponent(`${authority}${path === '' ? '/' : path}${query}`) }
}
