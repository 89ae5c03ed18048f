/** Full control over an answer: `return reply({ status: 202, headers, body })`. */
import { checkedHeaders, checkedStatus, isBodiless } from './response-head.ts'

const brand: unique symbol = Symbol.for('flowport.reply') as never

export interface Reply<T> {
  readonly [brand]: true
  readonly status: number
  readonly headers: Readonly<Record<string, string>>
  readonly body: T
}

export interface ReplyOptions<T> {
  /** 200 to 599. Default: the trigger's status. */
  readonly status?: number
  /** They replace the bridge's own of the same name. */
  readonly headers?: Readonly<Record<string, string>>
  /** A JSON value, a `BlobRef`, text with a content type of its own, or nothing. */
  readonly body?: T
}

/** @throws TypeError for a status or header that no host could send, and for a body of a status that has none. */
export function reply<T = undefined>({ status, headers = {}, body }: ReplyOptions<T>): Reply<T> {
  if (status !== undefined && isBodiless(checkedStatus(status)) && body !== undefined && body !== null)
    throw new TypeError(`an answer of status ${status} has no body: leave it out`)
  return { [brand]: true, status: status ?? 0, headers: checkedHeaders(headers), body: body as T }
}

export function isReply(value: unknown): value is Reply<unknown> {
  return typeof value === 'object' && value !== null && brand in value
}
