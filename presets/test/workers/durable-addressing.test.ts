import { runInDurableObject } from 'cloudflare:test'
import { env } from 'cloudflare:workers'
import { describe, expect, expectTypeOf, it } from 'vitest'
import type { KeyValueObject, LedgerObject, LegacyLedgerObject } from '../../src/durable-dedupe/objects.ts'
import { durableDedupe, durableObject, type ObjectNamespace } from '../../src/durable-dedupe/preset.ts'
import { openDurableDrivers } from '../../src/durable-dedupe/drivers.ts'
import type { KvCalls, LedgerCalls } from '../../src/cloudflare/durable-ledger/protocol.ts'
import { isObjectNamespace } from '../../src/cloudflare/durable/addressing.ts'
import type { ObjectState } from '../../src/cloudflare/durable/object-state.ts'

const ledgers = env.LEDGER as unknown as DurableObjectNamespace<LedgerObject>

describe('durableObject in workerd', () => {
  it("finds the same object by name, by id and by getByName; a unique one is nobody else's", async () => {
    const named = durableObject(ledgers, { name: 'found' })
    expect(await named.reserve('key', 'token', 60_000)).toMatchObject({ ok: true, value: true })
    const again = durableObject(ledgers, { id: named.id.toString() })
    expect(await again.reserve('key', 'other', 60_000)).toMatchObject({ ok: true, value: false })
    expect(durableObject(ledgers, { name: 'found' }).id.equals(ledgers.idFromName('found'))).toBe(true)

    const unique = durableObject(ledgers, { unique: true })
    expect(unique.id.equals(durableObject(ledgers, { unique: true }).id)).toBe(false)
    expect(await unique.reserve('key', 'mine', 60_000)).toMatchObject({ value: true })
    const kept = durableObject(ledgers, { id: unique.id.toString() })
    expect(await kept.reserve('key', 'other', 60_000)).toMatchObject({ value: false })
  })

  it("takes a location hint and the platform's retry options", async () => {
    const stub = durableObject(ledgers, { name: 'near', locationHint: 'weur', retry: { maxRetries: 0 } })
    expect(await stub.check()).toEqual({ ok: true, value: null })
  })

  it('an id that is malformed or of another namespace is InvalidInput', () => {
    for (const id of ['', 'zz', env.KV_OBJECT.idFromName('found').toString()]) {
      expect(() => durableObject(ledgers, { id })).toThrow(expect.objectContaining({ kind: 'InvalidInput' }))
    }
  })

  it('a jurisdiction is Unsupported here, and says that it works where the Worker is deployed', () => {
    const refusal = expect.objectContaining({
      kind: 'Unsupported',
      message: expect.stringMatching(/"eu".*local workerd has none.*deployed/),
      cause: expect.objectContaining({ message: expect.stringContaining('not implemented in workerd') }),
    })
    expect(() => durableObject(ledgers, { name: 'kept', jurisdiction: 'eu' })).toThrow(refusal)
    expect(() => durableObject(ledgers, { unique: true, jurisdiction: 'eu' })).toThrow(refusal)
    expect(() => openDurableDrivers({ ...env }, { jurisdiction: 'eu' })).toThrow(refusal)
  })

  it("real bindings fit the preset's needs, others do not", () => {
    const fits = Object.fromEntries(durableDedupe().bindings.map(({ name, fits }) => [name, fits]))
    expect(Object.keys(fits)).toEqual(['LEDGER', 'KV_OBJECT'])
    expect(fits['LEDGER']?.(env.LEDGER)).toBe(true)
    for (const other of [env.KV, env.BUCKET, env.QUEUE, undefined, null, 'LEDGER', {}]) {
      expect(isObjectNamespace(other)).toBe(false)
    }
  })
})

describe('types', () => {
  it("Cloudflare's are the ones described here", async () => {
    expectTypeOf<DurableObjectNamespace<LedgerObject>>().toExtend<
      ObjectNamespace<DurableObjectStub<LedgerObject>>
    >()
    expectTypeOf<DurableObjectState>().toExtend<ObjectState>()
    expectTypeOf<DurableObjectStub<LedgerObject>>().toExtend<LedgerCalls>()
    expectTypeOf<DurableObjectStub<LegacyLedgerObject>>().toExtend<LedgerCalls>()
    expectTypeOf<DurableObjectStub<KeyValueObject>>().toExtend<KvCalls>()
    expectTypeOf(durableObject(ledgers, { name: 'n' })).toEqualTypeOf<DurableObjectStub<LedgerObject>>()
    // @ts-expect-error An address is one of name, id and unique.
    expect(() => durableObject(ledgers, {})).not.toThrow()
    await runInDurableObject(durableObject(ledgers, { name: 'n' }), (object: LedgerObject) => {
      expectTypeOf(object.forget).parameters.toEqualTypeOf<[key: string]>()
    })
  })
})
