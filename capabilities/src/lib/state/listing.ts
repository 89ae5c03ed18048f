/** Pages of entries, for `list` and for what a transaction lists. */
import { encodeCursor } from '../cursor.ts'
import { fromJsonText } from '../json-text.ts'
import { checkLimit } from '../limits.ts'
import type { CallScope } from '../layer.ts'
import type { StateListOptions, StateListPage } from './contract.ts'
import type { StateDriverPage, StateKeyRange } from './driver.ts'
import { at, type Seat } from './place.ts'
import { keyRange } from './range.ts'

/** The range that was read, if any key can be in it, and what the driver found there. */
export interface ReadPage {
  readonly range: StateKeyRange | null
  readonly page: StateDriverPage
}

export async function readPage(seat: Seat, options: StateListOptions, call: CallScope): Promise<ReadPage> {
  const { driver, pipeline, name, scope } = seat
  const where = at(seat, 'list')
  const limit = checkLimit(options.limit, driver.info.limits.maxListKeys, where)
  const range = keyRange(options, options.cursor, where)
  if (range === null) return { range, page: { entries: [], more: false } }
  const page = await pipeline.run('list', where.key, call, scope, ({ signal }) =>
    driver.list(name, { ...range, limit, signal }),
  )
  return { range, page }
}

/** The page as callers see it. */
export function listPage(seat: Seat, { entries, more }: StateDriverPage): StateListPage {
  const last = entries.at(-1)
  return {
    entries: entries.map(({ key, value }) => ({
      key,
      value: fromJsonText(value, 'value', at(seat, 'list', key)),
    })),
    // A page with nothing on it has no place to go on from.
    listComplete: !more || last === undefined,
    ...(more && last !== undefined && { cursor: encodeCursor(last.key) }),
  }
}
