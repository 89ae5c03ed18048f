import { describe, expect, it } from 'vitest'
import { type BlobDriver, createDedupeStore, logging, retry, silentLogger } from '@flowport/capabilities'
import { systemClock } from '@flowport/capabilities/system'
import { dedupeConformance } from '@flowport/capabilities/testing'
import { cephProfile } from '../../../test/support/ceph-profile.ts'
import { startRadosgw, withoutRadosgw } from '../../../test/support/radosgw.ts'
import { clientFor, createBucket } from '../../../test/support/s3-bucket.ts'
import { S3BlobDriver } from '../blob-driver.ts'
import { S3DedupeDriver } from './driver.ts'
import { s3DedupeInfo } from './info.ts'
import { proveConditionalWrites } from './prove.ts'
import { LedgerRecords } from './records.ts'

const server = await startRadosgw()

describe.skipIf(server === null)(
  `the ledger in a bucket${server === null ? `: ${withoutRadosgw}` : ''}`,
  () => {
    const opened = async (
      bucket: string,
      change: (blobs: BlobDriver) => Pick<BlobDriver, 'put' | 'delete' | 'list'>,
    ) => {
      if (server === null) throw new Error(withoutRadosgw)
      const client = clientFor(server, bucket)
      await createBucket(client)
      const blobs = new S3BlobDriver({ client, profile: cephProfile, log: silentLogger })
      const open = (prefix: string) => {
        const records = new LedgerRecords(client, change(blobs), prefix)
        return {
          records,
          driver: new S3DedupeDriver({
            info: s3DedupeInfo,
            records,
            check: (call) => blobs.check(call),
            clock: systemClock,
          }),
        }
      }
      return { blobs, open }
    }
    const honest = (blobs: BlobDriver) => blobs

    for (const [how, layers, maxTtlWaitMs] of [
      ['bare', [], 10_000],
      ['layered', [logging({ log: silentLogger }), retry({ clock: systemClock, log: silentLogger })], 0],
    ] as const) {
      let store: Awaited<ReturnType<typeof opened>> | undefined
      let count = 0
      dedupeConformance(`s3 dedupe, ${how}`, {
        clock: 'real',
        maxTtlWaitMs,
        async open() {
          store ??= await opened(`ledger-${how}`, honest)
          const prefix = `case-${count++}/`
          const make = () =>
            createDedupeStore((store as NonNullable<typeof store>).open(prefix).driver, { layers })
          return { dedupe: make(), reopen: async () => make() }
        },
      })
    }

    it('is proven where the endpoint keeps conditional writes, and leaves nothing behind', async () => {
      const { blobs, open } = await opened('proof-honest', honest)
      await proveConditionalWrites(open('dedupe/').records)
      expect((await blobs.list({ prefix: '', limit: 10 })).objects).toEqual([])
    })

    it('is refused where creating is not for one writer only', async () => {
      const { blobs, open } = await opened('proof-create', (driver) => ({
        put: (key, body, put) => driver.put(key, body, { ...put, ifNoneMatch: undefined }),
        delete: (key, call) => driver.delete(key, call),
        list: (options) => driver.list(options),
      }))
      await expect(proveConditionalWrites(open('dedupe/').records)).rejects.toMatchObject({
        kind: 'Misconfigured',
        code: 'S3_CONDITIONAL_WRITES',
        message: expect.stringContaining('8 of 8 writers at once created one object'),
      })
      expect((await blobs.list({ prefix: '', limit: 10 })).objects).toEqual([])
    })

    it('is refused where a version can be replaced twice', async () => {
      const { open } = await opened('proof-replace', (driver) => ({
        put: (key, body, put) => driver.put(key, body, { ...put, ifMatch: undefined }),
        delete: (key, call) => driver.delete(key, call),
        list: (options) => driver.list(options),
      }))
      await expect(proveConditionalWrites(open('dedupe/').records)).rejects.toThrow(
        /8 of 8 writers at once replaced one version/,
      )
    })

    it('takes no lease over that was renewed after it was read, though the renewal looks the same', async () => {
      const { open } = await opened('renewal', honest)
      const { driver, records } = open('dedupe/')
      const call = {}
      expect(await driver.begin('key', 'holder', 60_000, 'f', call)).toMatchObject({ state: 'fresh' })
      const objectKey = await records.objectKey('key')
      const seen = await records.get(objectKey, call)
      expect(await driver.renew('key', 'holder', 60_000, call)).toBe(true)
      const taken = {
        state: 'held',
        token: 'thief',
        fingerprint: 'f',
        result: 'null',
        lifeMs: 60_000,
        started: true,
        fence: 1,
      } as const
      expect(await records.put(objectKey, taken, { ifMatch: seen?.etag ?? '' }, call)).toBe(false)
      expect(await driver.begin('key', 'other', 60_000, 'f', call)).toMatchObject({ state: 'in_flight' })
    })

    it('tells an answer that was lost from a key somebody else has', async () => {
      const { open } = await opened('lost-answer', (driver) => {
        let lost = false
        return {
          async put(key, body, put) {
            const object = await driver.put(key, body, put)
            if (lost) return object
            lost = true
            throw new Error('the answer was lost')
          },
          delete: (key, call) => driver.delete(key, call),
          list: (options) => driver.list(options),
        }
      })
      const { driver } = open('dedupe/')
      await expect(driver.begin('key', 'mine', 60_000, 'f', {})).rejects.toThrow('lost')
      expect(await driver.begin('key', 'mine', 60_000, 'f', {})).toMatchObject({ state: 'fresh' })
      expect(await driver.begin('key', 'other', 60_000, 'f', {})).toMatchObject({ state: 'in_flight' })
    })

    it('lists unknown keys a page at a time, each of which looks at no more objects than it may have keys', async () => {
      const { blobs, open } = await opened('listing', honest)
      const { driver, records } = open('dedupe/')
      let reads = 0
      const get = records.get.bind(records)
      records.get = (...args) => {
        reads += 1
        return get(...args)
      }
      const fences = new Map<string, number>()
      for (let i = 0; i < 12; i++) {
        const key = `t:key-${i}`
        const begun = await driver.begin(key, `token-${i}`, 60_000, 'f', { started: true })
        if (begun.state !== 'fresh') return expect.fail('a new key must be fresh')
        if (i % 3 !== 0) await driver.complete(key, `token-${i}`, '1', 60_000, {})
        else if (await driver.renew(key, `token-${i}`, 0, {})) fences.set(key, begun.fence)
      }
      const junk = new TextEncoder().encode('{"some":"file"}')
      await blobs.put('dedupe/0000-foreign', junk, { contentType: null, metadata: {} })
      await blobs.put('other/object', junk, { contentType: null, metadata: {} })
      const found = new Map<string, number>()
      let cursor: string | null = null
      do {
        reads = 0
        const page = await driver.unknowns(cursor, 5, {})
        expect(reads).toBeLessThanOrEqual(5)
        for (const { key, fence } of page.keys) found.set(key, fence)
        cursor = page.cursor
      } while (cursor !== null)
      expect(found).toEqual(fences)
    })

    it('does not list the unknown keys of an earlier version, which have only a digest, and shows them', async () => {
      const { open } = await opened('unnamed', honest)
      const { driver, records } = open('dedupe/')
      const old = { state: 'held', token: 't', fingerprint: 'f', result: 'null', lifeMs: 0 } as const
      const objectKey = await records.objectKey('t:key')
      await records.put(objectKey, { ...old, started: true, fence: 7 }, { ifNoneMatch: '*' }, {})
      expect(await driver.unknowns(null, 10, {})).toEqual({ keys: [], cursor: null })
      expect(await driver.look('t:key', {})).toMatchObject({ state: 'unknown', fence: 7 })
      expect(await driver.takeOver('t:key', 'next', 60_000, 7, {})).toBe(8)
      expect(await driver.renew('t:key', 'next', 0, {})).toBe(true)
      expect((await driver.unknowns(null, 10, {})).keys).toMatchObject([{ key: 't:key', fence: 8 }])
    })

    it('names an object in place of a record that is not one', async () => {
      const { blobs, open } = await opened('foreign', honest)
      const { driver, records } = open('dedupe/')
      const body = new TextEncoder().encode('{"some":"file"}')
      await blobs.put(await records.objectKey('key'), body, { contentType: null, metadata: {} })
      await expect(driver.begin('key', 't', 1000, 'f', {})).rejects.toMatchObject({ kind: 'Corrupt' })
      await driver.forget('key', {})
      expect(await driver.begin('key', 't', 1000, 'f', {})).toMatchObject({ state: 'fresh' })
    })
  },
)
