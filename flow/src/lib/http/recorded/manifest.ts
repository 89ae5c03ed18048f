/** Names the segments of a recorded body: their sizes and digests, in order. */
import { type BlobStore, CapabilityError } from '@flowport/capabilities'
import type { Digest } from '../../runtime/run-view.ts'
import { hexDigest } from '../../hex-digest.ts'
import { manifestKey, segmentKey } from './place.ts'

export type SegmentEntry = readonly [bytes: number, digest: string]

export interface Manifest {
  readonly v: 1
  readonly segments: readonly SegmentEntry[]
}

export function manifestText(manifest: Manifest): string {
  return JSON.stringify(manifest)
}

/** Reads recorded segments, each checked before any byte of it is handed on. */
export class RecordedSegments {
  readonly #store: BlobStore
  readonly #folder: string
  readonly #digest: Digest
  readonly segments: readonly SegmentEntry[]

  constructor(store: BlobStore, folder: string, digest: Digest, segments: readonly SegmentEntry[]) {
    this.#store = store
    this.#folder = folder
    this.#digest = digest
    this.segments = segments
  }

  /** @throws CapabilityError `Corrupt` when the manifest is missing, or is not the one that was recorded. */
  static async open(
    store: BlobStore,
    { folder, digest: expected }: { readonly folder: string; readonly digest: string },
    digest: Digest,
  ): Promise<RecordedSegments> {
    const text = await (await store.get(manifestKey(folder)))?.text()
    if (text === undefined || (await hexDigest(text, digest)) !== expected) throw lost(manifestKey(folder))
    return new RecordedSegments(store, folder, digest, (JSON.parse(text) as Manifest).segments)
  }

  /** @throws CapabilityError `Corrupt` when the segment is missing or has changed. */
  async read(index: number): Promise<Uint8Array<ArrayBuffer>> {
    const key = segmentKey(this.#folder, index)
    const [, expected] = this.segments[index] ?? [0, '']
    const bytes = await (await this.#store.get(key))?.bytes()
    if (bytes === undefined || (await hexDigest(bytes, this.#digest)) !== expected) throw lost(key)
    return bytes
  }

  /** The segments in order, each when it is asked for. */
  async *each(): AsyncIterable<Uint8Array<ArrayBuffer>> {
    for (let index = 0; index < this.segments.length; index++) yield await this.read(index)
  }

  /**
   * The bytes from `offset`, at the pace of their reader. The first of them have been checked when this resolves; `failed` is
   * called when a later one cannot be read, which ends the stream with that error.
   */
  async stream(
    offset: number,
    failed: (error: unknown) => void,
  ): Promise<ReadableStream<Uint8Array<ArrayBuffer>>> {
    let index = 0
    let skipped = 0
    while (index < this.segments.length && skipped + (this.segments[index]?.[0] ?? 0) <= offset)
      skipped += this.segments[index++]?.[0] ?? 0
    let next: Uint8Array<ArrayBuffer> | undefined =
      index < this.segments.length ? (await this.read(index)).subarray(offset - skipped) : undefined
    return new ReadableStream(
      {
        pull: async (controller) => {
          try {
            const bytes = next ?? (index < this.segments.length ? await this.read(index) : undefined)
            next = undefined
            index++
            if (bytes === undefined) controller.close()
            else controller.enqueue(bytes)
          } catch (error) {
            failed(error)
            controller.error(error)
          }
        },
      },
      { highWaterMark: 0 },
    )
  }
}

function lost(key: string): CapabilityError {
  return new CapabilityError('Corrupt', 'a recorded answer is gone or has changed', {
    capability: 'blob',
    operation: 'get',
    key,
    retryable: 'never',
  })
}
