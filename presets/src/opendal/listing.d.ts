/** Lists keys in UTF-8 byte order, in pages and groups: by the service's own order where it has one, else by sorting a scan. */
import type { Metadata, Operator } from 'opendal'
import type { Names } from './names.ts'
import type { Place } from './place.ts'
export interface ListedKey {
  readonly key: string
  /** What the listing tells of it, often little; `null` when the key comes of a scan held before. */
  readonly metadata: Metadata | null
}
export interface KeyPage {
  readonly keys: readonly ListedKey[]
  readonly prefixes: readonly string[]
  readonly cursor?: string
}
export interface ListKeys {
  readonly prefix: string
  readonly delimiter?: string | undefined
  readonly cursor?: string | undefined
  readonly limit: number
  readonly signal?: AbortSignal | undefined
}
export interface ListingContext {
  readonly operator: Operator
  readonly names: Names
  /** Whether paths are keys, so that the service lists keys in their order when it lists paths in theirs. */
  readonly pathsAreKeys: boolean
  /** Whether OpenDAL puts prefixes, starts and page tokens into the query as they are, where `&` would begin another. */
  readonly rawQuery?: boolean
  now(): number
}
/** The listings of one store. */
export declare class Listing {
  #private
  constructor(context: ListingContext)
  page(list: ListKeys, where: Place): Promise<KeyPage>
}
//# sourceMappingURL=listing.d.ts.map
