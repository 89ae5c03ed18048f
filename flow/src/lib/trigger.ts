/** What starts a flow. `http.*` names a method and a path; `manual()` is for code, tests and the command line. */
import type { StandardSchemaV1 } from '@standard-schema/spec'
import { type BodyBinding, type BodyOf, jsonBody } from './body.ts'
import { type Duration, toMilliseconds } from './duration.ts'
import type { OutputOf } from './schema.ts'

export const httpMethods = ['GET', 'HEAD', 'POST', 'PUT', 'PATCH', 'DELETE', 'OPTIONS'] as const
export type HttpMethod = (typeof httpMethods)[number]

export interface HttpTrigger {
  readonly kind: 'http'
  readonly method: HttpMethod
  /** A path with `:name` parameters, such as `/notes/:id`. */
  readonly path: string
  readonly input: StandardSchemaV1
  /** `null` for methods without a body. */
  readonly body: BodyBinding | null
  /** Status of a plain answer. */
  readonly status: number
  readonly deadlineMs: number | undefined
  readonly idempotencyKey: 'ignored' | 'accepted' | 'required'
}

export interface ManualTrigger {
  readonly kind: 'manual'
  readonly input: StandardSchemaV1
}

export type TriggerSpec = HttpTrigger | ManualTrigger

/** A trigger whose message is of type `I` and that asks `N` of a profile. */
export type Trigger<I, N, T extends TriggerSpec = TriggerSpec> = T & {
  readonly '~types'?: { readonly input: I; readonly needs: N }
}

export interface HttpOptions<S extends StandardSchemaV1> {
  /**
   * The message: path parameters, then query (GET, HEAD, DELETE, OPTIONS) or JSON body (the others). Parameters and
   * query arrive as text: coerce numbers in the schema.
   */
  readonly input: S
  /** Status of a plain answer. Default 200 (204 when there is none). */
  readonly status?: number
  /** How long the caller waits at most. Default: the host's. */
  readonly deadline?: Duration
  /** What to do with an `Idempotency-Key` header. Default `'accepted'`. */
  readonly idempotencyKey?: 'ignored' | 'accepted' | 'required'
}

export interface HttpBodyOptions<S extends StandardSchemaV1, Adds, N> extends HttpOptions<S> {
  /** How the body is read. Default `jsonBody()`. */
  readonly body?: BodyOf<OutputOf<S>, Adds, N>
}

type Merge<A, B> = unknown extends B ? A : A & B

function bodiless(method: HttpMethod) {
  return <S extends StandardSchemaV1>(
    path: string,
    options: HttpOptions<S>,
  ): Trigger<OutputOf<S>, unknown, HttpTrigger> => httpTrigger(method, path, options, null)
}

function bodied(method: HttpMethod) {
  return <S extends StandardSchemaV1, Adds = unknown, N = unknown>(
    path: string,
    options: HttpBodyOptions<S, Adds, N>,
  ): Trigger<Merge<OutputOf<S>, Adds>, N, HttpTrigger> =>
    httpTrigger(method, path, options, options.body ?? jsonBody())
}

/** HTTP triggers, one function per method. */
export const http = {
  get: bodiless('GET'),
  delete: bodiless('DELETE'),
  options: bodiless('OPTIONS'),
  post: bodied('POST'),
  put: bodied('PUT'),
  patch: bodied('PATCH'),
} as const

/** A flow that only code, tests and the command line start. */
export function manual<S extends StandardSchemaV1>({
  input,
}: {
  readonly input: S
}): Trigger<OutputOf<S>, unknown, ManualTrigger> {
  return { kind: 'manual', input }
}

function httpTrigger(
  method: HttpMethod,
  path: string,
  { input, status = 200, deadline, idempotencyKey = 'accepted' }: HttpOptions<StandardSchemaV1>,
  body: BodyBinding | null,
): HttpTrigger {
  if (!/^\/(?:[^\s?#]*)$/.test(path))
    throw new TypeError(`"${path}" is not a route: start with "/" and leave out query and spaces`)
  return {
    kind: 'http',
    method,
    path,
    input,
    body,
    status,
    deadlineMs: deadline === undefined ? undefined : toMilliseconds(deadline),
    idempotencyKey,
  }
}
