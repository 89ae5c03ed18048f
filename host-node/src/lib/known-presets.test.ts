import { azblob } from '@flowport/presets/azblob'
import { cloudflareKv } from '@flowport/presets/cloudflare-kv'
import { cloudflareQueues } from '@flowport/presets/cloudflare-queues'
import { cloudflareR2 } from '@flowport/presets/cloudflare-r2'
import { durableDedupe } from '@flowport/presets/durable-dedupe'
import { durablePartitions } from '@flowport/presets/durable-partitions'
import { durableState } from '@flowport/presets/durable-state'
import { fs } from '@flowport/presets/fs'
import { gcs } from '@flowport/presets/gcs'
import { memory } from '@flowport/presets/memory'
import { s3, s3Dedupe } from '@flowport/presets/s3'
import { sqlite } from '@flowport/presets/sqlite'
import { levels } from '@flowport/capabilities'
import { expect, it } from 'vitest'
import { knownPresets } from './known-presets.ts'

const providers = [
  memory(),
  fs(),
  sqlite(),
  s3(),
  s3Dedupe(),
  gcs(),
  azblob(),
  cloudflareKv(),
  cloudflareR2(),
  cloudflareQueues(),
  durableDedupe(),
  durablePartitions(),
  durableState(),
]

/** Returns the facts that needs are compared with: guarantees, features that are true, and the transaction. */
function comparedOf(info: object): object {
  const { features, transaction, ...others } = info as {
    readonly features?: object
    readonly transaction?: string
  }
  return {
    ...Object.fromEntries(Object.entries(others).filter(([key]) => Object.hasOwn(levels, key))),
    features: Object.fromEntries(Object.entries(features ?? {}).filter(([, has]) => has === true)),
    ...(transaction === undefined ? {} : { transaction }),
  }
}

it.each(providers.map((provider) => [provider.preset, provider] as const))(
  'the known facts about %s equal the preset’s own',
  (preset, { provides }) => {
    const known = knownPresets.find((each) => each.preset === preset)
    const stated = Object.entries(provides).map(([domain, info]) => [domain, comparedOf(info as object)])
    expect(known?.provides).toEqual(Object.fromEntries(stated))
  },
)

it('every known preset is compared', () => {
  expect(knownPresets.map(({ preset }) => preset)).toEqual(providers.map(({ preset }) => preset))
})
