/** The suite can fail: each lying driver breaks one promise, and the cases named for it refuse the driver. */
import { describe, expect, it } from 'vitest'
import { afterApplying } from '../applied.ts'
import { createBlobStore } from '../blob/blob-store.ts'
import type { BlobDriver, BlobDriverPage, BlobDriverPut } from '../blob/driver.ts'
import { isKind } from '../error.ts'
import type { BlobCapabilityInfo } from '../guarantees/info.ts'
import { memoryBlobDriver } from '../memory/blob.ts'
import type { Seed } from './blob/seeded.ts'
import { type BlobHarness, blobCases, openBlobSubject } from './blob-conformance.ts'
import { runCase } from './conformance.ts'
import { LostAnswers } from './lost-answers.ts'

type Lie = (honest: BlobDriver) => Partial<BlobDriver>
type Body = Parameters<BlobDriver['put']>[1]

const lost = new LostAnswers()

interface Caught {
  readonly lie: string
  readonly caught: readonly string[]
  readonly as: Lie
  readonly limits?: Partial<BlobCapabilityInfo['limits']>
  /** The honest driver is excused from the case, as it does not make the claim. */
  readonly excused?: true
}

const lies: readonly Caught[] = [
  {
    lie: 'publishes half an object when its source fails or its caller leaves',
    caught: [
      'a source that fails midway leaves nothing, tells its error as the cause, and is let go',
      'a source that fails midway leaves the old object',
      'a signal that fires midway ends the put, leaves nothing, and the source is let go',
      'a signal that fires midway leaves the old object',
      'a body longer than its size is InvalidInput and leaves nothing',
      'a body shorter than its size is InvalidInput and leaves nothing',
      'a wrong size leaves the old object',
      'a body of exactly maxBytes is stored, a longer one is LimitExceeded and leaves nothing',
    ],
    as: (honest) => ({
      put: async (key, body, put) => {
        if (body instanceof Uint8Array) return honest.put(key, body, put)
        const parts: Uint8Array<ArrayBuffer>[] = []
        const store = async () =>
          honest.put(key, new Uint8Array(await new Blob(parts).arrayBuffer()), { ...put, signal: undefined })
        try {
          for await (const part of body) parts.push(part)
        } catch (error) {
          await store()
          throw error
        }
        return store()
      },
    }),
  },
  {
    lie: 'removes the old object before the new one is whole',
    caught: [
      'a source that fails midway leaves the old object',
      'a signal that fires midway leaves the old object',
      'a wrong size leaves the old object',
    ],
    as: (honest) => ({
      put: async (key, body, put) => {
        await honest.delete(key, {})
        return honest.put(key, body, put)
      },
    }),
  },
  {
    lie: 'pays no heed to the end of a range',
    caught: [
      'an offset and a length read just those bytes',
      'a range of a multi-megabyte object streams just its bytes',
    ],
    as: (honest) => ({
      get: (key, { range, ...get }) =>
        honest.get(key, { ...get, range: range && 'offset' in range ? { offset: range.offset } : range }),
    }),
  },
  {
    lie: 'sends the bytes of a range that is one too long',
    caught: ['an offset and a length read just those bytes'],
    as: (honest) => ({
      get: async (key, get) => {
        const opened = await honest.get(key, get)
        if (opened === null || get.range === undefined) return opened
        const whole = await honest.get(key, { range: { offset: opened.start } })
        return { ...opened, body: whole?.body ?? new Uint8Array(0) }
      },
    }),
  },
  {
    lie: 'takes a suffix for an offset',
    caught: ['a suffix reads the last bytes, or all when it is longer than the object'],
    as: (honest) => ({
      get: (key, { range, ...get }) =>
        honest.get(key, { ...get, range: range && 'suffix' in range ? { offset: range.suffix } : range }),
    }),
  },
  {
    lie: 'answers a range after the end with nothing',
    caught: [
      'a range that starts at or after the end is RangeNotSatisfied',
      'every range of an empty object is RangeNotSatisfied',
    ],
    as: (honest) => ({
      get: async (key, get) => {
        try {
          return await honest.get(key, get)
        } catch (error) {
          if (isKind(error, 'RangeNotSatisfied')) return null
          throw error
        }
      },
    }),
  },
  {
    lie: 'ends a large body early',
    caught: [
      'a multi-megabyte object comes back with the same digest, from bytes and from a stream of unknown length',
      'a slow reader of a large object gets all of it',
    ],
    as: (honest) => ({
      get: async (key, get) => {
        const opened = await honest.get(key, get)
        if (opened === null || opened.body instanceof Uint8Array) return opened
        let left = opened.end - opened.start - 100_000
        const cut = new TransformStream<Uint8Array<ArrayBuffer>, Uint8Array<ArrayBuffer>>({
          transform(chunk, controller) {
            if (left > 0) controller.enqueue(chunk.subarray(0, left))
            left -= chunk.byteLength
          },
        })
        return { ...opened, body: opened.body.pipeThrough(cut) }
      },
    }),
  },
  {
    lie: 'stores before it has read all',
    caught: [
      'the source is asked for no more than the store has taken, and a chunk',
      'an object of zero bytes is an object, from text, bytes, Blob and stream',
    ],
    as: (honest) => ({
      put: (key, body, put) => honest.put(key, body instanceof Uint8Array ? body : firstByte(body), put),
    }),
  },
  {
    lie: 'drops content types',
    caught: [
      'the content type comes back as it was',
      'the type of a Blob is its content type, unless another is given',
    ],
    as: (honest) => ({ put: (key, body, put) => honest.put(key, body, { ...put, contentType: null }) }),
  },
  {
    lie: 'drops metadata',
    caught: ['metadata comes back as it was, unicode values too', 'metadata names are kept in lower case'],
    as: (honest) => ({ put: (key, body, put) => honest.put(key, body, { ...put, metadata: {} }) }),
  },
  {
    lie: 'keeps metadata in Latin-1',
    caught: ['metadata comes back as it was, unicode values too'],
    as: (honest) => ({
      put: (key, body, put) =>
        honest.put(key, body, {
          ...put,
          metadata: Object.fromEntries(
            Object.entries(put.metadata).map(([name, value]) => [
              name,
              value.replaceAll(/[\u0100-\uffff]/g, '?'),
            ]),
          ),
        }),
    }),
  },
  {
    lie: 'drops metadata and content type on copying',
    caught: ['copy makes an object of its own with the same content'],
    as: (honest) => ({
      copy: async (from, to) => {
        const opened = await honest.get(from, {})
        return opened && honest.put(to, opened.body, { contentType: null, metadata: {} })
      },
    }),
  },
  {
    lie: 'copies nothing when the source is absent, and says it did',
    caught: ['copying what is absent is NotFound and leaves the target'],
    as: (honest) => ({
      copy: async (from, to, call) => (await honest.copy?.(from, to, call)) ?? honest.head(to, call),
    }),
  },
  {
    lie: 'checks a creation before it writes, not while',
    caught: ['of 64 creators exactly one wins', 'of 64 creators that stream exactly one wins'],
    as: (honest) => ({ put: (key, body, put) => checkedEarly(honest, key, body, put) }),
  },
  {
    lie: 'checks ifMatch before it writes, not while',
    caught: [
      'of 64 writers with the same ifMatch exactly one wins',
      'a counter kept by compare-and-swap loses no increment of eight writers',
    ],
    as: (honest) => ({ put: (key, body, put) => checkedEarly(honest, key, body, put) }),
  },
  {
    lie: 'forgets conditions',
    caught: [
      'ifNoneMatch "*" creates once, then is AlreadyExists and changes nothing',
      'ifMatch replaces that version only, else is ConditionNotMatch and changes nothing',
      'ifMatch on an absent object is ConditionNotMatch and stores nothing',
      'a refused stream is let go',
    ],
    as: (honest) => ({
      put: (key, body, put) => honest.put(key, body, { ...put, ifMatch: undefined, ifNoneMatch: undefined }),
    }),
  },
  {
    lie: 'forgets ifMatch on reading',
    caught: ['get with ifMatch reads that version only'],
    as: (honest) => ({ get: (key, get) => honest.get(key, { ...get, ifMatch: undefined }) }),
  },
  {
    lie: 'makes the etag of the size',
    caught: ['consistency strong: a write is seen by the very next read'],
    as: (honest) => {
      let n = 0
      return {
        put: async (key, body, put) => ({ ...(await honest.put(key, body, put)), etag: `other-${n++}` }),
      }
    },
  },
  {
    lie: 'keeps objects half as large as it states',
    caught: ['an object of exactly maxObjectBytes is kept, one byte more is LimitExceeded'],
    limits: { maxObjectBytes: 1_000_000 },
    as: (honest) => {
      const real = memoryBlobDriver({ limits: { maxObjectBytes: 500_000 } })
      return { put: (key, body, put) => real.put(key, body, put), get: (key, get) => honest.get(key, get) }
    },
  },
  {
    lie: 'cuts keys at half of maxKeyBytes',
    caught: [
      'a key of exactly maxKeyBytes is kept, one byte more is LimitExceeded',
      'maxKeyBytes counts UTF-8 bytes, not characters',
    ],
    as: renamed((key) => key.slice(0, 300)),
  },
  {
    lie: 'cuts long segments',
    caught: ['a deep path and a long segment are kept'],
    as: renamed((key) =>
      key
        .split('/')
        .map((part) => part.slice(0, 255))
        .join('/'),
    ),
  },
  {
    lie: 'keeps less metadata than it states',
    caught: ['metadata of exactly maxMetadataBytes is kept, one byte more is LimitExceeded'],
    as: (honest) => ({
      put: (key, body, put) => {
        if (JSON.stringify(put.metadata).length > 1000) throw new Error('too much metadata')
        return honest.put(key, body, put)
      },
    }),
  },
  {
    lie: 'folds case',
    caught: ['keys that differ in case only are kept apart'],
    as: renamed((key) => key.toLowerCase()),
  },
  {
    lie: 'normalises keys',
    caught: [
      'composed and decomposed characters are different keys',
      'awkward segments within a path are kept apart',
    ],
    as: renamed((key) => key.normalize('NFC')),
  },
  {
    lie: 'decodes percent signs',
    caught: ['awkward keys are kept apart', 'awkward segments within a path are kept apart'],
    as: renamed((key) => key.replaceAll('%2F', '/').replaceAll('%20', ' ')),
  },
  {
    lie: 'strips control characters',
    caught: ['keys with control characters are kept apart'],
    as: renamed((key) => key.replaceAll(/\p{Cc}/gu, '')),
  },
  {
    lie: 'has directories where other keys have objects',
    caught: ['a key that is the beginning of another is kept apart, also where it would be its directory'],
    as: (honest) => ({
      put: async (key, body, put) => {
        const page = await honest.list({ prefix: `${key}/`, limit: 1 })
        if (page.objects.length > 0) throw new Error('EISDIR')
        const above = key
          .split('/')
          .slice(0, -1)
          .map((_, i, parts) => parts.slice(0, i + 1).join('/'))
        for (const parent of above) if ((await honest.head(parent, {})) !== null) throw new Error('ENOTDIR')
        return honest.put(key, body, put)
      },
    }),
  },
  {
    lie: 'lists in UTF-16 order',
    caught: ['objects list in UTF-8 byte order, however they were written, on pages of any size'],
    as: (honest) => ({
      list: async (list) => sorted(await honest.list({ ...list, limit: 1000 }), (a, b) => (a < b ? -1 : 1)),
    }),
  },
  {
    lie: 'lists path after path',
    caught: ['the order is that of the whole key, not of path after path'],
    as: (honest) => ({
      list: async (list) =>
        sorted(await honest.list({ ...list, limit: 1000 }), (a, b) =>
          a.replaceAll('/', '\0') < b.replaceAll('/', '\0') ? -1 : 1,
        ),
    }),
  },
  {
    lie: 'stops listing at 1000 objects',
    caught: ['more than a thousand objects (1103) are listed, none lost and none twice'],
    as: (honest) => ({ list: async (list) => ({ ...(await honest.list(list)), cursor: undefined }) }),
  },
  {
    lie: 'takes the cursor for a count of objects',
    caught: [
      'objects deleted between pages cost no other its place',
      'objects added between pages cost no other its place and repeat none',
    ],
    as: (honest) => ({
      list: async ({ cursor, limit, ...list }) => {
        const { objects } = await honest.list({ ...list, limit: 1000 })
        const start = Number(cursor ?? 0)
        const page = objects.slice(start, start + limit)
        return {
          objects: page,
          prefixes: [],
          cursor: start + limit < objects.length ? String(start + limit) : undefined,
        }
      },
    }),
  },
  {
    lie: 'takes any cursor',
    caught: ['a malformed cursor is InvalidInput'],
    as: (honest) => ({
      list: async (list) => {
        try {
          return await honest.list(list)
        } catch (error) {
          if (isKind(error, 'InvalidInput')) return { objects: [], prefixes: [] }
          throw error
        }
      },
    }),
  },
  {
    lie: 'repeats a group on the next page',
    caught: ['groups and objects share pages, and no page repeats a group'],
    as: (honest) => {
      let last: readonly string[] = []
      return {
        list: async (list) => {
          const page = await honest.list(list)
          const prefixes = [...last, ...page.prefixes]
          last = page.cursor === undefined ? [] : page.prefixes.slice(-1)
          return { ...page, prefixes }
        },
      }
    },
  },
  {
    lie: 'knows no delimiter but "/"',
    caught: ['a delimiter may be other text than "/"'],
    as: (honest) => ({ list: (list) => honest.list({ ...list, delimiter: list.delimiter && '/' }) }),
  },
  {
    lie: 'lists only whole segments of a prefix',
    caught: ['a prefix selects exactly the keys that start with it, within a segment too'],
    as: (honest) => ({
      list: (list) =>
        honest.list({ ...list, prefix: list.prefix.slice(0, list.prefix.lastIndexOf('/') + 1) }),
    }),
  },
  {
    lie: 'tells another size in a listing',
    caught: ['a listing tells size, etag and time as head does'],
    as: (honest) => ({
      list: async (list) => {
        const page = await honest.list(list)
        return { ...page, objects: page.objects.map((object) => ({ ...object, size: 0 })) }
      },
    }),
  },
  {
    lie: 'states strong consistency and lists late',
    caught: ['consistency strong: a write is seen by the very next list'],
    as: (honest) => {
      let before: BlobDriverPage = { objects: [], prefixes: [] }
      return {
        list: async (list) => {
          const late = before
          before = await honest.list(list)
          return late
        },
      }
    },
  },
  {
    lie: 'states strong consistency and reads late',
    caught: ['consistency strong: a write is seen by the very next read'],
    as: (honest) => {
      const seen = new Map<string, Awaited<ReturnType<BlobDriver['head']>>>()
      return {
        head: async (key, call) => {
          if (!seen.has(key)) seen.set(key, await honest.head(key, call))
          return seen.get(key) ?? null
        },
      }
    },
  },
  {
    lie: 'states durability and forgets',
    caught: ['durability durable: objects are there after closing and opening the store'],
    as: (honest) => ({ info: { ...honest.info, durability: 'durable' } }),
    excused: true,
  },
  {
    lie: 'states presigned URLs that read something else',
    caught: ['a presigned URL reads the object without credentials'],
    as: (honest) => ({
      info: { ...honest.info, features: { ...honest.info.features, presign: true } },
      presign: () => new URL('data:text/plain,other'),
    }),
    excused: true,
  },
  {
    lie: 'states presign and refuses',
    caught: ['a presigned URL writes the object without credentials'],
    as: (honest) => ({
      info: { ...honest.info, features: { ...honest.info.features, presign: true } },
      presign: () => {
        throw new Error('not really')
      },
    }),
    excused: true,
  },
  {
    lie: 'keeps the bytes it lends',
    caught: ['the buffer given to put may be used again, and what was read may be changed'],
    as: (honest) => {
      const kept = new Map<string, Uint8Array<ArrayBuffer>>()
      return {
        put: (key, body, put) => {
          if (body instanceof Uint8Array) kept.set(key, body)
          return honest.put(key, body, put)
        },
        get: async (key, get) => {
          const opened = await honest.get(key, get)
          const body = kept.get(key)
          return opened && body ? { ...opened, body } : opened
        },
      }
    },
  },
  {
    lie: 'keeps the chunks it was given',
    caught: ['a source stream may use one buffer for all its chunks'],
    as: (honest) => ({
      put: async (key, body, put) => {
        if (body instanceof Uint8Array) return honest.put(key, body, put)
        const parts: Uint8Array<ArrayBuffer>[] = []
        for await (const part of body) parts.push(part)
        return honest.put(key, new Uint8Array(await new Blob(parts).arrayBuffer()), put)
      },
    }),
  },
  {
    lie: 'states that it only reads, and writes',
    caught: [
      'every write is Unsupported where the store only reads, changes nothing, and lets its stream go',
    ],
    as: (honest) => ({ info: { ...honest.info, features: { ...honest.info.features, write: false } } }),
    excused: true,
  },
  {
    lie: 'states that it does not list, and lists',
    caught: ['listing is Unsupported where the store cannot'],
    as: (honest) => ({ info: { ...honest.info, features: { ...honest.info.features, list: false } } }),
    excused: true,
  },
  {
    lie: 'stores keys it states to refuse',
    caught: ['awkward keys are kept apart', 'keys with control characters are kept apart'],
    as: (honest) => ({
      info: { ...honest.info, extensions: { 'dev.flowport.blob.refusedKeys': String.raw`\s$` } },
    }),
  },
  {
    lie: 'deletes no more than 100 objects in bulk',
    caught: ['delete removes the object, deleteMany those that are there and more than maxBulkKeys'],
    as: (honest) => ({ deleteMany: (keys, call) => honest.deleteMany?.(keys.slice(0, 100), call) }),
  },
  {
    lie: 'takes an empty object for none',
    caught: ['an object of zero bytes is an object, from text, bytes, Blob and stream'],
    as: (honest) => ({
      head: async (key, call) => {
        const object = await honest.head(key, call)
        return object?.size ? object : null
      },
    }),
  },
  {
    lie: 'says that a write whose answer was lost was not applied',
    caught: [
      'a write whose answer is lost does not say that it was not applied',
      'a conditional write whose answer is lost does not say that it was not applied',
    ],
    as: (honest) => ({
      put: (key, body, put) => lost.of(honest.put(key, body, put), 'no'),
      delete: (key, call) => lost.of(honest.delete(key, call), 'no'),
    }),
  },
  {
    lie: 'says that a copy whose answer was lost was not applied',
    caught: ['a write whose answer is lost does not say that it was not applied'],
    as: (honest) => ({
      copy: (from, to, call) => lost.of(honest.copy?.(from, to, call) ?? null, 'no'),
    }),
  },
  {
    lie: 'says that a write it refused may have been applied',
    caught: [
      'a condition of a create that does not hold says that nothing was applied',
      'a condition of a replace that does not hold says that nothing was applied',
    ],
    as: (honest) => ({
      put: async (key, body, put) => afterApplying(() => honest.put(key, body, put)),
    }),
  },
]

