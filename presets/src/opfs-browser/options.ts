/** Options of the stores on OPFS, the same for the preset and for the scheme `opfs://`. */
import type { WorkerSource } from './worker-writers.ts'

export interface OpfsOptions {
  /**
   * Folder of the store, such as `'app/data'`; made when it is missing. Stores of one page whose folders lie within each
   * other do not know of each other's locks. Default: the root of OPFS, so that a key is the path other code uses.
   */
  readonly root?: string
  /**
   * How files are written. `'auto'`: in a dedicated worker through sync access handles; on the page through
   * `createWritable`, and where the browser has none, through a worker that is started for it. `'worker'`: through that
   * worker in any case, which is faster for large files. `'direct'`: without a worker, or not at all. Default `'auto'`.
   */
  readonly access?: 'auto' | 'direct' | 'worker'
  /**
   * The worker to start: its address, or what makes it. It calls `serveOpfsWrites()`. Default: one made of a `blob:` URL,
   * which a content security policy has to allow (`worker-src blob:`).
   */
  readonly worker?: WorkerSource
  /**
   * Where OPFS is missing or refused. `'memory'`: what is stored is gone with the page, `info.durability` says
   * `'ephemeral'`, and a warning is logged; of `opfs://`, `describe()` of the storage tells. `'none'`: opening fails with `Misconfigured`. Default `'memory'`.
   */
  readonly fallback?: 'memory' | 'none'
  /**
   * Whether to ask the browser to keep the data when space runs short. `true`: asks, and does not wait for the answer, which
   * may be up to the user. `'required'`: waits for it; while it is no, `info.durability` is `'unknown'`. Default false.
   */
  readonly persist?: boolean | 'required'
}
