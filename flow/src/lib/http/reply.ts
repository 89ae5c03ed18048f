/** Full control over an answer: `return reply({ status: 202, headers, body })`. */
const brand: unique symbol = Symbol.for('flowport.reply') as never

export interface Reply<T> {
  readonly [brand]: true
  readonly status: number
  readonly headers: Readonly<Record<string, string>>
  readonly body: T
}

export interface ReplyOptions<T> {
  /** Default: the trigger's status. */
  readonly status?: number
  /** Lower-case names. They replace the bridge's own of the same name. */
  readonly headers?: Readonly<Record<string, string>>
  /** A JSON value, a `BlobRef`, text with a content type of its own, or nothing. */
  readonly body?: T
}

export function reply<T = undefined>({ status = 0, headers = {}, body }: ReplyOptions<T>): Reply<T> {
  return { [brand]: true, status, headers, body: body as T }
}

export function isReply(value: unknown): value is Reply<unknown> {
  return typeof value === 'object' && value !== null && brand in value
}
