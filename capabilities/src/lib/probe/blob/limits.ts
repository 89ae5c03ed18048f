/** Whether what just fits the stated limits is kept, where trying that is cheap. */
import { utf8Length } from '../../limits.ts'
import {
  confirmed,
  describeError,
  falseClaim,
  isNoAnswer,
  type Observation,
  type ProbeCheck,
  skipped,
} from '../check.ts'
import { randomBytes, sameBytes } from '../samples.ts'
import { type BlobProbeSubject, textUnder } from './subject.ts'

/** Longer keys and larger metadata than any store takes; who states more states none. */
const mostText = 65_536

export const limits: ProbeCheck<BlobProbeSubject> = {
  name: 'limits',
  async run(subject) {
    const { blob, info, rng, signal, prefix, key, maxBytes } = subject
    const { maxKeyBytes, maxMetadataBytes, maxObjectBytes } = info.limits
    const metadataName = 'm'
    return [
      await fits(
        'maxKeyBytes',
        maxKeyBytes,
        maxKeyBytes > utf8Length(prefix) && maxKeyBytes <= mostText,
        async () => {
          // One byte each; the last tells them apart.
          const name = 'k'.repeat(maxKeyBytes - utf8Length(prefix) - 1)
          const [one, other] = [key(`${name}1`), key(`${name}2`)]
          await blob.put(one, 'one', { signal })
          await blob.put(other, 'other', { signal })
          const kept = [await textUnder(subject, one), await textUnder(subject, other)]
          return kept[0] === 'one' && kept[1] === 'other' ? null : 'the longest keys are not kept apart'
        },
      ),
      await fits(
        'maxMetadataBytes',
        maxMetadataBytes,
        info.features.metadata && maxMetadataBytes > 1 && maxMetadataBytes <= mostText,
        async () => {
          const one = key('limit-metadata')
          const value = 'v'.repeat(maxMetadataBytes - metadataName.length)
          await blob.put(one, 'text', { metadata: { [metadataName]: value }, signal })
          const head = await blob.head(one, { signal })
          return head?.metadata[metadataName] === value ? null : 'the largest metadata came back changed'
        },
      ),
      await fits('maxObjectBytes', maxObjectBytes, maxObjectBytes <= maxBytes, async () => {
        const one = key('limit-object')
        const bytes = randomBytes(rng, maxObjectBytes)
        await blob.put(one, bytes, { signal })
        const read = await (await blob.get(one, { signal }))?.bytes()
        return read !== undefined && sameBytes(read, bytes) ? null : 'the largest object came back changed'
      }),
    ]
  },
}

/** Tries what just fits. A refusal is a false claim, since the limit says it is taken. */
async function fits(
  limit: 'maxKeyBytes' | 'maxMetadataBytes' | 'maxObjectBytes',
  max: number,
  cheap: boolean,
  attempt: () => Promise<string | null>,
): Promise<Observation> {
  const about = `limits.${limit}`
  if (!cheap) return skipped(about, max, 'too large to try, or there is none')
  try {
    const fault = await attempt()
    return fault === null ? confirmed(about, max, 'what just fits is kept') : falseClaim(about, max, fault)
  } catch (error) {
    if (isNoAnswer(error)) throw error
    return falseClaim(about, max, 'what just fits is refused', describeError(error))
  }
}
