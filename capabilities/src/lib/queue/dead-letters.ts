/** Listing the dead letters of a queue and moving them back: what operators use, over the optional methods of a driver. */
import { CapabilityError } from '../error.ts'
import { fromJsonText } from '../json-text.ts'
import type { CallScope, Pipeline } from '../layer.ts'
import { checkLimit, utf8Length } from '../limits.ts'
import type { DeadLetterPage, ListDeadLettersOptions, RedriveOptions } from './contract.ts'
import type { QueueDriver } from './driver.ts'

interface Core {
  readonly driver: QueueDriver
  readonly pipeline: Pipeline
}

/** Longest error text that a driver is given, in characters. */
const maxErrorLength = 1_000

/** The error text of `retry` and `reject`, cut to its first 1000 characters. */
export function keptError(error: string | undefined): { readonly error?: string } {
  return error === undefined ? {} : { error: error.slice(0, maxErrorLength) }
}

/** One page of dead letters in the order of sending. */
export async function listDeadLetters(
  { driver, pipeline }: Core,
  scope: CallScope | undefined,
  options: ListDeadLettersOptions,
): Promise<DeadLetterPage> {
  const where = { capability: pipeline.capability, operation: 'listDeadLetters' }
  const list = driver.listDeadLetters?.bind(driver)
  if (driver.info.features.redrive !== true || list === undefined) throw unsupported(driver, where)
  const { limit = 100, cursor } = options
  const most = checkLimit(limit, driver.info.limits.maxBatchMessages, where)
  const stored = await pipeline.run('listDeadLetters', undefined, options, scope, ({ signal }) =>
    list(most, cursor, { signal }),
  )
  const letters = stored.map(({ id, body, attempt, sentAt, deadAt, error }) => ({
    id,
    body: fromJsonText(body, 'message', { ...where, key: id }),
    bytes: utf8Length(body),
    attempt,
    sentAt: new Date(sentAt),
    deadAt: deadAt === null ? null : new Date(deadAt),
    error,
  }))
  return { letters, cursor: letters.length < most ? null : (letters.at(-1)?.id ?? null) }
}

/** Moves dead letters back. Resolves how many this call moved. */
export async function redrive(
  { driver, pipeline }: Core,
  scope: CallScope | undefined,
  options: RedriveOptions,
): Promise<{ readonly moved: number }> {
  const where = { capability: pipeline.capability, operation: 'redrive' }
  const move = driver.redrive?.bind(driver)
  if (driver.info.features.redrive !== true || move === undefined) throw unsupported(driver, where)
  const ids = options.ids === 'all' ? null : [...new Set(options.ids)]
  const moved = await pipeline.run('redrive', undefined, options, scope, ({ signal }) =>
    move(ids, { signal }),
  )
  return { moved }
}

function unsupported(
  { info }: QueueDriver,
  where: { readonly capability: string; readonly operation: string },
): CapabilityError {
  return new CapabilityError('Unsupported', `${info.provider} cannot move dead letters back`, where)
}