describe('the blob suite', () => {
  const cases = blobCases.flatMap((group) => group.cases)

  it('has at least 60 cases, each with a name of its own', () => {
    expect(new Set(cases.map(({ name }) => name)).size).toBe(cases.length)
    expect(cases.length).toBeGreaterThanOrEqual(60)
  })

  for (const { lie, caught, as, limits, excused } of lies) {
    for (const name of caught) {
      it(`catches a driver that ${lie}: ${name}`, async () => {
        const found = cases.find((one) => one.name === name) ?? expect.fail(`there is no case "${name}"`)
        const liar = harnessOf(as, limits)
        await expect(runCase(found, (clock) => openBlobSubject(liar, clock))).rejects.toThrow()
        const honest = harnessOf(() => ({}), limits)
        const reason = await runCase(found, (clock) => openBlobSubject(honest, clock))
        expect(reason === null).toBe(excused !== true)
      })
    }
  }
})

function harnessOf(as: Lie, limits?: Partial<BlobCapabilityInfo['limits']>): BlobHarness {
  return {
    clock: 'manual',
    largeBytes: 1_000_001,
    loseAnswers: lost.loseAnswers,
    open: ({ clock }) => {
      const create = () => {
        const honest = memoryBlobDriver({ clock, ...(limits === undefined ? {} : { limits }) })
        return { honest, blob: createBlobStore(lying(honest, as(honest))) }
      }
      const { honest, blob } = create()
      return {
        blob,
        reopen: () => create().blob,
        ...(blob.info.features.write === false && { seed: seedOf(honest) }),
      }
    },
  }
}

