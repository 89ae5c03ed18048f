/** Whether parts of an object are the parts asked for: from the start, to the end, past it, and from behind. */
import type { ByteRange } from '../../blob/contract.ts'
import { describeError, isNoAnswer, type ProbeCheck, refusalFault, skipped, verdict } from '../check.ts'
import { randomBytes, sameBytes } from '../samples.ts'
import type { BlobProbeSubject } from './subject.ts'

const size = 1000

/** Each range with the bytes `[start, end)` it means. */
const parts: readonly (readonly [ByteRange, number, number])[] = [
  [{ offset: 0, length: 10 }, 0, 10],
  [{ offset: 100, length: 1 }, 100, 101],
  [{ offset: 500 }, 500, size],
  [{ offset: 990, length: 500 }, 990, size],
  [{ offset: size - 1 }, size - 1, size],
  [{ suffix: 1 }, size - 1, size],
  [{ suffix: 300 }, size - 300, size],
  [{ suffix: size * 5 }, 0, size],
]

export const ranges: ProbeCheck<BlobProbeSubject> = {
  name: 'ranges',
  async run({ blob, info, rng, signal, key, tries }) {
    if (!tries('ranges')) return [skipped('features.ranges', false, 'not claimed; give the driver to try it')]
    const bytes = randomBytes(rng, size)
    const [whole, empty] = [key('range'), key('range-empty')]
    await blob.put(whole, bytes, { signal })
    await blob.put(empty, new Uint8Array(0), { signal })
    const faults: string[] = []
    for (const [range, start, end] of parts) {
      const fault = await partFault(async () => {
        const handle = await blob.get(whole, { range, signal })
        if (handle === null) return 'nothing'
        const read = await handle.bytes()
        if (handle.start !== start || handle.end !== end || handle.object.size !== size)
          return `said to be ${handle.start} to ${handle.end} of ${handle.object.size}`
        return sameBytes(read, bytes.subarray(start, end)) ? null : `${read.byteLength} other bytes`
      })
      if (fault !== null) faults.push(`${JSON.stringify(range)} of ${size} bytes gave ${fault}`)
    }
    for (const [range, of] of [
      [{ offset: size }, whole],
      [{ offset: size + 7, length: 3 }, whole],
      [{ offset: 0, length: 1 }, empty],
    ] as const) {
      const what = `${JSON.stringify(range)} of ${of === whole ? size : 0} bytes`
      const fault = await refusalFault(what, ['RangeNotSatisfied'], async () =>
        (await blob.get(of, { range, signal }))?.bytes(),
      )
      if (fault !== null) faults.push(fault)
    }
    return [verdict('features.ranges', info.features.ranges, faults, `${parts.length + 3} ranges`)]
  },
}

/** A range that is refused outright is a fault like any other; a store that does not answer is not. */
async function partFault(read: () => Promise<string | null>): Promise<string | null> {
  try {
    return await read()
  } catch (error) {
    if (isNoAnswer(error)) throw error
    return describeError(error)
  }
}
