/** The `fs` preset: blobs and key-value entries on the local file system, safe among the processes of one host. */
import { join } from 'node:path'
import { createBlobStore, createKeyValue, definePreset } from '@flowport/capabilities'
import { openFsBlobDriver } from './blob-driver.ts'
import { type FsOptions, fsEnv, fsLayers, fsProvides } from './declaration.ts'
import { openFsKvDriver } from './kv-driver.ts'
import { warnIfOpenToOthers } from '../platform/open-to-others.ts'

export type { FsOptions } from './declaration.ts'

/** Provides `blob` and `kv`. The drivers are the next stop. */
export const fs = definePreset<FsOptions, typeof fsEnv, typeof fsProvides>({
  name: 'fs',
  env: fsEnv,
  provides: fsProvides,
  portable: { blob: createBlobStore, kv: createKeyValue },
  layers: fsLayers,
  open({ env, log, clock: hostClock, options }) {
    const { root = env.FLOWPORT_DATA_DIR, fsync = 'data', clock = hostClock } = options
    const blob = openFsBlobDriver({ directory: join(root, 'blobs'), fsync, clock })
    const kv = openFsKvDriver({ directory: join(root, 'kv'), fsync, clock })
    warnIfOpenToOthers(log, 'fs', [join(root, 'blobs'), join(root, 'kv')])
    // Closing twice is closing once: a provider bound for one domain only must let go of the other's directory too.
    return { blob, kv, close: () => Promise.all([blob.close(), kv.close()]).then(() => undefined) }
  },
})
