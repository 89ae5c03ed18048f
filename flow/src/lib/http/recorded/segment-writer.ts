/** Records a body while it is sent: in segments of bounded size, one being written while the next one fills. */
import type { BlobStore, Logger } from '@flowport/capabilities'
import type { Digest } from '../../runtime/run-view.ts'
import { hexDigest } from '../../hex-digest.ts'
import { type Manifest, manifestText, type SegmentEntry } from './manifest.ts'
import { headKey, manifestKey, segmentKey } from './place.ts'
import type { RecordedBody } from './record.ts'

/** Most bytes of a segment. A recording holds two of them in memory. */
export const segmentBytes = 1024 * 1024

const firstBufferBytes = 16 * 1024

export interface SegmentWriterParts {
  /** `undefined`: only bodies that fit into the ledger are recorded. */
  readonly store: BlobStore | undefined
  readonly folder: string
  /** Most bytes to record. */
  readonly maxBytes: number
  /** Most bytes that are kept in the ledger instead. */
  readonly inlineBytes: number
  readonly digest: Digest
  readonly log: Logger
  /** Called once when the body cannot be recorded, as soon as it is known. */
  readonly gaveUp: () => void
}

export class SegmentWriter {
  readonly #parts: SegmentWriterParts
  readonly #segments: SegmentEntry[] = []
  #buffer = new Uint8Array(firstBufferBytes)
  #length = 0
  #total = 0
  #writing: Promise<void> = Promise.resolve()
  #gaveUp = false
  #hasHead = false

  constructor(parts: SegmentWriterParts) {
    this.#parts = parts
  }

  /** Whether what is added is not recorded any more. */
  get isOver(): boolean {
    return this.#gaveUp
  }

  get folder(): string {
    return this.#parts.folder
  }

  /** Stores what a stream begins with, before its first segment, so that it can be followed while it is recorded. */
  storeHead(text: string): void {
    const { store, folder, log } = this.#parts
    if (store === undefined) return
    this.#hasHead = true
    this.#writing = store.put(headKey(folder), text).then(
      () => undefined,
      (error: unknown) => log.warn({ err: error, folder }, 'a stream that is recorded cannot be followed'),
    )
  }

  async #removeHead(): Promise<void> {
    const { store, folder, log } = this.#parts
    if (!this.#hasHead) return
    this.#hasHead = false
    try {
      await store?.delete(headKey(folder))
    } catch (error) {
      log.warn({ err: error, folder }, 'the head of a recording could not be removed; a sweep will do it')
    }
  }

  /** Copies the bytes. Resolves when the next ones can be taken. Never rejects. */
  async add(bytes: Uint8Array): Promise<void> {
    this.#total += bytes.byteLength
    if (this.#total > this.#parts.maxBytes) this.#giveUp('the answer is larger than maxRecordedBytes')
    for (let from = 0; from < bytes.byteLength && !this.#gaveUp; ) {
      from += this.#fill(bytes.subarray(from))
      if (this.#length === segmentBytes) await this.flush()
    }
  }

  /** Begins to write what has been added. Resolves when what was written before is stored. */
  async flush(): Promise<void> {
    await this.#writing
    if (this.#gaveUp || this.#length === 0) return
    const { store } = this.#parts
    if (store === undefined)
      return this.#giveUp('it does not fit into the ledger, and no blob store is bound')
    const bytes = this.#buffer.subarray(0, this.#length)
    this.#buffer = new Uint8Array(this.#length)
    this.#length = 0
    this.#writing = this.#write(store, bytes)
  }

  /** The recorded body; `null` when it could not be recorded. Never rejects. */
  async end(): Promise<RecordedBody | null> {
    await this.#writing
    // Followers have read the head by now.
    await this.#removeHead()
    const { inlineBytes } = this.#parts
    if (!this.#gaveUp && this.#segments.length === 0 && this.#length <= inlineBytes)
      return { kind: 'base64', base64: base64Of(this.#buffer.subarray(0, this.#length)) }
    await this.flush()
    await this.#writing
    return this.#gaveUp ? null : this.#conclude()
  }

  /** Records nothing, and removes what has been stored. Never rejects. */
  async discard(): Promise<void> {
    this.#gaveUp = true
    await this.#writing
    const { store, folder, log } = this.#parts
    const keys = this.#segments.map((_, index) => segmentKey(folder, index))
    this.#segments.length = 0
    await this.#removeHead()
    if (store === undefined || keys.length === 0) return
    try {
      await store.deleteMany([...keys, manifestKey(folder)])
    } catch (error) {
      log.warn(
        { err: error, folder },
        'a recording that was given up could not be removed; a sweep will do it',
      )
    }
  }

  async #conclude(): Promise<RecordedBody | null> {
    const { store, folder, digest } = this.#parts
    const manifest: Manifest = { v: 1, segments: this.#segments }
    const text = manifestText(manifest)
    try {
      const [hash] = await Promise.all([hexDigest(text, digest), store?.put(manifestKey(folder), text)])
      return { kind: 'segments', folder, bytes: this.#total, digest: hash }
    } catch (error) {
      this.#giveUp('its manifest could not be stored', error)
      return null
    }
  }

  #fill(bytes: Uint8Array): number {
    const taken = Math.min(bytes.byteLength, segmentBytes - this.#length)
    const needed = this.#length + taken
    if (needed > this.#buffer.byteLength) {
      const larger = new Uint8Array(Math.min(segmentBytes, Math.max(needed, this.#buffer.byteLength * 2)))
      larger.set(this.#buffer.subarray(0, this.#length))
      this.#buffer = larger
    }
    this.#buffer.set(bytes.subarray(0, taken), this.#length)
    this.#length = needed
    return taken
  }

  async #write(store: BlobStore, bytes: Uint8Array<ArrayBuffer>): Promise<void> {
    const { folder, digest } = this.#parts
    const index = this.#segments.length
    const entry: SegmentEntry = [bytes.byteLength, '']
    // Entered first: a write that failed may have stored it all the same.
    this.#segments.push(entry)
    try {
      const [hash] = await Promise.all([
        hexDigest(bytes, digest),
        store.put(segmentKey(folder, index), bytes),
      ])
      this.#segments[index] = [bytes.byteLength, hash]
    } catch (error) {
      this.#giveUp('a part of it could not be stored', error)
    }
  }

  #giveUp(why: string, error?: unknown): void {
    if (this.#gaveUp) return
    this.#gaveUp = true
    this.#buffer = new Uint8Array(0)
    this.#length = 0
    const { log, gaveUp, maxBytes } = this.#parts
    const message = `an answer is not recorded, and is sent all the same: ${why}`
    if (error === undefined) log.info({ bytes: this.#total, maxBytes }, message)
    else log.warn({ err: error }, message)
    gaveUp()
  }
}

function base64Of(bytes: Uint8Array): string {
  let binary = ''
  for (let from = 0; from < bytes.byteLength; from += 8_192)
    binary += String.fromCharCode(...bytes.subarray(from, from + 8_192))
  return btoa(binary)
}
