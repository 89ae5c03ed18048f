import { env } from 'cloudflare:workers'
import {
  type CapabilityError,
  createDedupeStore,
  createKeyValue,
  type DedupeStore,
  type KeyValue,
} from '@flowport/capabilities'
import { describe, expect, it } from 'vitest'
import type { DurableDedupeOptions } from '../../src/durable-dedupe/declaration.ts'
import { openDurableDrivers } from '../../src/durable-dedupe/drivers.ts'
import { maxFingerprintBytes } from '../../src/cloudflare/durable-ledger/limits.ts'

const minute = 60_000
const leaseMs = minute
const fingerprint = 'f'

function dedupeStore(options: DurableDedupeOptions): DedupeStore {
  const { dedupe } = openDurableDrivers({ ...env }, options)
  return createDedupeStore(dedupe ?? expect.fail('the driver is missing'))
}

const legacy = { storage: 'legacy-kv', binding: 'LEGACY_LEDGER' } as const

/** Does `work` at the sizes around a limit and tells how each ended. */
async function around(limit: number, work: (bytes: number) => Promise<unknown>): Promise<readonly string[]> {
  const ends: string[] = []
  for (const bytes of [limit - 1, limit, limit + 1]) {
    ends.push(
      await work(bytes).then(
        () => 'done',
        (error: CapabilityError) => error.kind,
      ),
    )
  }
  return ends
}

const edge = ['done', 'done', 'LimitExceeded']

describe('one under, at, and one over each limit', () => {
  for (const [kind, options] of Object.entries({ sqlite: {}, legacy })) {
    const dedupe = () => dedupeStore({ name: `limits-${kind}`, ...options })

    it(`${kind} ledger: the key`, async () => {
      const { limits } = dedupe().info
      const reserve = (bytes: number) => dedupe().putIfAbsent('k'.repeat(bytes - 't:'.length), minute)
      expect(await around(limits.maxKeyBytes, reserve)).toEqual(edge)
    })

    it(`${kind} ledger: the result`, async () => {
      const { limits } = dedupe().info
      const complete = async (bytes: number) => {
        const begun = await dedupe().begin(`result ${bytes}`, { leaseMs, fingerprint })
        if (begun.state !== 'fresh') return expect.fail('the key is not fresh')
        return dedupe().complete(`result ${bytes}`, begun.token, 'r'.repeat(bytes - '""'.length), minute)
      }
      expect(await around(limits.maxResultBytes, complete)).toEqual(edge)
    })

    it(`${kind} ledger: the fingerprint`, async () => {
      const begin = (bytes: number) =>
        dedupe().begin(`fingerprint ${bytes}`, { leaseMs, fingerprint: 'f'.repeat(bytes) })
      expect(await around(maxFingerprintBytes, begin)).toEqual(edge)
    })

    it(`${kind} ledger: all three at their limits are kept together`, async () => {
      const store = dedupe()
      const { maxKeyBytes, maxResultBytes } = store.info.limits
      const [key, print] = ['ü'.repeat((maxKeyBytes - 2) / 2), 'é'.repeat(maxFingerprintBytes / 2)]
      // One wide character makes V8 keep the whole text in two bytes a character.
      const result = `€${'x'.repeat(maxResultBytes - 5)}`
      const begun = await store.begin(key, { leaseMs, fingerprint: print })
      if (begun.state !== 'fresh') return expect.fail('the key is not fresh')
      expect(await store.complete(key, begun.token, result, minute)).toBe(true)
      const found = await store.begin(key, { leaseMs, fingerprint: print })
      expect(found.state === 'done' && found.result === result).toBe(true)
    })
  }

  it('a key-value class bound for a SQLite one refuses what it would not store where it is deployed', async () => {
    const store = dedupeStore({ name: 'mistaken', binding: 'LEGACY_LEDGER' })
    await expect(store.putIfAbsent('k'.repeat(2046), minute)).rejects.toMatchObject({ kind: 'LimitExceeded' })
    const begun = await store.begin('key', { leaseMs, fingerprint })
    if (begun.state !== 'fresh') return expect.fail('the key is not fresh')
    await expect(store.complete('key', begun.token, 'r'.repeat(131_072), minute)).rejects.toMatchObject({
      kind: 'LimitExceeded',
      message: expect.stringContaining("storage: 'legacy-kv'"),
    })
    expect((await store.begin('key', { leaseMs, fingerprint })).state).toBe('in_flight')
  })

  const kv = (): KeyValue => {
    const { kv } = openDurableDrivers({ ...env }, { name: 'limits' })
    return createKeyValue(kv ?? expect.fail('the driver is missing'))
  }

  it('kv: the key, the value and the metadata', async () => {
    const { maxKeyBytes, maxValueBytes, maxMetadataBytes } = kv().info.limits
    expect(await around(maxKeyBytes, (bytes) => kv().put('k'.repeat(bytes), ''))).toEqual(edge)
    expect(await around(maxValueBytes, (bytes) => kv().put('key', new Uint8Array(bytes)))).toEqual(edge)
    expect(await around(maxValueBytes, (bytes) => kv().put('key', 'v'.repeat(bytes)))).toEqual(edge)
    const withMetadata = (bytes: number) => kv().put('key', '', { metadata: 'm'.repeat(bytes - '""'.length) })
    expect(await around(maxMetadataBytes, withMetadata)).toEqual(edge)
  })

  it('kv: all three at their limits are kept together', async () => {
    const { maxKeyBytes, maxValueBytes, maxMetadataBytes } = kv().info.limits
    const [key, value] = ['ü'.repeat(maxKeyBytes / 2), `€${'x'.repeat(maxValueBytes - 3)}`]
    const metadata = 'm'.repeat(maxMetadataBytes - 2)
    await kv().put(key, value, { metadata })
    const entry = await kv().getWithMetadata(key)
    expect(entry?.value === value && entry.metadata === metadata).toBe(true)
  })

  it('kv: pages and their limit', async () => {
    expect(await around(kv().info.limits.maxListKeys, (limit) => kv().list({ limit }))).toEqual([
      'done',
      'done',
      'InvalidInput',
    ])
  })
})
