/** Opens the stores that the part `fs` compares, side by side in one directory. */
import nodeFs from 'node:fs'
import { join } from 'node:path'
import type { BlobStore, KeyValue } from '@flowport/capabilities'
import { fs } from '@flowport/presets/fs'
import type { Comparison } from '../harness.ts'
import { openBag } from '../providers.ts'
import { type Fsync, PromiseFiles, RawFiles } from './node-files.ts'

/** Name of Flowport's row, by which aims find it. */
export const ours = 'Flowport fs'

/** Rounds of all comparisons of the part. */
export const bounds: Pick<Comparison<unknown>, 'rounds' | 'roundMs'> = { rounds: 9, roundMs: 50 }

/** Flowport's stores, and the same files through `node:fs`. */
export interface Stores {
  readonly blob: BlobStore
  readonly kv: KeyValue
  readonly raw: RawFiles
  readonly promises: PromiseFiles
  close(): Promise<void>
}

/** Opens the stores in subfolders of `directory`. The caller must close them. */
export async function openStores(directory: string, fsync: Fsync): Promise<Stores> {
  const root = join(directory, fsync)
  const bag = await openBag(fs({ root, fsync }))
  const files = (name: string) => {
    const path = join(root, name)
    nodeFs.mkdirSync(path, { recursive: true })
    return path
  }
  return {
    blob: bag.require('blob'),
    kv: bag.require('kv'),
    raw: new RawFiles(files('raw'), fsync),
    promises: new PromiseFiles(files('promises'), fsync),
    close: () => bag.close(),
  }
}
