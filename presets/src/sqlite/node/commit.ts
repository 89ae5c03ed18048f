/** What a commit or a start checks and writes beside the record, inside the transaction that the ledger has begun. */
import {
  CapabilityError,
  type Changes,
  pageText,
  type TransactionRead,
  type TransactionWrite,
} from '@flowport/capabilities'
import type { Database } from './database.ts'
import { SqliteKvDriver } from './kv-driver.ts'
import { SqliteQueueDriver } from './queue-driver.ts'

/** Whether everything that was read is still so. */
export function holdIn(db: Database, reads: readonly TransactionRead[]): boolean {
  return reads.every((read) => {
    const store = entriesIn(db, read.store)
    if (read.kind === 'page') return pageText(store.list(read.list)) === read.text
    return store.versionOf(read.key) === read.version
  })
}

/** Returns the ids of the messages that were sent, in order. */
export function writeInto(db: Database, writes: Changes['writes']): readonly string[] {
  const ids: string[] = []
  for (const write of writes) {
    if (write.kind === 'send') ids.push(...messagesIn(db, write.store).write(write.bodies, write.delayMs))
    else if (write.kind === 'put') entriesIn(db, write.store).write(write)
    else entriesIn(db, write.store).delete(write.key)
  }
  return ids
}

function entriesIn(db: Database, store: TransactionRead['store']): SqliteKvDriver {
  return store instanceof SqliteKvDriver && store.isIn(db) ? store : elsewhere()
}

function messagesIn(
  db: Database,
  store: Extract<TransactionWrite, { kind: 'send' }>['store'],
): SqliteQueueDriver {
  return store instanceof SqliteQueueDriver && store.isIn(db) ? store : elsewhere()
}

function elsewhere(): never {
  throw new CapabilityError(
    'Misconfigured',
    'a store of the transaction is not in the database of the ledger',
  )
}
