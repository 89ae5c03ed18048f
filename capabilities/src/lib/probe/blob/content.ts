/** Whether content, content type and metadata come back as they were put, also after a copy. */
import type { BlobObject } from '../../blob/contract.ts'
import { type ProbeCheck, promise, refusalFault, skipped, verdict } from '../check.ts'
import { randomBytes, sameBytes } from '../samples.ts'
import type { BlobProbeSubject } from './subject.ts'

const contentType = 'text/x-probe; charset=utf-8'
const metadata = { owner: 'ann', city: 'Zürich 😀', 'x-n': '1' }

export const content: ProbeCheck<BlobProbeSubject> = {
  name: 'content',
  async run({ blob, info, rng, signal, key, tries }) {
    const bytes = randomBytes(rng, 100_000)
    const [described, plain, empty] = [key('content'), key('content-plain'), key('content-empty')]
    await blob.put(plain, bytes, { signal })
    await blob.put(empty, new Blob([]).stream(), { signal })
    const read = await (await blob.get(plain, { signal }))?.bytes()
    const none = await (await blob.get(empty, { signal }))?.bytes()
    const absent = await blob.get(key('content-absent'), { signal })
    const faults = [
      read !== undefined && sameBytes(read, bytes) ? null : 'other bytes came back than were put',
      none?.byteLength === 0 ? null : 'an empty object did not come back empty',
      absent === null ? null : 'an object came from a key that was never written',
    ]
    await blob.put(described, 'text', {
      ...(tries('contentType') ? { contentType } : {}),
      ...(tries('metadata') ? { metadata } : {}),
      signal,
    })
    const [head, handle] = [await blob.head(described, { signal }), await blob.get(described, { signal })]
    await handle?.cancel()
    const seen = [head, handle?.object ?? null]
    await blob.put(described, 'text', { signal })
    const after = await blob.head(described, { signal })
    return [
      promise(
        'content',
        faults.filter((fault) => fault !== null),
        '100 000 bytes, none, and nothing',
      ),
      tries('contentType')
        ? verdict('features.contentType', info.features.contentType, typeFaults(seen, after), contentType)
        : skipped('features.contentType', false, 'not claimed; give the driver to try it'),
      tries('metadata')
        ? verdict(
            'features.metadata',
            info.features.metadata,
            metadataFaults(seen, after),
            'names and UTF-8 values',
          )
        : skipped('features.metadata', false, 'not claimed; give the driver to try it'),
    ]
  },
}

export const serverCopy: ProbeCheck<BlobProbeSubject> = {
  name: 'copy',
  async run({ blob, info, signal, key }) {
    const [from, to] = [key('copy-from'), key('copy-to')]
    const described = {
      ...(info.features.contentType ? { contentType } : {}),
      ...(info.features.metadata ? { metadata } : {}),
    }
    await blob.put(from, 'text', { ...described, signal })
    await blob.copy(from, to, { signal })
    const handle = await blob.get(to, { signal })
    const { object } = handle ?? {}
    const text = (await handle?.text()) ?? null
    const faults = [
      text === 'text' ? null : 'the copy has another content',
      (object?.contentType ?? null) === (described.contentType ?? null)
        ? null
        : 'the copy has another content type',
      sameMetadata(object?.metadata ?? {}, described.metadata ?? {}) ? null : 'the copy has other metadata',
      await refusalFault('copying what is absent', ['NotFound'], () =>
        blob.copy(key('copy-absent'), key('copy-nothing'), { signal }),
      ),
    ]
    // Where the bytes travel cannot be seen from here.
    return [
      promise(
        'copy',
        faults.filter((fault) => fault !== null),
        'one copy, and one of nothing',
      ),
    ]
  },
}

function typeFaults(seen: readonly (BlobObject | null)[], after: BlobObject | null): readonly string[] {
  return [
    ...seen
      .filter((object) => object?.contentType !== contentType)
      .map((object) => `${contentType} came back as ${object?.contentType ?? 'none'}`),
    ...(after?.contentType === null ? [] : ['a put without a content type left the one before']),
  ]
}

function metadataFaults(seen: readonly (BlobObject | null)[], after: BlobObject | null): readonly string[] {
  return [
    ...seen
      .filter((object) => !sameMetadata(object?.metadata ?? {}, metadata))
      .map((object) => `metadata came back as ${JSON.stringify(object?.metadata ?? null)}`),
    ...(Object.keys(after?.metadata ?? {}).length === 0
      ? []
      : ['a put without metadata left the one before']),
  ]
}

function sameMetadata(a: Readonly<Record<string, string>>, b: Readonly<Record<string, string>>): boolean {
  const names = Object.keys(a)
  return names.length === Object.keys(b).length && names.every((name) => a[name] === b[name])
}
