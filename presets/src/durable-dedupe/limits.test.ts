import { serialize } from 'node:v8'
import { ledgerSteps } from '@flowport/capabilities'
import { describe, expect, it } from 'vitest'
import type { ObjectStorage } from '../cloudflare/durable/object-state.ts'
import { durableDedupeInfo, durableKvInfo, legacyDedupeInfo } from './info.ts'
import type { Change, Step } from '../cloudflare/durable-ledger/ledger.ts'
import { LegacyRecords } from './legacy-records.ts'
import {
  answerBytes,
  legacyKeyBytes,
  legacyValueBytes,
  maxFingerprintBytes,
  recordOverheadBytes,
  rpcBytes,
  sqliteRowBytes,
} from '../cloudflare/durable-ledger/limits.ts'

describe('stated limits', () => {
  it('a ledger row fits a SQLite class with everything at its limit', () => {
    const { maxKeyBytes, maxResultBytes } = durableDedupeInfo.limits
    const row = maxKeyBytes + maxResultBytes + maxFingerprintBytes + recordOverheadBytes
    expect(row).toBeLessThanOrEqual(sqliteRowBytes)
  })

  it('a key-value row fits a SQLite class with everything at its limit', () => {
    const { maxKeyBytes, maxValueBytes, maxMetadataBytes } = durableKvInfo.limits
    const row = maxKeyBytes + maxValueBytes + maxMetadataBytes + recordOverheadBytes
    expect(row).toBeLessThanOrEqual(sqliteRowBytes)
  })

  it('an answer fits one call, even if V8 takes two bytes for each and one entry goes over', () => {
    expect(2 * (answerBytes + sqliteRowBytes)).toBeLessThan(rpcBytes)
  })

  it('a record fits a key-value class as V8 serialises it, with everything at its limit', async () => {
    const storage = new FakeStorage()
    const { maxKeyBytes, maxResultBytes } = legacyDedupeInfo.limits
    const records = new LegacyRecords(storage as unknown as ObjectStorage)
    const token = '00000000-0000-4000-8000-000000000000'
    const key = 'k'.repeat(maxKeyBytes)
    const now = Number.MAX_SAFE_INTEGER - 2
    // One wide character would make V8 keep the whole text in two bytes a character.
    const fingerprint = `€${'f'.repeat(maxFingerprintBytes - 3)}`
    const result = `€${'r'.repeat(maxResultBytes - 3)}`
    await records.change(key, (found) =>
      withIndex(ledgerSteps.begin(found, { now, minFence: now }, token, 1, fingerprint, {})),
    )
    expect(
      await records.change(key, (found) =>
        withIndex(ledgerSteps.complete(found, { now: 0, minFence: 0 }, token, result, 1)),
      ),
    ).toBe(true)
    const [[place, value] = ['', undefined]] = storage.entries
    expect(Buffer.byteLength(place)).toBe(legacyKeyBytes)
    expect(serialize(value).byteLength).toBeLessThanOrEqual(legacyValueBytes)
    expect(serialize(value).byteLength).toBeGreaterThan(maxResultBytes + maxFingerprintBytes)
  })
})

/** What a step leaves, with the id of the object that lists unknown keys. */
function withIndex<A>({ answer, record }: Step<A>): Change<A> {
  return record ? { answer, record: { ...record, index: 'f'.repeat(128) } } : { answer }
}

/** As much of a key-value class's storage as one step uses, in memory. */
class FakeStorage {
  readonly entries = new Map<string, unknown>()

  async get(key: string): Promise<unknown> {
    return this.entries.get(key)
  }

  async put(key: string, value: unknown): Promise<void> {
    this.entries.set(key, value)
  }
}
