import { type OpenContext, silentLogger } from '@flowport/capabilities'
import { ManualClock } from '@flowport/capabilities/testing'
import { describe, expect, expectTypeOf, it } from 'vitest'
import type * as Entry from './preset.ts'
import { onPlatform } from '../../test/support/on-platform.ts'
import { partitionDedupeInfo, partitionKvInfo } from './info.ts'

const { durablePartitions } = await onPlatform<typeof Entry>('durable-partitions', 'workerd')

/** Looks like a namespace. Opening asks no object anything. */
const namespace = { idFromName: () => 'id', get: () => 'stub' }

function contextWith(bindings: Readonly<Record<string, unknown>>): OpenContext {
  return { env: {}, log: silentLogger, clock: new ManualClock(), bindings }
}

interface Stated {
  readonly info: { readonly transaction: string; readonly partitioned: boolean }
}

async function transactionsOf(options: Parameters<typeof durablePartitions>[0]) {
  const { resources } = await durablePartitions(options).open(
    contextWith({ PARTITIONS: namespace, B: namespace }),
  )
  return [...resources.values()].map((resource) => (resource as typeof resource & Stated).info.transaction)
}

describe('preset durable-partitions', () => {
  it('states a strong ledger and store that are committed together within a partition, as literal types', () => {
    const { provides } = durablePartitions()
    expectTypeOf(provides.dedupe.transaction).toEqualTypeOf<'durable-partitions'>()
    expectTypeOf(provides.kv.transaction).toEqualTypeOf<'durable-partitions'>()
    expectTypeOf(provides.dedupe.partitioned).toEqualTypeOf<true>()
    expectTypeOf(provides.kv.consistency).toEqualTypeOf<'strong'>()
    expect(provides).toEqual({ dedupe: partitionDedupeInfo, kv: partitionKvInfo })
  })

  it('needs one binding, under the name it is given', () => {
    expect(durablePartitions().bindings.map(({ name }) => name)).toEqual(['PARTITIONS'])
    expect(durablePartitions({ binding: 'B' }).bindings.map(({ name }) => name)).toEqual(['B'])
  })

  it('states one transaction for what it opens, and another one for other objects', async () => {
    const [ledger, entries, ...more] = await transactionsOf({})
    expect([entries, more]).toEqual([ledger, []])
    const others = [await transactionsOf({ name: 'other' }), await transactionsOf({ binding: 'B' })]
    expect(new Set([ledger, ...others.flat()]).size).toBe(3)
  })

  it('a missing binding and an empty name are Misconfigured', async () => {
    await expect(durablePartitions().open(contextWith({}))).rejects.toMatchObject({
      kind: 'Misconfigured',
      message: expect.stringMatching(/PARTITIONS is missing.*durable_objects/),
    })
    await expect(
      durablePartitions({ name: '' }).open(contextWith({ PARTITIONS: namespace })),
    ).rejects.toMatchObject({ kind: 'Misconfigured', message: expect.stringContaining('name') })
  })

  it('on other runtimes states and needs the same, and fails to open with advice', async () => {
    const { durablePartitions: stub } = await onPlatform<typeof Entry>('durable-partitions', 'browser')
    const { open, ...stated } = stub()
    const { open: _, ...real } = durablePartitions()
    expect(JSON.stringify(stated)).toBe(JSON.stringify(real))
    await expect(open(contextWith({}))).rejects.toMatchObject({
      kind: 'Misconfigured',
      code: 'PRESET_UNSUPPORTED',
      message: expect.stringMatching(/"durable-partitions".*Durable Objects.*"sqlite"/),
    })
  })
})
