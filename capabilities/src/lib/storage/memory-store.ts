/** The store behind `memory://`. `MemoryBlobDriver` is the next stop. */
import { createBlobStore } from '../blob/blob-store.ts'
import type { BlobStore } from '../blob/contract.ts'
import { memoryBlobDriver, type MemoryBlobOptions } from '../memory/blob.ts'

export function memoryStore(options: MemoryBlobOptions): BlobStore {
  return createBlobStore(memoryBlobDriver(options))
}
