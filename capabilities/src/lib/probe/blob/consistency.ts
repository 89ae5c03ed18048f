/** Whether a read right after a write, an overwrite or a delete sees it, in every form of reading. */
import type { ProbeCheck } from '../check.ts'
import { Staleness } from '../staleness.ts'
import { type BlobProbeSubject, textUnder } from './subject.ts'

export const consistency: ProbeCheck<BlobProbeSubject> = {
  name: 'read after write',
  async run(subject) {
    const { blob, info, signal, rounds, key } = subject
    const staleness = new Staleness(subject, info.consistency !== 'strong')
    for (let round = 0; round < rounds; round++) {
      const one = key(`fresh/${round}`)
      // Asked before it is there: a store may remember that it was not.
      await blob.head(one, { signal })
      for (const [what, text] of [
        ['write', `${round} first`],
        ['overwrite', `${round} second`],
        ['delete', null],
      ] as const) {
        const etag = text === null ? null : (await blob.put(one, text, { signal })).etag
        if (text === null) await blob.delete(one, { signal })
        const list = async () => {
          const { objects } = await blob.list({ prefix: one, signal })
          return objects.find((object) => object.key === one)?.etag ?? null
        }
        await staleness.expect({
          what: `get after ${what}`,
          expected: text,
          read: () => textUnder(subject, one),
        })
        await staleness.expect({
          what: `head after ${what}`,
          expected: etag,
          read: async () => (await blob.head(one, { signal }))?.etag ?? null,
        })
        if (info.features.list === false) continue
        await staleness.expect({ what: `list after ${what}`, expected: etag, read: list })
      }
    }
    return staleness.observations(info.consistency)
  },
}
