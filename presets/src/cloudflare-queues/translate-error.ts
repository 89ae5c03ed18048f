/** Errors of a queue binding as `CapabilityError`s. The platform throws plain errors that tell a code in their text. */
import { type Applied, CapabilityError, type ErrorKind, isCapabilityError } from '@flowport/capabilities'

/** Runs a call to the binding with its errors translated. */
export async function translated<T>(run: () => Promise<T>): Promise<T> {
  try {
    return await run()
  } catch (error) {
    throw translateError(error)
  }
}

interface Meaning {
  readonly kind: ErrorKind
  readonly reason: string
  /** Default: what the kind says. */
  readonly applied?: Applied
}

const busy: Meaning = {
  kind: 'RateLimited',
  reason: 'the queue takes no more messages at this rate; send less often, or in batches',
  applied: 'no',
}
const full: Meaning = {
  kind: 'RateLimited',
  reason: 'the backlog of the queue is full; wait for its consumer, or purge it',
  applied: 'no',
}
const tooLarge: Meaning = {
  kind: 'LimitExceeded',
  reason: 'the message or batch is larger than the queue takes',
}
const away: Meaning = { kind: 'Unavailable', reason: 'Cloudflare Queues did not answer; try again' }

/** By the code at the end of the message: https://developers.cloudflare.com/queues/reference/error-codes/ */
const byCode: Readonly<Record<string, Meaning>> = {
  10104: {
    kind: 'Misconfigured',
    reason: 'the queue does not exist; create it, or correct queues.producers',
  },
  10106: { kind: 'PermissionDenied', reason: 'the Worker may not send to the queue' },
  10201: away,
  10202: { kind: 'InvalidInput', reason: 'the queue does not take this delay' },
  10203: { kind: 'InvalidInput', reason: 'the queue does not take this delay or content type' },
  10204: tooLarge,
  10205: tooLarge,
  10206: tooLarge,
  10250: busy,
  10251: full,
  10252: { kind: 'Unavailable', reason: 'the queue is paused; resume it', applied: 'no' },
  10253: { kind: 'LimitExceeded', reason: 'the operations of the free plan are used up' },
  15000: away,
}

/** By their text, where errors of the runtime itself, and older ones, have no code. */
const byText: readonly (readonly [RegExp, Meaning])[] = [
  [/too many requests|overloaded/i, busy],
  [/storage limit exceeded/i, full],
  [/exceeds limit of|too large/i, tooLarge],
  [/internal (server )?error|network connection lost|timed? ?out|service unavailable/i, away],
]

/** What a binding threw, as an error callers can branch on; what is not known stays as it is. */
export function translateError(error: unknown): unknown {
  if (isCapabilityError(error) || !(error instanceof Error)) return error
  const { message } = error
  const [, code = ''] = /\((\d{5})\)\s*$/.exec(message) ?? []
  const meaning = byCode[code] ?? byText.find(([pattern]) => pattern.test(message))?.[1]
  if (meaning === undefined) return error
  const details = code === '' ? {} : { details: { code: Number(code) } }
  return new CapabilityError(meaning.kind, meaning.reason, {
    ...details,
    applied: meaning.applied,
    cause: error,
  })
}
