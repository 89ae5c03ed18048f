/** Converts errors that Fastify, its plugins or the server's hooks throw on Flowport's routes to problems. */
import { HttpProblem } from '@flowport/flow'
import { badPath, pathTooLong, problemHeadersOf, shownText, tooLarge } from '@flowport/flow/http'
import type { FastifyInstance } from 'fastify'
import { STATUS_CODES } from 'node:http'

export interface ErrorContext {
  /** Maximum body size of the route, in bytes. */
  readonly bodyLimit: number
  /** The status set with `reply.code()` before the error was thrown. */
  readonly replyStatus: number
}

/**
 * Keeps an error's status, as Fastify does: its `statusCode` or `status`, else the reply's status. For 400 to 499 the client
 * gets the error's message, for 501 to 599 only a title. Returns any other error unchanged, which becomes a 500.
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
    // Errors of `http-errors`, and thus of many plugins, carry headers such as `Retry-After`.
    headers: problemHeadersOf(facts.headers),
  })
}

/** Whether the server has a custom error handler, which then answers these errors. */
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

/** Returns the error's code if it is in upper snake case, else the status as a code, such as `TOO_MANY_REQUESTS`. */
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
