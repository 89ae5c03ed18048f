/** How the stores in memory take part in one commit: each write can be undone until all of them are made. */
import {
  type Changes,
  pageText,
  type TransactionRead,
  type TransactionWrite,
} from '../transaction/changes.ts'

/** A store in memory makes a write at once. */
export const makeWrite: unique symbol = Symbol('flowport.memory.makeWrite')

export interface MemoryStore<W> {
  [makeWrite](write: W): MadeWrite
}

export interface MadeWrite {
  readonly undo: () => void
  /** Of the messages that were sent. */
  readonly ids?: readonly string[]
}

/** Whether everything that was read is still so. */
export function holdInMemory(reads: readonly TransactionRead[]): boolean {
  return reads.every((read) => {
    if (read.kind === 'page') {
      const page = read.store.list?.(read.list)
      return page !== undefined && !('then' in page) && pageText(page) === read.text
    }
    const found = read.store.get(read.key, {})
    return found === null ? read.version === null : !('then' in found) && found.version === read.version
  })
}

/** Makes every write, or none when one of them throws. Returns the ids of the messages that were sent, in order. */
export function writeInMemory(writes: Changes['writes']): readonly string[] {
  const made: MadeWrite[] = []
  try {
    for (const write of writes) made.push(storeOf(write)[makeWrite](write))
  } catch (error) {
    for (const { undo } of made.toReversed()) undo()
    throw error
  }
  return made.flatMap(({ ids = [] }) => ids)
}

function storeOf(write: TransactionWrite): MemoryStore<TransactionWrite> {
  const { store } = write
  if (makeWrite in store) return store as typeof store & MemoryStore<TransactionWrite>
  throw new TypeError('a store that states the transaction of stores in memory is none of them')
}
