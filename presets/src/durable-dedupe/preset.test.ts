import { type OpenContext, silentLogger } from '@flowport/capabilities'
import { ManualClock } from '@flowport/capabilities/testing'
import { describe, expect, expectTypeOf, it } from 'vitest'
import type * as Entry from './preset.ts'
import { onPlatform } from '../../test/support/on-platform.ts'
import { defaultBindings } from './declaration.ts'
import { durableDedupeInfo, durableKvInfo } from './info.ts'

const { durableDedupe } = await onPlatform<typeof Entry>('durable-dedupe', 'workerd')

/** Looks like a namespace. Opening asks no object anything. */
const namespace = { idFromName: () => 'id', get: () => 'stub' }

function contextWith(bindings: Readonly<Record<string, unknown>>): OpenContext {
  return { env: {}, log: silentLogger, clock: new ManualClock(), bindings }
}

function namesOf({
  bindings,
}: {
  readonly bindings: readonly { readonly name: string }[]
}): readonly string[] {
  return bindings.map(({ name }) => name)
}

describe('preset durable-dedupe', () => {
  it('states atomic, strong and durable as literal types', () => {
    const { provides } = durableDedupe()
    expectTypeOf(provides.dedupe.reservation).toEqualTypeOf<'atomic'>()
    expectTypeOf(provides.kv.consistency).toEqualTypeOf<'strong'>()
    expectTypeOf(provides.kv.durability).toEqualTypeOf<'durable'>()
    expect(provides).toEqual({ dedupe: durableDedupeInfo, kv: durableKvInfo })
  })

  it('needs the bindings of what it is to provide, under the names it is given', () => {
    expect(namesOf(durableDedupe())).toEqual([defaultBindings.dedupe, defaultBindings.kv])
    expect(namesOf(durableDedupe({ only: ['dedupe'] }))).toEqual(['LEDGER'])
    expect(namesOf(durableDedupe({ only: ['kv'], kvBinding: 'NOTES' }))).toEqual(['NOTES'])
    expect(namesOf(durableDedupe({ binding: 'A', kvBinding: 'B' }))).toEqual(['A', 'B'])
    for (const { fits, what } of durableDedupe().bindings) {
      expect([fits(namespace), fits({ get: () => null }), fits(undefined)]).toEqual([true, false, false])
      expect(what).toMatch(/Durable Object namespace.*durable_objects/)
    }
  })

  it('opens what it is to provide, with only its binding', async () => {
    const { resources } = await durableDedupe({ only: ['dedupe'], as: 'orders' }).open(
      contextWith({ LEDGER: namespace }),
    )
    expect([...resources.keys()]).toEqual(['dedupe:orders'])
    const both = await durableDedupe().open(contextWith({ LEDGER: namespace, KV_OBJECT: namespace }))
    expect([...both.resources.keys()]).toEqual(['dedupe', 'kv'])
  })

  it('tells the kind of class and the number of objects in its info, and the limits of the class', async () => {
    const { resources } = await durableDedupe({ only: ['dedupe'], storage: 'legacy-kv', shards: 8 }).open(
      contextWith({ LEDGER: namespace }),
    )
    const { info } = resources.get('dedupe') as unknown as { info: typeof durableDedupeInfo }
    expect(info.limits).toEqual({ maxKeyBytes: 2046, maxResultBytes: 120_000, minTtlMs: 1 })
    expect(info.extensions).toEqual({
      'com.cloudflare.durable-objects.storage': 'legacy-kv',
      'com.cloudflare.durable-objects.objects': 8,
    })
  })

  it('a missing or other binding is Misconfigured and named', async () => {
    await expect(durableDedupe().open(contextWith({ LEDGER: namespace }))).rejects.toMatchObject({
      kind: 'Misconfigured',
      message: expect.stringMatching(/KV_OBJECT is missing.*durable_objects/),
    })
    await expect(durableDedupe().open(contextWith({ LEDGER: { get: 1 } }))).rejects.toMatchObject({
      kind: 'Misconfigured',
      message: expect.stringContaining('LEDGER is no Durable Object namespace'),
    })
  })

  it.each([
    [{ shards: 0 }, /shards/],
    [{ shards: 1.5 }, /shards/],
    [{ shards: 65_537 }, /shards/],
    [{ name: '' }, /name/],
    [{ storage: 'kv' as never }, /storage/],
  ])('options that make no sense are Misconfigured: %o', async (options, message) => {
    const context = contextWith({ LEDGER: namespace, KV_OBJECT: namespace })
    await expect(durableDedupe(options).open(context)).rejects.toMatchObject({
      kind: 'Misconfigured',
      message: expect.stringMatching(message),
    })
  })
})

describe('preset durable-dedupe on other runtimes', () => {
  it('states and needs the same, and fails to open with advice', async () => {
    const { durableDedupe: stub } = await onPlatform<typeof Entry>('durable-dedupe', 'browser')
    const { open, ...stated } = stub()
    const { open: _, ...real } = durableDedupe()
    expect(JSON.stringify(stated)).toBe(JSON.stringify(real))
    await expect(open(contextWith({}))).rejects.toMatchObject({
      kind: 'Misconfigured',
      code: 'PRESET_UNSUPPORTED',
      message: expect.stringMatching(/"durable-dedupe".*Durable Objects.*"sqlite"/),
    })
  })
})
