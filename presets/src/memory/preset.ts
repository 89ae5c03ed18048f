/** The `memory` preset: every contract, in memory, on every runtime. Gone with the process. */
import {
  type Clock,
  countOrInfinityRule,
  countRule,
  createBlobStore,
  createCache,
  createDedupeStore,
  createDurableState,
  createKeyValue,
  createQueue,
  definePreset,
  logging,
} from '@flowport/capabilities'
import {
  memoryBlobDriver,
  memoryCacheDriver,
  memoryDedupeDriver,
  memoryKvDriver,
  memoryQueueDriver,
  memoryStateDriver,
} from '@flowport/capabilities/memory'
import * as Type from 'typebox'
import {
  memoryBlobInfo,
  memoryCacheInfo,
  memoryDedupeInfo,
  memoryKvInfo,
  memoryQueueInfo,
  memoryStateInfo,
} from './info.ts'

export interface MemoryOptions {
  /** Most bytes of keys and values `kv` holds, else `LimitExceeded`. Default: no bound but memory. */
  readonly maxBytes?: number
  /** Most entries `cache` holds; what was used longest ago goes first. Up to 100 000 000. Default 10 000. */
  readonly maxEntries?: number
  /** Deliveries of a message before it goes to the dead letters. Default 5. */
  readonly maxAttempts?: number
  /** Called with the name of a `state` object whose alarm is due, as the object's own code would be. Default: nothing. */
  readonly onAlarm?: (name: string) => void
  /** Decides what has expired or is ready. Default: the host's clock. */
  readonly clock?: Clock
}

const env = Type.Object({})

const provides = {
  kv: memoryKvInfo,
  blob: memoryBlobInfo,
  dedupe: memoryDedupeInfo,
  queue: memoryQueueInfo,
  state: memoryStateInfo,
  cache: memoryCacheInfo,
} as const

/** Profiles this process has opened: their stores are in memory of their own. */
let opened = 0

/** Provides `kv`, `blob`, `dedupe`, `queue`, `state` and `cache`. The drivers are the next stop. */
export const memory = definePreset<MemoryOptions, typeof env, typeof provides>({
  name: 'memory',
  env,
  provides,
  // Nothing here fails for a moment or keeps anybody waiting, so there is nothing to retry or to time out.
  portable: {
    kv: createKeyValue,
    blob: createBlobStore,
    dedupe: createDedupeStore,
    queue: createQueue,
    state: createDurableState,
    cache: createCache,
  },
  layers: ({ log, clock }) => [logging({ log, clock })],
  numbers: {
    maxBytes: countOrInfinityRule(),
    maxEntries: countRule(1, 100_000_000),
    maxAttempts: countRule(),
  },
  open({ clock: hostClock, options: { maxBytes, maxEntries, maxAttempts, onAlarm, clock = hostClock } }) {
    opened += 1
    const transaction = `memory:${opened}`
    return {
      kv: memoryKvDriver({ clock, transaction, ...(maxBytes === undefined ? {} : { maxBytes }) }),
      blob: memoryBlobDriver({ clock }),
      dedupe: memoryDedupeDriver({ clock, transaction }),
      queue: () =>
        memoryQueueDriver({ clock, transaction, ...(maxAttempts === undefined ? {} : { maxAttempts }) }),
      state: memoryStateDriver({ clock, ...(onAlarm === undefined ? {} : { onAlarm }) }),
      cache: memoryCacheDriver({ clock, ...(maxEntries === undefined ? {} : { maxEntries }) }),
    }
  },
})
