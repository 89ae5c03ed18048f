/** `problem()`: an error with the answer it wants, as RFC 9457 has it. */
import { checkedHeaders, checkedStatus } from '../response-head.ts'

export interface ProblemOptions {
  /** 300 to 599. */
  readonly status: number
  /** Stable and upper snake case, such as `'NOTE_NOT_FOUND'`. */
  readonly code: string
  /** The same for every occurrence. */
  readonly title: string
  /** About this occurrence. */
  readonly detail?: string
  readonly details?: Readonly<Record<string, unknown>>
  readonly headers?: Readonly<Record<string, string>>
}

/** An error with the answer it wants. Everything in it is shown to the client. */
export class HttpProblem extends Error {
  readonly status: number
  readonly code: string
  readonly title: string
  readonly detail: string | undefined
  readonly details: Readonly<Record<string, unknown>> | undefined
  readonly headers: Readonly<Record<string, string>>

  constructor({ status, code, title, detail, details, headers = {} }: ProblemOptions) {
    super(detail ?? title)
    this.name = 'HttpProblem'
    this.status = checkedStatus(status, 300)
    this.code = code
    this.title = title
    this.detail = detail
    this.details = details
    this.headers = checkedHeaders(headers)
  }
}

/** For nodes: `throw problem({ status: 404, code: 'NOTE_NOT_FOUND', title: 'There is no such note' })`. */
export function problem(options: ProblemOptions): HttpProblem {
  return new HttpProblem(options)
}
