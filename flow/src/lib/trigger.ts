/**
 * What starts a flow. `http.*` names a method and a path, `queue()` a queue, `cron()` a schedule; `manual()` is for code,
 * tests and the command line.
 */
import { countRule } from '@flowport/capabilities'
import type { StandardSchemaV1 } from '@standard-schema/spec'
import { type BodyBinding, type BodyOf, jsonBody } from './body.ts'
import { checkNumber } from './checked-number.ts'
import { parseCron } from './cron-expression.ts'
import { cronMessage } from './cron-message.ts'
import { type Duration, positiveMilliseconds, toMilliseconds } from './duration.ts'
import { type IdempotencyOption, type RecordedAnswers, recordedAnswers } from './idempotency-option.ts'
import { checkedStatus } from './response-head.ts'
import type { InputOf, OutputOf } from './schema.ts'

export const httpMethods = ['GET', 'HEAD', 'POST', 'PUT', 'PATCH', 'DELETE', 'OPTIONS'] as const
export type HttpMethod = (typeof httpMethods)[number]

/** Method, path and schema keep their own types, so that typed clients can be made of a flow. */
export interface HttpTrigger<
  M extends HttpMethod = HttpMethod,
  P extends string = string,
  S extends StandardSchemaV1 = StandardSchemaV1,
> {
  readonly kind: 'http'
  readonly method: M
  /** A path with `:name` parameters, such as `/notes/:id`. */
  readonly path: P
  readonly input: S
  /** `null` for methods without a body. */
  readonly body: BodyBinding | null
  /** Status of a plain answer. */
  readonly status: number
  readonly deadlineMs: number | undefined
  /** `null`: the `Idempotency-Key` header is ignored. */
  readonly idempotency: RecordedAnswers | null
  /** `undefined`: what the host does. */
  readonly crossSite: 'refuse' | 'allow' | undefined
  readonly preconditions: 'refused' | 'flow'
}

export interface ManualTrigger<S extends StandardSchemaV1 = StandardSchemaV1> {
  readonly kind: 'manual'
  readonly input: S
}

export interface QueueTrigger<S extends StandardSchemaV1 = StandardSchemaV1> {
  readonly kind: 'queue'
  /** Name of the queue. A host that takes messages itself takes them from the resource `queue:<name>`. */
  readonly queue: string
  readonly input: S
  /** `undefined`: the queue's own limit. */
  readonly maxAttempts: number | undefined
  readonly backoffMs: number
  readonly concurrency: number
  readonly deadlineMs: number | undefined
}

export interface CronTrigger<S extends StandardSchemaV1 = StandardSchemaV1> {
  readonly kind: 'cron'
  /** Five fields, separated by one space each, in upper case. */
  readonly cron: string
  /** An IANA name. */
  readonly timeZone: string
  readonly input: S
  readonly deadlineMs: number | undefined
}

export type TriggerSpec = HttpTrigger | QueueTrigger | CronTrigger | ManualTrigger

/** A trigger whose message is of type `I` and that asks `N` of a profile. */
export type Trigger<I, N, T extends TriggerSpec = TriggerSpec> = T & {
  readonly '~types'?: { readonly input: I; readonly needs: N }
}

/**
 * What is sent to a flow whose message is of type `I` once it has been validated: the input of the trigger's schema, and what
 * a body adds to it.
 */
export type Sent<I, T extends TriggerSpec> = T extends { readonly input: infer S extends StandardSchemaV1 }
  ? StandardSchemaV1 extends S
    ? I
    : InputOf<S> & Omit<I, keyof OutputOf<S>>
  : I

/** Names of a path's parameters: `'id' | 'page'` for `/notes/:id/:page`. */
type ParameterNames<P extends string> = P extends `${string}:${infer Name}/${infer More}`
  ? PlainName<Name> | ParameterNames<`/${More}`>
  : P extends `${string}:${infer Name}`
    ? PlainName<Name>
    : never

