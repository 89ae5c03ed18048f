/** Opens the `fs` preset on Node. The drivers are the next stop. */
import { join } from 'node:path'
import { createBlobStore, createKeyValue } from '@flowport/capabilities'
import { warnIfOpenToOthers } from '../platform/node/open-to-others.ts'
import type { PlatformPart } from '../platform/platform-part.ts'
import { openFsBlobDriver } from './node/blob-driver.ts'
import type { fsEnv, FsOptions, fsProvides } from './declaration.ts'
import { openFsKvDriver } from './node/kv-driver.ts'

export const platform: PlatformPart<FsOptions, typeof fsEnv, typeof fsProvides> | null = {
  portable: { blob: createBlobStore, kv: createKeyValue },
  open({ env, log, clock: hostClock, options }) {
    const { root = env.FLOWPORT_DATA_DIR, fsync = 'data', clock = hostClock } = options
    const blob = openFsBlobDriver({ directory: join(root, 'blobs'), fsync, clock })
    const kv = openFsKvDriver({ directory: join(root, 'kv'), fsync, clock })
    warnIfOpenToOthers(log, 'fs', [join(root, 'blobs'), join(root, 'kv')])
    // A profile may bind one of the two only: closing the provider closes the directories of both. A second close does nothing.
    return { blob, kv, close: () => Promise.all([blob.close(), kv.close()]).then(() => undefined) }
  },
}
