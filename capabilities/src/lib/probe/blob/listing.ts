/** Whether listings are in order and whole, on pages of any size, with prefixes and delimiters. */
import { compareUtf8 } from '../../byte-order.ts'
import { type ProbeCheck, promise, skipped } from '../check.ts'
import { keysFault, pagesFault } from '../pages.ts'
import { orderedNames } from '../samples.ts'
import type { BlobProbeSubject } from './subject.ts'

export const listing: ProbeCheck<BlobProbeSubject> = {
  name: 'listing',
  async run(subject) {
    const { blob, info, signal, prefix: root, key } = subject
    if (info.features.list === false) return [skipped('features.list', false, 'not claimed')]
    // A late listing is no fault of a store that does not claim to be at once.
    if (info.consistency === 'eventual')
      return [skipped('contract', 'list', 'the store claims to be eventual, so a listing may lag')]
    const folder = `${root}list/`
    const expected = orderedNames.map((name) => folder + name).toSorted(compareUtf8)
    for (const name of orderedNames.toReversed()) await blob.put(key(`list/${name}`), 'value', { signal })
    const pages = (limit: number, under: readonly string[], prefix = folder) =>
      pagesFault(under, Math.min(limit, info.limits.maxListKeys), async (cursor, most) => {
        const page = await blob.list({
          prefix,
          limit: most,
          signal,
          ...(cursor === undefined ? {} : { cursor }),
        })
        return { keys: page.objects.map((object) => object.key), cursor: page.cursor }
      })
    const startingWith = (prefix: string) => expected.filter((one) => one.startsWith(folder + prefix))
    const faults = [
      await pages(1000, expected),
      await pages(1, expected),
      await pages(3, expected),
      await pages(2, startingWith('a'), `${folder}a`),
      await pages(10, startingWith('a/'), `${folder}a/`),
      await pages(10, startingWith('a!'), `${folder}a!`),
      await pages(10, [], `${folder}%`),
      await groupsFault(subject, folder, expected),
    ]
    return [
      promise(
        'list in UTF-8 byte order',
        faults.filter((fault) => fault !== null),
        `${expected.length} keys on pages of 1, 3 and all`,
      ),
    ]
  },
}

async function groupsFault(
  { blob, signal }: BlobProbeSubject,
  folder: string,
  expected: readonly string[],
): Promise<string | null> {
  const { objects, prefixes } = await blob.list({ prefix: folder, delimiter: '/', signal })
  const flat = expected.filter((one) => !one.slice(folder.length).includes('/'))
  return (
    keysFault([`${folder}a/`], prefixes, 'groups by "/"') ??
    keysFault(
      flat,
      objects.map((object) => object.key),
      'objects beside groups',
    )
  )
}
