/** The entries of a key-value store as OpenDAL keeps them: read, written, and removed when they have expired. */
import type { Operator } from 'opendal'
import { type Clock } from '@flowport/capabilities'
import type { Background } from './background.ts'
import type { Names } from './names.ts'
import type { Place } from './place.ts'
/** What is kept of an entry before its value. */
export interface KvHeader {
  readonly kind: 'kv'
  readonly text: boolean
  /** Milliseconds since the epoch; `null` for never. */
  readonly expiresAt: number | null
  readonly metadata: unknown
}
export interface KvEntriesContext {
  readonly operator: Operator
  readonly names: Names
  /** Whether a write shows before it is whole. */
  readonly staged: boolean
  readonly clock: Pick<Clock, 'now'>
  readonly background: Background
}
export declare class KvEntries {
  #private
  constructor(context: KvEntriesContext)
  read(
    key: string,
    where: Place,
    signal: AbortSignal | undefined,
  ): Promise<{
    readonly header: KvHeader
    readonly content: Uint8Array
  } | null>
  write(
    key: string,
    header: KvHeader,
    content: Uint8Array,
    where: Place,
    signal: AbortSignal | undefined,
  ): Promise<void>
  remove(key: string, where: Place, signal: AbortSignal | undefined): Promise<void>
  /** The keys with their headers, in their order; those gone meanwhile are left out. */
  headers(
    keys: readonly string[],
    where: Place,
    signal: AbortSignal | undefined,
  ): Promise<
    readonly {
      readonly key: string
      readonly header: KvHeader
    }[]
  >
  /** Whether the entry is not visible any more. */
  isOver({ expiresAt }: KvHeader): boolean
  /** Whether nobody can still be about to see it, so that it may go. */
  isLongOver({ expiresAt }: KvHeader): boolean
  /** Removes the entry when it is still there and long over, and no put is under way. Puts of this process wait for it. */
  removeExpired(key: string, where: Place): Promise<boolean>
}
//# sourceMappingURL=kv-entries.d.ts.map
