/** Errors that Fastify, its plugins or hooks of the server throw on Flowport's routes, as problems. */
import { HttpProblem } from '@flowport/flow'
import { badPath, pathTooLong, problemHeadersOf, shownText, tooLarge } from '@flowport/flow/http'
import type { FastifyInstance } from 'fastify'
import { STATUS_CODES } from 'node:http'

export interface ErrorContext {
  /** Most bytes the route takes. */
  readonly bodyLimit: number
  /** The status that was set with `reply.code()` before the error was thrown. */
  readonly replyStatus: number
}

/**
 * An error keeps its status, as in Fastify: its `statusCode` or `status`, else the one that the reply has. With a status
 * from 400 to 499 the client reads its message, with 501 to 599 a plain title; anything else stays as it is and becomes a 500.
 */
export function toFastifyProblem(error: unknown, { bodyLimit, replyStatus }: ErrorContext): unknown {
  if (error instanceof HttpProblem) return error
  const facts: ErrorFacts = typeof error === 'object' && error !== null ? error : {}
  if (facts.code === 'FST_ERR_CTP_BODY_TOO_LARGE') return tooLarge(bodyLimit)
  if (facts.code === 'FST_ERR_BAD_URL') return badPath()
  const status = [facts.statusCode, facts.status, replyStatus].map(Number).find(isErrorStatus)
  if (status === undefined || status === 500) return error
  if (status === 414) return pathTooLong()
  const known = titles[String(facts.code)]
  if (known !== undefined) return new HttpProblem({ status, code: known[0], title: known[1] })
  const title = STATUS_CODES[status] ?? (status < 500 ? 'The request was refused' : 'Something went wrong')
  const isCore = typeof facts.code === 'string' && facts.code.startsWith('FST_ERR_')
  if (isCore && status < 500)
    return new HttpProblem({ status, code: 'BAD_REQUEST', title: 'The request is not valid' })
  return new HttpProblem({
    status,
    code: codeOf(facts.code, title),
    title,
    ...(status < 500 && typeof facts.message === 'string' && facts.message !== ''
      ? { detail: shownText(facts.message) }
      : {}),
    // Errors that `http-errors` makes, and so many plugins, carry headers such as `Retry-After`.
    headers: problemHeadersOf(facts.headers),
  })
}

/** Whether a user of the server has set an error handler of their own, which then answers such errors. */
export function hasErrorHandler({ errorHandler }: FastifyInstance): boolean {
  return errorHandler.name !== 'defaultErrorHandler'
}

interface ErrorFacts {
  readonly code?: unknown
  readonly message?: unknown
  readonly statusCode?: unknown
  readonly status?: unknown
  readonly headers?: unknown
}

function isErrorStatus(status: number): boolean {
  return Number.isInteger(status) && status >= 400 && status <= 599
}

/** The error's own code where it reads like one, else the status: `TOO_MANY_REQUESTS`. */
function codeOf(code: unknown, title: string): string {
  if (typeof code === 'string' && /^[A-Z][A-Z0-9_]{0,99}$/.test(code)) return code
  return title.toUpperCase().replaceAll(/[^A-Z0-9]+/g, '_')
}

const titles: Readonly<Record<string, readonly [code: string, title: string]>> = {
  FST_ERR_CTP_INVALID_MEDIA_TYPE: [
    'UNSUPPORTED_MEDIA_TYPE',
    'The body is of a type this route does not take',
  ],
  FST_ERR_CTP_INVALID_CONTENT_LENGTH: [
    'BAD_CONTENT_LENGTH',
    'The body does not have the length its header says',
  ],
}
