/** Answers bytes that are not valid HTTP with a problem, like every other client error. */
import { HttpProblem } from '@flowport/flow'
import { problemBody } from '@flowport/flow/http'
import { type ServerResponse, STATUS_CODES } from 'node:http'
import type { Socket } from 'node:net'

/**
 * The error of Node's HTTP parser for bytes that it cannot parse. Its `rawPacket` contains these bytes, including credentials:
 * never log it.
 */
export interface ClientError extends Error {
  readonly code?: string
}

/** Fastify's `clientErrorHandler`: answers with a problem and closes the connection. */
export function answerClientError({ code = '' }: ClientError, socket: Socket): void {
  // The client has disconnected, or an answer is already being sent.
  if (!socket.writable || code === 'ECONNRESET' || hasBegun(socket)) return void socket.destroy()
  const problem = problems[code] ?? malformed
  const body = JSON.stringify(problemBody(problem, {}))
  const { status } = problem
  socket.end(
    [
      `HTTP/1.1 ${status} ${STATUS_CODES[status] ?? ''}`,
      'content-type: application/problem+json; charset=utf-8',
      `content-length: ${Buffer.byteLength(body)}`,
      'cache-control: no-store',
      'connection: close',
      '',
      body,
    ].join('\r\n'),
    () => socket.destroySoon(),
  )
}

/** Listener for Node's `checkExpectation` event: answers an `Expect` other than `100-continue` with a problem. */
export function answerExpectation(response: ServerResponse): void {
  const problem = new HttpProblem({
    status: 417,
    code: 'EXPECTATION_FAILED',
    title: 'The server supports no expectation except 100-continue',
  })
  const body = JSON.stringify(problemBody(problem, {}))
  response
    .writeHead(problem.status, {
      'content-type': 'application/problem+json; charset=utf-8',
      'content-length': Buffer.byteLength(body),
      connection: 'close',
    })
    .end(body)
}

const malformed = new HttpProblem({
  status: 400,
  code: 'MALFORMED_HTTP',
  title: 'The request is not valid HTTP',
})

const problems: Readonly<Record<string, HttpProblem>> = {
  HPE_HEADER_OVERFLOW: new HttpProblem({
    status: 431,
    code: 'HEADERS_TOO_LARGE',
    title: 'The headers of the request are larger than the server accepts',
  }),
  HPE_CHUNK_EXTENSIONS_OVERFLOW: new HttpProblem({
    status: 413,
    code: 'CHUNK_EXTENSIONS_TOO_LARGE',
    title: 'The chunk extensions of the body are larger than the server accepts',
  }),
  ERR_HTTP_REQUEST_TIMEOUT: new HttpProblem({
    status: 408,
    code: 'REQUEST_TIMEOUT',
    title: 'The request did not arrive in time',
  }),
}

/** Whether an answer to an earlier request on the connection is being written. Another head would end up inside that answer. */
function hasBegun(socket: Socket): boolean {
  const { _httpMessage: answer } = socket as { _httpMessage?: { headersSent?: boolean } | null }
  return answer?.headersSent === true
}
