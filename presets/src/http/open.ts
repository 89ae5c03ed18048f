/** Opens the driver of the `http` preset over a runtime's own `fetch`. `HttpBlobDriver` is the next stop. */
import type { Clock, Logger } from '@flowport/capabilities'
import type { Static } from 'typebox'
import { HttpBlobDriver } from './blob-driver.ts'
import { HttpClient, type Send } from './client.ts'
import { authorization } from './credentials.ts'
import type { HttpBlobOptions, httpEnv } from './declaration.ts'
import { defaultMaxObjectBytes } from './info.ts'
import { HttpPlace, misconfigured } from './place.ts'

export interface OpenHttp {
  readonly options: HttpBlobOptions
  readonly env: Static<typeof httpEnv>
  readonly log: Logger
  readonly clock: Clock
  /** Connects the runtime's `fetch` by these options. */
  readonly connect: (options: ConnectOptions) => { readonly send: Send; readonly close?: () => Promise<void> }
}

export interface ConnectOptions {
  readonly allowPrivate: boolean
  readonly maxHeaderBytes: number
}

const mebibyte = 1024 ** 2

export function openHttp({ options, env, log, clock: hostClock, connect }: OpenHttp): HttpBlobDriver {
  const { allowPrivate = false, clock = hostClock } = options
  const { place, header } = httpAccess(options, env)
  if (header !== null && place.origin.startsWith('http:'))
    log.warn({ preset: 'http' }, 'credentials go over plain HTTP, where others can read them; use https')
  const {
    timeoutMs = 30_000,
    idleTimeoutMs = 30_000,
    maxObjectBytes = defaultMaxObjectBytes,
    maxBufferedBytes = 16 * mebibyte,
    maxHeaderBytes = 16 * 1024,
  } = options
  const { send, close } = connect({ allowPrivate, maxHeaderBytes })
  const client = new HttpClient({ place, authorization: header, send, clock, timeoutMs })
  return new HttpBlobDriver({
    client,
    log,
    maxObjectBytes,
    maxBufferedBytes,
    idleTimeoutMs,
    ...(close === undefined ? {} : { close }),
  })
}

/** Where requests go, and the header that lets them in. */
export function httpAccess(
  options: HttpBlobOptions,
  env: Static<typeof httpEnv>,
): { readonly place: HttpPlace; readonly header: string | null } {
  const { allowOrigins = [], allowPrivate = false } = options
  const url = options.url ?? env.HTTP_BLOB_URL
  if (url === undefined || url === '') throw misconfigured('it needs HTTP_BLOB_URL, or the option url')
  return {
    place: new HttpPlace({ url, allowOrigins, allowPrivate }),
    header: authorization(credentials(options, env)),
  }
}

/** Those of the options, or those of the environment: never a mixture of both. */
function credentials({ token, username, password }: HttpBlobOptions, env: Static<typeof httpEnv>) {
  if (token !== undefined || username !== undefined || password !== undefined)
    return { token, username, password }
  return {
    token: env.HTTP_BLOB_TOKEN,
    username: env.HTTP_BLOB_USERNAME,
    password: env.HTTP_BLOB_PASSWORD,
  }
}
