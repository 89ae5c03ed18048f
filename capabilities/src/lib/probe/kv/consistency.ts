/** Whether a read right after a write, an overwrite or a delete sees it, alone, in bulk and in a listing. */
import type { ProbeCheck } from '../check.ts'
import { Staleness } from '../staleness.ts'
import type { KvProbeSubject } from './subject.ts'

export const consistency: ProbeCheck<KvProbeSubject> = {
  name: 'read after write',
  async run(subject) {
    const { kv, info, signal, rounds, key, tries } = subject
    const staleness = new Staleness(subject, info.consistency !== 'strong')
    for (let round = 0; round < rounds; round++) {
      const one = key(`fresh/${round}`)
      // Asked before it is there: a store may remember that it was not.
      await kv.get(one, { signal })
      for (const [what, expected] of [
        ['write', `${round} first`],
        ['overwrite', `${round} second`],
        ['delete', null],
      ] as const) {
        if (expected === null) await kv.delete(one, { signal })
        else await kv.put(one, expected, { signal })
        await staleness.expect({
          what: `get after ${what}`,
          expected,
          read: () => kv.get(one, { signal }),
        })
        await staleness.expect({
          what: `getMany after ${what}`,
          expected,
          read: async () => (await kv.getMany([one], { signal })).get(one) ?? null,
        })
        if (!tries('list')) continue
        await staleness.expect({
          what: `list after ${what}`,
          expected: expected === null ? null : one,
          read: async () => (await kv.list({ prefix: one, signal })).keys[0]?.key ?? null,
        })
      }
    }
    return staleness.observations(info.consistency)
  },
}
