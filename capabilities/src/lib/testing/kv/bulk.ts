/** Key-value cases: many keys in one call. */
import { expect } from 'vitest'
import { each, refused, type ConformanceGroup } from '../conformance.ts'
import { everyByte } from '../samples.ts'
import type { KvSubject } from './subject.ts'

export const bulk: ConformanceGroup<KvSubject> = {
  name: 'bulk',
  cases: [
    {
      name: 'getMany has one entry for each distinct key, null where it is absent',
      async run({ kv, eventually }) {
        await kv.put('a', '1')
        await kv.put('b', '2')
        await eventually(async () => {
          expect([...(await kv.getMany(['b', 'absent', 'a', 'b', 'a']))]).toEqual([
            ['b', '2'],
            ['absent', null],
            ['a', '1'],
          ])
        })
      },
    },
    {
      name: 'getMany and deleteMany of no keys do nothing',
      async run({ kv }) {
        expect(await kv.getMany([])).toEqual(new Map())
        await kv.deleteMany([])
      },
    },
    {
      name: 'getMany reads JSON and bytes',
      async run({ kv, eventually }) {
        await kv.put('json', { json: { n: 1 } })
        await kv.put('bytes', everyByte)
        await eventually(async () => {
          expect((await kv.getMany(['json'], { as: 'json' })).get('json')).toEqual({ n: 1 })
          expect((await kv.getMany(['bytes'], { as: 'bytes' })).get('bytes')).toEqual(everyByte)
        })
        await refused(kv.getMany(['json', 'bytes'], { as: 'json' }), 'Corrupt')
      },
    },
    {
      name: 'getMany takes awkward names as keys, not as properties',
      async run({ kv, eventually }) {
        await kv.put('__proto__', 'p')
        await kv.put('constructor', 'c')
        await eventually(async () => {
          expect([...(await kv.getMany(['__proto__', 'constructor', 'toString']))]).toEqual([
            ['__proto__', 'p'],
            ['constructor', 'c'],
            ['toString', null],
          ])
        })
      },
    },
    {
      name: 'deleteMany removes those that are there and leaves the rest',
      async run({ kv, eventually }) {
        for (const key of ['a', 'b', 'c']) await kv.put(key, 'value')
        await kv.deleteMany(['a', 'absent', 'c', 'a'])
        await eventually(async () => {
          expect([...(await kv.getMany(['a', 'b', 'c'])).values()]).toEqual([null, 'value', null])
        })
      },
    },
    {
      name: 'more keys than maxBulkKeys are read and deleted in one call',
      async run({ kv, info, eventually }) {
        const most = info.limits.maxBulkKeys
        const keys = Array.from({ length: most <= 1000 ? most + 3 : 250 }, (_, i) => `bulk/${i}`)
        await each(keys, (key) => kv.put(key, key))
        await eventually(async () => {
          expect(await kv.getMany(keys)).toEqual(new Map(keys.map((key) => [key, key])))
        })
        await kv.deleteMany(keys)
        await eventually(async () => {
          expect(new Set((await kv.getMany(keys)).values())).toEqual(new Set([null]))
        })
      },
    },
  ],
}
