/** What a partition's object answers over RPC beside the steps of the ledger and of the key-value store. */
import type { CommitOutcome, CommitRecord } from '@flowport/capabilities'
import type { Outcome } from '../cloudflare/durable/outcome.ts'
import type { KvCalls, KvPut, LedgerCalls } from '../cloudflare/durable-ledger/protocol.ts'

/** A condition of a commit: what was read is still so. */
export type ReadCheck =
  | { readonly kind: 'entry'; readonly key: string; readonly version: string | null }
  | {
      readonly kind: 'page'
      readonly prefix: string
      readonly after: string
      readonly limit: number
      /** The page as `pageText` gives it. */
      readonly text: string
    }

export type EntryWrite =
  | {
      readonly kind: 'put'
      readonly key: string
      readonly value: string | Uint8Array
      readonly version: string
      /** JSON text. */
      readonly metadata: string | null
      readonly expiresAt: number | null
    }
  | { readonly kind: 'delete'; readonly key: string }

export interface PartitionChanges {
  readonly reads: readonly ReadCheck[]
  readonly writes: readonly EntryWrite[]
}

/** A put that says where the store lists its partitions. */
export interface PartitionPut extends KvPut {
  readonly directory: string
}

/** Names of groups of keys in UTF-8 byte order. */
export interface GroupPage {
  readonly groups: readonly string[]
  /** Whether others follow. */
  readonly more: boolean
}

export interface PartitionCalls extends LedgerCalls, Omit<KvCalls, 'put'> {
  put(key: string, value: string | Uint8Array, put: PartitionPut): Promise<Outcome<string>>
  /** Writes the record's result and the entries in one transaction, or nothing. */
  commit(record: CommitRecord, changes: PartitionChanges, directory: string): Promise<Outcome<CommitOutcome>>
  /** Called on the directory: adds groups of keys that are about to be written. */
  enroll(groups: readonly string[]): Promise<Outcome<null>>
  /** Called on the directory: removes groups that have no entries any more. */
  leave(groups: readonly string[]): Promise<Outcome<null>>
  /** Called on the directory: groups that begin with `prefix` and sort after `from`, or are `from` where `isIncluded`. */
  groups(prefix: string, from: string, isIncluded: boolean, limit: number): Promise<Outcome<GroupPage>>
}
