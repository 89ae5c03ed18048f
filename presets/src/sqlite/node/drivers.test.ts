import { join } from 'node:path'
import { createDedupeStore, createKeyValue, createQueue, silentLogger } from '@flowport/capabilities'
import {
  dedupeConformance,
  kvConformance,
  type ManualClock,
  queueConformance,
} from '@flowport/capabilities/testing'
import { tempDirectory } from '../../../test/support/temp-directory.ts'
import { sqliteLayers } from '../declaration.ts'
import { openSqliteDrivers, type SqliteDrivers } from './drivers.ts'

/** Opens a file of its own for each case, and the same one again for `reopen`. */
async function opened(clock: ManualClock) {
  const path = join(tempDirectory(), 'data', 'flowport.sqlite')
  const open = () => openSqliteDrivers({ path, synchronous: 'NORMAL', clock })
  let drivers = await open()
  return {
    drivers,
    close: () => drivers.close(),
    reopen: async (): Promise<SqliteDrivers> => {
      drivers.close()
      drivers = await open()
      return drivers
    },
  }
}

for (const isLayered of [false, true]) {
  const name = isLayered ? ', layered' : ''
  const options = (clock: ManualClock) => ({
    clock,
    layers: isLayered ? sqliteLayers({ log: silentLogger, clock }) : [],
  })

  kvConformance(`sqlite kv${name}`, {
    clock: 'manual',
    features: { list: true, metadata: true, conditional: true, bulk: true },
    async open({ clock }) {
      const { drivers, close, reopen } = await opened(clock)
      return {
        kv: createKeyValue(drivers.kv, options(clock)),
        close,
        reopen: async () => createKeyValue((await reopen()).kv, options(clock)),
      }
    },
  })

  dedupeConformance(`sqlite dedupe${name}`, {
    clock: 'manual',
    async open({ clock }) {
      const { drivers, close, reopen } = await opened(clock)
      return {
        dedupe: createDedupeStore(drivers.dedupe, options(clock)),
        beside: {
          kv: createKeyValue(drivers.kv, options(clock)),
          queue: createQueue(drivers.queue('jobs'), options(clock)),
        },
        close,
        reopen: async () => createDedupeStore((await reopen()).dedupe, options(clock)),
      }
    },
  })

  queueConformance(`sqlite queue${name}`, {
    clock: 'manual',
    async open({ clock }) {
      const { drivers, close, reopen } = await opened(clock)
      return {
        queue: createQueue(drivers.queue('jobs'), options(clock)),
        close,
        reopen: async () => createQueue((await reopen()).queue('jobs'), options(clock)),
      }
    },
  })
}
