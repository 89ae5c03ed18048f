/** Opens the `opfs-browser` preset in a browser. The drivers are the next stop. */
import { createBlobStore, createDedupeStore, createKeyValue } from '@flowport/capabilities'
import type { PlatformPart } from '../platform/platform-part.ts'
import type { OpfsBrowserOptions, opfsEnv, opfsProvides } from './declaration.ts'
import { openOpfsDrivers } from './drivers.ts'

export const platform: PlatformPart<OpfsBrowserOptions, typeof opfsEnv, typeof opfsProvides> | null = {
  portable: { blob: createBlobStore, kv: createKeyValue, dedupe: createDedupeStore },
  open: ({ log, clock: hostClock, options: { clock = hostClock, ...options } }) =>
    openOpfsDrivers(options, log, clock),
}