/** A segment with more than the name, such as `:file.json`, is left to the check of the flow. */
type PlainName<Name extends string> = Name extends `${string}${'.' | '-' | '(' | '*' | '?' | ':'}${string}`
  ? never
  : Name

type KeyOf<T> = T extends unknown ? keyof T : never

/** `unknown` where the schema has a field for every path parameter, else what is missing. */
type CheckParameters<P extends string, S extends StandardSchemaV1> = string extends P
  ? unknown
  : unknown extends InputOf<S>
    ? unknown
    : Exclude<ParameterNames<P>, KeyOf<InputOf<S>>> extends infer Missing extends string
      ? [Missing] extends [never]
        ? unknown
        : { readonly input: `DAG209: the input schema has no field "${Missing}", which the path names` }
      : unknown

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
  /**
   * What to do with an `Idempotency-Key` header. `'required'` and `'optional'` record the answer under the caller, the
   * route and the key, and replay it to whoever repeats the request. Needs `dedupe`, and `blob` for streams and for
   * bodies that are too large for the ledger. Default `'off'`.
   */
  readonly idempotency?: IdempotencyOption
  /**
   * What to do with a POST that the page of another site sends as a form or as plain text: `'refuse'` it with 403 or
   * `'allow'` it, as a sign-in that answers by `form_post` needs. Default: the host's, which refuses.
   */
  readonly crossSite?: 'refuse' | 'allow'
  /**
   * What to do with `If-Match`, `If-None-Match` and `If-Unmodified-Since` on a method that may change something.
   * `'refused'`: 400, nothing runs. `'flow'`: the flow honours them itself; nodes read them as
   * `metadata['http.if_match']`, `['http.if_none_match']` and `['http.if_unmodified_since']`. A route with `blobBody()`
   * holds its store to them, and answers with a `BlobRef` to GET and HEAD honour them, whatever is set here.
   * Default `'refused'`.
   */
  readonly preconditions?: 'refused' | 'flow'
}

export interface HttpBodyOptions<S extends StandardSchemaV1, Adds, N> extends HttpOptions<S> {
  /** How the body is read. Default `jsonBody()`. */
  readonly body?: BodyOf<OutputOf<S>, Adds, N>
}

type Merge<A, B> = unknown extends B ? A : A & B

function bodiless<M extends HttpMethod>(method: M) {
  return <const P extends string, S extends StandardSchemaV1>(
    path: P,
    options: HttpOptions<S> & CheckParameters<P, S>,
  ): Trigger<OutputOf<S>, unknown, HttpTrigger<M, P, S>> => httpTrigger(method, path, options, null)
}

