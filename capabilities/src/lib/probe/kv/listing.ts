/** Whether listings are in order and whole, on pages of any size, with prefixes. */
import { compareUtf8 } from '../../byte-order.ts'
import { type ProbeCheck, skipped, verdict } from '../check.ts'
import { pagesFault } from '../pages.ts'
import { orderedNames } from '../samples.ts'
import type { KvProbeSubject } from './subject.ts'

const about = 'features.list'

export const listing: ProbeCheck<KvProbeSubject> = {
  name: 'listing',
  async run({ kv, info, signal, prefix: root, key, tries }) {
    if (!tries('list')) return [skipped(about, false, 'not claimed, or the driver has no list')]
    // A late listing is no fault of a store that does not claim to be at once.
    if (info.consistency === 'eventual')
      return [skipped(about, info.features.list, 'the store claims to be eventual, so a listing may lag')]
    const folder = `${root}list/`
    const expected = orderedNames.map((name) => folder + name).toSorted(compareUtf8)
    for (const name of orderedNames.toReversed()) await kv.put(key(`list/${name}`), 'value', { signal })
    const pages = (limit: number, under: readonly string[], prefix = folder) =>
      pagesFault(under, Math.min(limit, info.limits.maxListKeys), async (cursor, most) => {
        const page = await kv.list({
          prefix,
          limit: most,
          signal,
          ...(cursor === undefined ? {} : { cursor }),
        })
        return { keys: page.keys.map((entry) => entry.key), cursor: page.cursor }
      })
    const startingWith = (prefix: string) => expected.filter((one) => one.startsWith(folder + prefix))
    const faults = [
      await pages(1000, expected),
      await pages(1, expected),
      await pages(3, expected),
      await pages(2, startingWith('a'), `${folder}a`),
      await pages(10, startingWith('a!'), `${folder}a!`),
      await pages(10, [], `${folder}%`),
    ]
    const tried = `${expected.length} keys on pages of 1, 3 and all`
    return [
      verdict(
        about,
        info.features.list,
        faults.filter((fault) => fault !== null),
        tried,
      ),
    ]
  },
}
