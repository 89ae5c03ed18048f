/** Blob cases: which keys are kept apart, and which are refused. */
import { expect } from 'vitest'
import { all, each, refused, type ConformanceGroup } from '../conformance.ts'
import { awkwardSegments, controlSegments, textOfBytes } from '../samples.ts'
import { type BlobSubject, has, textOf } from './subject.ts'

export const keys: ConformanceGroup<BlobSubject> = {
  name: 'keys',
  cases: [
    {
      name: 'awkward keys are kept apart',
      run: (subject) => keptApart(subject, awkwardSegments),
    },
    {
      name: 'awkward segments within a path are kept apart',
      run: (subject) =>
        keptApart(
          subject,
          awkwardSegments.map((segment) => `dir/${segment}/leaf`),
        ),
    },
    {
      name: 'keys with control characters are kept apart',
      run: (subject) => keptApart(subject, controlSegments),
    },
    {
      name: 'keys that differ in case only are kept apart',
      run: (subject) => keptApart(subject, ['readme', 'README', 'ReadMe', 'dir/x', 'Dir/x', 'dir/X']),
    },
    {
      name: 'composed and decomposed characters are different keys',
      run: (subject) =>
        keptApart(subject, ['caf\u00e9', 'cafe\u0301', 'dir\u00e9/x', 'dire\u0301/x', '\u212b', '\u00c5']),
    },
    {
      name: 'a key that is the beginning of another is kept apart, also where it would be its directory',
      run: (subject) => keptApart(subject, ['x', 'x/y', 'x/y/z', 'x.y', 'x/y.z', 'xx', 'x/yy']),
    },
    {
      name: 'a deep path and a long segment are kept',
      async run(subject) {
        const room = Math.min(subject.info.limits.maxKeyBytes, 600)
        await keptApart(subject, [
          'd/'.repeat(Math.floor(room / 2) - 1) + 'x',
          's'.repeat(room),
          `${'s'.repeat(room - 2)}/t`,
        ])
      },
    },
    {
      name: 'refuses keys that are empty or "." or "..", or hold NUL or a lone surrogate',
      run: (subject) => refuses(subject, ['', '.', '..', 'a\0b', 'a\ud800', '\udc00']),
    },
    {
      name: 'refuses paths that could leave their root or have empty segments',
      run: (subject) =>
        refuses(subject, [
          'a/../b',
          '../a',
          'a/..',
          './a',
          'a/./b',
          '/a',
          'a/',
          'a//b',
          '/',
          'a\\b',
          '..\\a',
          'C:\\x',
        ]),
    },
    {
      name: 'a key of exactly maxKeyBytes is kept, one byte more is LimitExceeded',
      skip: ({ info }) => (Number.isFinite(info.limits.maxKeyBytes) ? null : 'no limit is stated'),
      async run(subject) {
        const { blob, info } = subject
        const max = info.limits.maxKeyBytes
        await keptApart(subject, ['k'.repeat(max), `${'k'.repeat(max - 1)}l`, 'k'.repeat(max - 1)])
        await refused(blob.put('k'.repeat(max + 1), 'value'), 'LimitExceeded')
        await refused(blob.get('k'.repeat(max + 1)), 'LimitExceeded')
      },
    },
    {
      name: 'maxKeyBytes counts UTF-8 bytes, not characters',
      skip: ({ info }) => (Number.isFinite(info.limits.maxKeyBytes) ? null : 'no limit is stated'),
      async run(subject) {
        const { blob, info } = subject
        const max = info.limits.maxKeyBytes
        await keptApart(subject, [textOfBytes(max), textOfBytes(max - 1), `${textOfBytes(max - 3)}\ufb01`])
        const over = textOfBytes(max + 1)
        expect(over.length).toBeLessThan(max)
        await refused(blob.put(over, 'value'), 'LimitExceeded')
      },
    },
  ],
}

async function refuses({ blob, info }: BlobSubject, bad: readonly string[]): Promise<void> {
  await blob.put('fine', 'value')
  for (const key of bad) {
    await refused(blob.put(key, 'value'), 'InvalidInput')
    await refused(blob.get(key), 'InvalidInput')
    await refused(blob.head(key), 'InvalidInput')
    await refused(blob.delete(key), 'InvalidInput')
    await refused(blob.deleteMany(['fine', key]), 'InvalidInput')
    await refused(blob.copy('fine', key), 'InvalidInput')
    await refused(blob.copy(key, 'fine'), 'InvalidInput')
  }
  if (!has(info, 'list')) return
  expect((await all(blob.entries())).map(({ key }) => key)).not.toEqual(expect.arrayContaining([...bad]))
}

/** Every key holds its own object, is listed as it was written where the store lists, and goes alone. */
async function keptApart(subject: BlobSubject, given: readonly string[]): Promise<void> {
  const { blob, info, eventually } = subject
  const names = await withoutRefused(subject, given)
  if (names.length === 0) return
  await each(names, (name) => blob.put(name, `value of ${name}`), 1)
  for (const name of names)
    await eventually(async () => expect(await textOf(blob, name), name).toBe(`value of ${name}`))
  await eventually(async () => {
    if (!has(info, 'list')) return
    const listed = (await all(blob.entries())).map(({ key }) => key)
    expect(listed.toSorted()).toEqual(names.toSorted())
  })
  const [first = '', ...others] = names
  await blob.delete(first)
  await eventually(async () => expect(await blob.head(first)).toBeNull())
  for (const name of others) expect(await textOf(blob, name), name).toBe(`value of ${name}`)
}

/** The names without those the store states it refuses, by a pattern in its `extensions`, and must then refuse. */
async function withoutRefused(
  { blob, info }: BlobSubject,
  names: readonly string[],
): Promise<readonly string[]> {
  const pattern = info.extensions['dev.flowport.blob.refusedKeys']
  if (typeof pattern !== 'string') return names
  const isRefused = new RegExp(pattern, 'u')
  for (const name of names.filter((each) => isRefused.test(each))) {
    await refused(blob.put(name, 'value'), 'InvalidInput')
    await refused(blob.get(name), 'InvalidInput')
    await refused(blob.delete(name), 'InvalidInput')
  }
  return names.filter((each) => !isRefused.test(each))
}
