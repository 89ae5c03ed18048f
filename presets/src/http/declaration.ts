/** The `http` preset without its connections: what it reads, states and wraps, shared by its variants. */
import type { Clock } from '@flowport/capabilities'
import * as Type from 'typebox'
import { httpBlobInfo } from './info.ts'

export interface HttpBlobOptions {
  /** Where the keys are: `https://files.example.com/media` has key `a/b` at `/media/a/b`. Default: `HTTP_BLOB_URL`. */
  readonly url?: string
  /** Sent as `Authorization: Bearer`; keep it out of the code. Default: the variable `HTTP_BLOB_TOKEN`, else none. */
  readonly token?: string
  /** Sent with the password as `Authorization: Basic`. Default: the variable `HTTP_BLOB_USERNAME`, else none. */
  readonly username?: string
  /** Keep it out of the code. Default: the variable `HTTP_BLOB_PASSWORD`, else none. */
  readonly password?: string
  /**
   * Origins that redirects may lead to beside that of `url`, such as `https://cdn.example.com`. Credentials are not sent
   * there. Default none.
   */
  readonly allowOrigins?: readonly string[]
  /**
   * Whether hosts may be loopback, private or link-local addresses, or names that lead to them; on Node what a name
   * resolves to is checked as it is connected to. Default false.
   */
  readonly allowPrivate?: boolean
  /** Bytes of the largest object to read; larger ones are `LimitExceeded`. Default 5 GiB. */
  readonly maxObjectBytes?: number
  /**
   * Bytes of the largest object to read where the server does not tell its length, as with compressed answers: such an
   * object is held in memory. Default 16 MiB.
   */
  readonly maxBufferedBytes?: number
  /** Bytes of the headers of an answer. Node. Default 16 KiB. */
  readonly maxHeaderBytes?: number
  /** Milliseconds until an answer begins. Default 30 000. */
  readonly timeoutMs?: number
  /** Milliseconds of silence in the middle of an object while a reader waits. Default 30 000. */
  readonly idleTimeoutMs?: number
  /** Times timeouts and pauses. Default: the host's clock. */
  readonly clock?: Clock
}

const text = (description: string) => Type.Optional(Type.String({ description }))

export const httpEnv = Type.Object({
  HTTP_BLOB_URL: text('Base URL of the objects.'),
  HTTP_BLOB_TOKEN: text('Bearer token. Keep it secret.'),
  HTTP_BLOB_USERNAME: text('User name for basic authentication.'),
  HTTP_BLOB_PASSWORD: text('Password for basic authentication. Keep it secret.'),
})

export const httpProvides = { blob: httpBlobInfo } as const