/** Writes past a store that says it only reads. */
function seedOf(honest: BlobDriver): Seed {
  return {
    put: async (key, bytes) => {
      await honest.put(key, bytes, { contentType: null, metadata: {} })
    },
    delete: (key) => honest.delete(key, {}),
  }
}

/** The honest driver, but for the lie. */
function lying(honest: BlobDriver, lie: Partial<BlobDriver>): BlobDriver {
  return {
    info: honest.info,
    head: (key, call) => honest.head(key, call),
    get: (key, get) => honest.get(key, get),
    put: (key, body, put) => honest.put(key, body, put),
    delete: (key, call) => honest.delete(key, call),
    list: (list) => honest.list(list),
    copy: (from, to, call) => honest.copy?.(from, to, call) ?? null,
    ...lie,
  }
}

function renamed(rename: (key: string) => string): Lie {
  return (honest) => ({
    head: (key, call) => honest.head(rename(key), call),
    get: (key, get) => honest.get(rename(key), get),
    put: (key, body, put) => honest.put(rename(key), body, put),
    delete: (key, call) => honest.delete(rename(key), call),
  })
}

async function checkedEarly(honest: BlobDriver, key: string, body: Body, put: BlobDriverPut) {
  const before = await honest.head(key, {})
  if (put.ifNoneMatch !== undefined && before !== null) return honest.put(key, body, put)
  if (put.ifMatch !== undefined && before?.etag !== put.ifMatch) return honest.put(key, body, put)
  await Promise.resolve()
  return honest.put(key, body, { ...put, ifMatch: undefined, ifNoneMatch: undefined })
}

function sorted(page: BlobDriverPage, compare: (a: string, b: string) => number): BlobDriverPage {
  return { ...page, objects: page.objects.toSorted((a, b) => compare(a.key, b.key)) }
}

/** Gives something else while the body is still coming. */
function firstByte(body: ReadableStream<Uint8Array<ArrayBuffer>>): Uint8Array<ArrayBuffer> {
  body
    .getReader()
    .read()
    .catch(() => undefined)
  return new Uint8Array(1)
}