function bodied<M extends HttpMethod>(method: M) {
  return <const P extends string, S extends StandardSchemaV1, Adds = unknown, N = unknown>(
    path: P,
    options: HttpBodyOptions<S, Adds, N> & CheckParameters<P, S>,
  ): Trigger<Merge<OutputOf<S>, Adds>, N, HttpTrigger<M, P, S>> =>
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

export interface QueueOptions<S extends StandardSchemaV1> {
  /** The message: the body that was sent. One that does not fit can never be worked on, and is set aside. */
  readonly input: S
  /**
   * Deliveries before a message that keeps failing is set aside, from 1 to 1024. The queue's own limit, where that is
   * lower, comes first; on Workers it is the only one that sets aside (`max_retries`). Default: the queue's own.
   */
  readonly maxAttempts?: number
  /** Upper bound of the pause after the first failure; it doubles with every attempt, up to an hour. Default `'5s'`. */
  readonly backoff?: Duration
  /** Most messages one process (on Workers: one batch) works on at a time, from 1 to 1024. Default 10. */
  readonly concurrency?: number
  /** How long one delivery may work. Default: the host's, 30 s on Node, 10 minutes on Workers. */
  readonly deadline?: Duration
}

/** A flow that is handed the messages of a queue, each at least once. One flow per queue. */
export function queue<S extends StandardSchemaV1>(
  name: string,
  { input, maxAttempts, backoff = '5s', concurrency = 10, deadline }: QueueOptions<S>,
): Trigger<OutputOf<S>, unknown, QueueTrigger<S>> {
  if (!/^[a-z0-9][\w-]{0,62}$/i.test(name)) {
    throw new TypeError(
      `"${name}" is not a queue name: use up to 63 letters, digits, "-" and "_", starting with a letter or digit`,
    )
  }
  if (maxAttempts !== undefined) checkNumber('maxAttempts', maxAttempts, countRule(1, 1024))
  checkNumber('concurrency', concurrency, countRule(1, 1024))
  return {
    kind: 'queue',
    queue: name,
    input,
    maxAttempts,
    backoffMs: toMilliseconds(backoff),
    concurrency,
    deadlineMs: deadline === undefined ? undefined : positiveMilliseconds('deadline', deadline),
  }
}

export interface CronOptions<S extends StandardSchemaV1<unknown, unknown>> {
  /** An IANA name such as `'Europe/Berlin'`. Workers have `'UTC'` only. Default `'UTC'`. */
  readonly timeZone?: string
  /** How long one run may work. Default: the host's, 30 s on Node, 10 minutes on Workers. */
  readonly deadline?: Duration
  /** What to make of `{ scheduledAt, cron }`, such as a `Date`. Default: those two texts as they are. */
  readonly input?: S
}

/**
 * A flow that runs by the clock: `cron('0 3 * * MON-FRI')`. Five fields of numbers, months and weekdays by name, `*`, `,`,
 * `-` and `/`. What hosts read differently is a `TypeError`: weekdays as numbers, a day of the month together with a
 * weekday, `L`, `W`, `#`, `?`, seconds and nicknames such as `@daily`.
 */
export function cron<S extends StandardSchemaV1<unknown, unknown> = typeof cronMessage>(
  expression: string,
  { timeZone = 'UTC', deadline, input }: CronOptions<S> = {},
): Trigger<OutputOf<S>, unknown, CronTrigger> {
  checkTimeZone(timeZone)
  return {
    kind: 'cron',
    cron: parseCron(expression),
    timeZone,
    input: input ?? cronMessage,
    deadlineMs: deadline === undefined ? undefined : positiveMilliseconds('deadline', deadline),
  }
}

/** A flow that only code, tests and the command line start. */
export function manual<S extends StandardSchemaV1>({
  input,
}: {
  readonly input: S
}): Trigger<OutputOf<S>, unknown, ManualTrigger<S>> {
  return { kind: 'manual', input }
}

function httpTrigger<M extends HttpMethod, P extends string, S extends StandardSchemaV1>(
  method: M,
  path: P,
  {
    input,
    status = 200,
    deadline,
    idempotency = 'off',
    crossSite,
    preconditions = 'refused',
    ...others
  }: HttpOptions<S>,
  body: BodyBinding | null,
): HttpTrigger<M, P, S> {
  if (!/^\/(?:[^\s?#]*)$/.test(path))
    throw new TypeError(`"${path}" is not a route: start with "/" and leave out query and spaces`)
  if ('idempotencyKey' in others)
    throw new TypeError(
      `${method} ${path}: write idempotency: 'required' | 'optional' | 'off' for idempotencyKey`,
    )
  return {
    kind: 'http',
    method,
    path,
    input,
    body,
    status: checkedStatus(status),
    deadlineMs: deadline === undefined ? undefined : positiveMilliseconds('deadline', deadline),
    idempotency: recordedAnswers(idempotency),
    crossSite,
    preconditions,
  }
}

function checkTimeZone(timeZone: string): void {
  // Every platform has it, and a formatter takes milliseconds to load.
  if (timeZone === 'UTC') return
  try {
    Intl.DateTimeFormat('en', { timeZone })
  } catch (cause) {
    throw new TypeError(`"${timeZone}" is not a time zone: use an IANA name such as "Europe/Berlin"`, {
      cause,
    })
  }
}
