/** Whether values, metadata and keys come back as they were put, one by one and in bulk, and what just fits is kept. */
import { isKind } from '../../error.ts'
import { utf8Length } from '../../limits.ts'
import {
  attemptFault,
  confirmed,
  falseClaim,
  note,
  type Observation,
  type ProbeCheck,
  promise,
  quoted,
  skipped,
  verdict,
} from '../check.ts'
import { awkwardNames, randomBytes, sameBytes } from '../samples.ts'
import { type KvProbeSubject, settled } from './subject.ts'

const metadata = { owner: 'ann', city: 'Zürich 😀', list: [1, null, true] }

export const content: ProbeCheck<KvProbeSubject> = {
  name: 'content',
  async run(subject) {
    const { kv, info, rng, signal, key, tries } = subject
    const bytes = randomBytes(rng, Math.min(10_000, info.limits.maxValueBytes))
    const [binary, text, none, beside] = [key('bytes'), key('text'), key('empty'), key('metadata')]
    await kv.put(binary, bytes, { signal })
    await kv.put(text, 'Grüße 😀', { signal })
    await kv.put(none, '', { signal })
    const read = await settled(
      subject,
      () => kv.get(binary, { as: 'bytes', signal }),
      (value) => value !== null,
    )
    const faults = [
      read !== null && sameBytes(read, bytes) ? null : 'other bytes came back than were put',
      (await settled(
        subject,
        () => kv.get(text, { signal }),
        (value) => value !== null,
      )) === 'Grüße 😀'
        ? null
        : 'other text came back than was put',
      (await settled(
        subject,
        () => kv.get(none, { signal }),
        (value) => value !== null,
      )) === ''
        ? null
        : 'an empty value did not come back empty',
      (await kv.get(key('absent-value'), { signal })) === null
        ? null
        : 'a value came from a key that was never written',
    ]
    const kept = promise(
      'values',
      faults.filter((fault) => fault !== null),
      'bytes, text, nothing',
    )
    const about = 'features.metadata'
    if (!tries('metadata')) return [kept, skipped(about, false, 'not claimed; give the driver to try it')]
    await kv.put(beside, 'value', { metadata, signal })
    const entry = await settled(
      subject,
      () => kv.getWithMetadata(beside, { signal }),
      (value) => value !== null,
    )
    const seen = JSON.stringify(entry?.metadata ?? null)
    const fault = seen === JSON.stringify(metadata) ? [] : [`metadata came back as ${seen}`]
    return [kept, verdict(about, info.features.metadata, fault, 'nested JSON and UTF-8')]
  },
}

export const keys: ProbeCheck<KvProbeSubject> = {
  name: 'keys',
  async run(subject) {
    const { kv, signal, key } = subject
    const stored: string[] = []
    const refused: string[] = []
    for (const name of awkwardNames) {
      try {
        await kv.put(key(`keys/${name}`), name, { signal })
        stored.push(name)
      } catch (error) {
        if (!isKind(error, 'InvalidInput', 'Unsupported', 'LimitExceeded')) throw error
        refused.push(name)
      }
    }
    const faults: string[] = []
    for (const name of stored) {
      const value = await settled(
        subject,
        () => kv.get(key(`keys/${name}`), { signal }),
        (text) => text === name,
      )
      if (value !== name) faults.push(`under ${quoted(name)} is ${quoted(value)}`)
    }
    const apart = promise('keys are kept apart', faults, `${stored.length} awkward keys`)
    if (refused.length === 0) return [apart]
    return [
      apart,
      note('contract', 'keys', 'the store refuses keys others take', refused.map(quoted).join(', ')),
    ]
  },
}

export const bulk: ProbeCheck<KvProbeSubject> = {
  name: 'bulk',
  async run(subject) {
    const { kv, signal, key } = subject
    const [one, two, absent] = [key('bulk/1'), key('bulk/2'), key('bulk/absent')]
    await kv.put(one, 'one', { signal })
    await kv.put(two, 'two', { signal })
    const asked = [two, absent, one, two]
    const read = await settled(
      subject,
      () => kv.getMany(asked, { signal }),
      (found) => found.get(one) === 'one' && found.get(two) === 'two',
    )
    await kv.deleteMany([one, absent], { signal })
    const left = await settled(
      subject,
      () => kv.getMany([one, two], { signal }),
      (found) => found.get(one) === null,
    )
    const faults = [
      read.get(one) === 'one' && read.get(two) === 'two' && read.get(absent) === null
        ? null
        : 'getMany gave other values',
      left.get(one) === null ? null : 'deleteMany left an entry',
      left.get(two) === 'two' ? null : 'deleteMany removed an entry it was not given',
    ]
    return [
      promise(
        'getMany and deleteMany',
        faults.filter((fault) => fault !== null),
        'three keys',
      ),
    ]
  },
}

/** Longer keys than any store takes; who states more states none. */
const mostText = 65_536

export const limits: ProbeCheck<KvProbeSubject> = {
  name: 'limits',
  async run(subject) {
    const { kv, info, rng, signal, prefix, key, maxBytes } = subject
    const { maxKeyBytes, maxValueBytes } = info.limits
    const room = maxKeyBytes - utf8Length(prefix)
    return [
      await fits('maxKeyBytes', maxKeyBytes, room > 0 && maxKeyBytes <= mostText, async () => {
        const one = key('k'.repeat(room))
        await kv.put(one, 'longest', { signal })
        return (
          (await settled(
            subject,
            () => kv.get(one, { signal }),
            (text) => text !== null,
          )) === 'longest'
        )
      }),
      await fits('maxValueBytes', maxValueBytes, maxValueBytes <= maxBytes, async () => {
        const one = key('limit-value')
        const bytes = randomBytes(rng, maxValueBytes)
        await kv.put(one, bytes, { signal })
        const read = await settled(
          subject,
          () => kv.get(one, { as: 'bytes', signal }),
          (value) => value !== null,
        )
        return read !== null && sameBytes(read, bytes)
      }),
    ]
  },
}

/** Tries what just fits. A refusal is a false claim, since the limit says it is taken. */
async function fits(
  limit: 'maxKeyBytes' | 'maxValueBytes',
  max: number,
  cheap: boolean,
  attempt: () => Promise<boolean>,
): Promise<Observation> {
  const about = `limits.${limit}`
  if (!cheap) return skipped(about, max, 'too large to try, or there is none')
  let kept = false
  const fault = await attemptFault('what just fits', async () => {
    kept = await attempt()
  })
  if (fault !== null) return falseClaim(about, max, fault)
  return kept
    ? confirmed(about, max, 'what just fits is kept')
    : falseClaim(about, max, 'what just fits came back changed')
}
