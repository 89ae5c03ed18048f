/** Key-value cases: which keys are kept apart, and which are refused. */
import { expect } from 'vitest'
import { all, each, refused, type ConformanceGroup } from '../conformance.ts'
import { awkwardSegments, controlSegments, textOfBytes } from '../samples.ts'
import type { KvSubject } from './subject.ts'

/** Keys only a store that takes them for paths would change. */
const pathLike = [
  'a',
  'a/',
  'a/b',
  'a//b',
  '/a',
  '/',
  '//',
  './a',
  '../a',
  'a/../b',
  'b',
  'a/./b',
  'a\\b',
  '\\',
  'C:\\x',
]

export const keys: ConformanceGroup<KvSubject> = {
  name: 'keys',
  cases: [
    {
      name: 'awkward keys are kept apart',
      run: (subject) => keptApart(subject, awkwardSegments),
    },
    {
      name: 'keys with control characters are kept apart',
      run: (subject) => keptApart(subject, controlSegments),
    },
    {
      name: 'keys that look like paths are kept apart',
      run: (subject) => keptApart(subject, pathLike),
    },
    {
      name: 'keys that differ in case only are kept apart',
      run: (subject) => keptApart(subject, ['readme', 'README', 'ReadMe', 'dir/x', 'Dir/x']),
    },
    {
      name: 'composed and decomposed characters are different keys',
      run: (subject) => keptApart(subject, ['caf\u00e9', 'cafe\u0301', '\u212b', '\u00c5', 'A\u030a']),
    },
    {
      name: 'a key that is the beginning of another is kept apart',
      run: (subject) => keptApart(subject, ['x', 'xx', 'x/', 'x/y', 'x/y/z', 'x.y', 'x/y.z']),
    },
    {
      name: 'refuses keys that are empty, "." or "..", or hold NUL or a lone surrogate',
      async run({ kv }) {
        for (const key of ['', '.', '..', 'a\0b', '\0', 'a\ud800', '\udc00b']) {
          await refused(kv.put(key, 'value'), 'InvalidInput')
          await refused(kv.get(key), 'InvalidInput')
          await refused(kv.getWithMetadata(key), 'InvalidInput')
          await refused(kv.getMany(['fine', key]), 'InvalidInput')
          await refused(kv.delete(key), 'InvalidInput')
          await refused(kv.deleteMany(['fine', key]), 'InvalidInput')
        }
      },
    },
    {
      name: 'a key of exactly maxKeyBytes is kept, one byte more is LimitExceeded',
      skip: ({ info }) => (Number.isFinite(info.limits.maxKeyBytes) ? null : 'no limit is stated'),
      async run(subject) {
        const { kv, info } = subject
        const max = info.limits.maxKeyBytes
        const key = 'k'.repeat(max)
        await keptApart(subject, [key, `${'k'.repeat(max - 1)}l`, 'k'.repeat(max - 1)])
        await refused(kv.put(`${key}k`, 'value'), 'LimitExceeded')
        await refused(kv.get(`${key}k`), 'LimitExceeded')
      },
    },
    {
      name: 'maxKeyBytes counts UTF-8 bytes, not characters',
      skip: ({ info }) => (Number.isFinite(info.limits.maxKeyBytes) ? null : 'no limit is stated'),
      async run(subject) {
        const { kv, info } = subject
        const max = info.limits.maxKeyBytes
        await keptApart(subject, [textOfBytes(max), textOfBytes(max - 1), `${textOfBytes(max - 3)}\ufb01`])
        const over = textOfBytes(max + 1)
        expect(over.length).toBeLessThan(max)
        const error = await refused(kv.put(over, 'value'), 'LimitExceeded')
        expect(error.key).toBe(over)
      },
    },
  ],
}

/** Every key holds its own value, is listed as it was written, and goes alone. */
async function keptApart({ kv, info, eventually }: KvSubject, names: readonly string[]): Promise<void> {
  await each(names, (name) => kv.put(name, `value of ${name}`), 1)
  for (const name of names)
    await eventually(async () => expect(await kv.get(name), name).toBe(`value of ${name}`))
  if (info.features.list) {
    await eventually(async () => {
      const listed = (await all(kv.keys())).map(({ key }) => key)
      expect(listed.toSorted()).toEqual(names.toSorted())
    })
  }
  const [first, ...others] = names
  await kv.delete(first ?? '')
  await eventually(async () => expect(await kv.get(first ?? '')).toBeNull())
  for (const name of others) expect(await kv.get(name), name).toBe(`value of ${name}`)
}
