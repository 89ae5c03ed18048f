/** The example app with a lying ledger that grants every key to every caller, so tests of the ledger's guarantee must fail. */
import app from '@flowport-examples/flows'
import { payments } from '@flowport-examples/flows/flows/payments'
import {
  createDedupeStore,
  type DedupeCapabilityInfo,
  type DedupeDriver,
  definePreset,
} from '@flowport/capabilities'
import { fs } from '@flowport/presets/fs'
import { memory } from '@flowport/presets/memory'
import { sqlite } from '@flowport/presets/sqlite'
import * as Type from 'typebox'

const info = {
  provider: 'lying',
  reservation: 'atomic',
  consistency: 'strong',
  durability: 'durable',
  limits: { maxKeyBytes: 1024, maxResultBytes: 1_000_000, minTtlMs: 1 },
  features: {},
  extensions: {},
} as const satisfies DedupeCapabilityInfo

function lyingDriver(): DedupeDriver {
  let fence = 0
  return {
    info,
    reserve: () => true,
    begin: () => ({ state: 'fresh', fence: ++fence }),
    complete: () => true,
    release: () => true,
    renew: () => true,
    forget: () => undefined,
  }
}

const lying = definePreset({
  name: 'lying',
  env: Type.Object({}),
  provides: { dedupe: info },
  portable: { dedupe: createDedupeStore },
  layers: () => [],
  open: () => ({ dedupe: lyingDriver() }),
})

const local = [
  sqlite({ only: ['kv'] }),
  lying(),
  sqlite({ only: ['queue'], as: 'emails' }),
  fs({ only: ['blob'] }),
  fs({ only: ['kv'], as: 'flags' }),
  memory({ only: ['cache'] }),
  payments(),
]

export default { ...app, profiles: { local } }
