/** How the stores in memory take part in one commit: each write can be undone until all of them are made. */
import {
  type Changes,
  pageText,
  type TransactionRead,
  type TransactionWrite,
} from '../transaction/changes.ts'

/** A store in memory makes a write at once, and gives what undoes it. */
export const makeWrite: unique symbol = Symbol('flowport.memory.makeWrite')

export interface MemoryStore<W> {
  [makeWrite](write: W): () => void
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

/** Makes every write, or none when one of them throws. */
export function writeInMemory(writes: Changes['writes']): void {
  const undo: (() => void)[] = []
  try {
    for (const write of writes) undo.push(storeOf(write)[makeWrite](write))
  } catch (error) {
    for (const back of undo.toReversed()) back()
    throw error
  }
}

function storeOf(write: TransactionWrite): MemoryStore<TransactionWrite> {
  const { store } = write
  if (makeWrite in store) return store as typeof store & MemoryStore<TransactionWrite>
  throw new TypeError('a store that states the transaction of stores in memory is none of them')
}
