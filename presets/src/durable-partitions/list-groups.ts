/** A page of keys from many partitions, in the order of the keys. */
import { encodeCursor, type KvDriverPage } from '@flowport/capabilities'
import { pageOf } from '../cloudflare/durable-ledger/kv-rows.ts'
import type { KvListed } from '../cloudflare/durable-ledger/protocol.ts'
import { groupOf } from './group-of.ts'
import type { GroupPage } from './protocol.ts'

/** Groups that are asked at the same time, and most groups that one page asks: each of them is a call to an object. */
const groupsAtOnce = 16
const maxGroupsAsked = 128

/** Ends a cursor that stands behind a whole group instead of behind a key: no key has this character. */
const wholeGroup = '\0'

/** A listing whose prefix has no `/`, so that the keys of many partitions begin with it. */
export interface GroupListing {
  /** What the cursor of the page before was made of; `''` for the first page. */
  readonly after: string
  readonly limit: number
  readonly groups: (from: string, isIncluded: boolean, limit: number) => Promise<GroupPage>
  /** Keys of a group after `after`. */
  readonly keys: (group: string, after: string, limit: number) => Promise<KvListed>
}

/** A page may be short while others follow, when many groups have no visible keys. */
export async function listGroups({ after, limit, groups, keys }: GroupListing): Promise<KvDriverPage> {
  const found: KvListed['keys'][number][] = []
  let isIncluded = !after.endsWith(wholeGroup)
  let from = isIncluded ? groupOf(after) : after.slice(0, -wholeGroup.length)
  for (let asked = 0; ; ) {
    const { groups: names, more } = await groups(from, isIncluded, groupsAtOnce)
    const left = limit - found.length
    const pages = await Promise.all(names.map((group) => keysOf(group, after, left, keys)))
    for (const [index, page] of pages.entries()) {
      const room = limit - found.length
      found.push(...page.keys.slice(0, room))
      const isCut = page.more || page.keys.length > room
      // Whatever follows is found again from here.
      if (found.length === limit && (isCut || more || index < pages.length - 1))
        return pageOf({ keys: found, more: true })
      if (isCut) return pageOf({ keys: found, more: true })
    }
    asked += names.length
    const last = names.at(-1)
    if (!more || last === undefined) return pageOf({ keys: found, more: false })
    if (asked >= maxGroupsAsked)
      return { ...pageOf({ keys: found, more: false }), cursor: encodeCursor(last + wholeGroup) }
    from = last
    isIncluded = false
  }
}

async function keysOf(
  group: string,
  after: string,
  limit: number,
  keys: GroupListing['keys'],
): Promise<KvListed> {
  const from = after.endsWith(wholeGroup) ? '' : after
  if (group.endsWith('/')) return keys(group, from, limit)
  // The group of a bare name has one key, which sorts first among those that begin with it.
  const page = await keys(group, '', 1)
  return { keys: page.keys.filter(({ key }) => key === group && key !== from), more: false }
}
