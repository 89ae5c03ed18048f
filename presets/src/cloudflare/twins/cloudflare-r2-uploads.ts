/** Multipart uploads of the R2 twin. */
import { md5 } from '@noble/hashes/legacy.js'
import type {
  R2MultipartOptionsLike,
  R2ObjectLike,
  R2PartLike,
  R2UploadLike,
} from '../../cloudflare-r2/binding.ts'
import { r2Info } from '../../cloudflare-r2/info.ts'
import { md5Hex, r2Error } from './cloudflare-r2-objects.ts'

export interface FinishedUpload extends R2MultipartOptionsLike {
  readonly key: string
  readonly bytes: Uint8Array<ArrayBuffer>
  readonly etag: string
}

export interface UploadsHost {
  readonly now: () => number
  /** A name nobody has had. */
  readonly name: () => string
  /** Called at every step; may throw. */
  readonly step: (operation: string, key: string) => void
  readonly finish: (upload: FinishedUpload) => R2ObjectLike
}

interface Pending extends R2MultipartOptionsLike {
  readonly key: string
  readonly begun: number
  readonly parts: Map<number, { readonly etag: string; readonly bytes: Uint8Array<ArrayBuffer> }>
}

export class TwinUploads {
  readonly #host: UploadsHost
  readonly #pending = new Map<string, Pending>()

  constructor(host: UploadsHost) {
    this.#host = host
  }

  /** Keys of uploads that were begun and neither completed nor aborted nor forgotten after seven days. */
  keys(): string[] {
    return [...this.#pending].flatMap(([id, { key }]) => (this.#find(id) === undefined ? [] : [key]))
  }

  begin(key: string, options: R2MultipartOptionsLike): R2UploadLike {
    const uploadId = this.#host.name()
    this.#pending.set(uploadId, { ...options, key, begun: this.#host.now(), parts: new Map() })
    return {
      key,
      uploadId,
      uploadPart: async (number, bytes) => this.#uploadPart(uploadId, key, number, bytes),
      abort: async () => {
        this.#host.step('abortMultipartUpload', key)
        this.#pending.delete(uploadId)
      },
      complete: async (parts) => this.#complete(uploadId, key, parts),
    }
  }

  #uploadPart(uploadId: string, key: string, number: number, bytes: Uint8Array): R2PartLike {
    this.#host.step('uploadPart', key)
    if (!(number >= 1 && number <= r2Info.limits.multipart.maxParts)) {
      throw new TypeError(`Part number must be between 1 and 10000 (inclusive). Actual value was: ${number}`)
    }
    const upload = this.#find(uploadId)
    if (upload === undefined) throw noUpload('uploadPart')
    const part = { etag: this.#host.name(), bytes: new Uint8Array(bytes) }
    upload.parts.set(number, part)
    return { partNumber: number, etag: part.etag }
  }

  #complete(uploadId: string, key: string, parts: readonly R2PartLike[]): R2ObjectLike {
    const operation = 'completeMultipartUpload'
    this.#host.step(operation, key)
    const upload = this.#find(uploadId)
    if (upload === undefined) throw noUpload(operation)
    const found = parts
      .toSorted((a, b) => a.partNumber - b.partNumber)
      .map(({ partNumber, etag }) => {
        const part = upload.parts.get(partNumber)
        if (part?.etag !== etag)
          throw r2Error(operation, 'One or more of the specified parts could not be found.', 10025)
        return part.bytes
      })
    if (found.length === 0)
      throw r2Error(operation, 'One or more of the specified parts could not be found.', 10025)
    checkSizes(found, operation)
    const bytes = new Uint8Array(found.reduce((sum, part) => sum + part.byteLength, 0))
    let offset = 0
    for (const part of found) {
      bytes.set(part, offset)
      offset += part.byteLength
    }
    const object = this.#host.finish({ ...upload, bytes, etag: etagOf(found) })
    this.#pending.delete(uploadId)
    return object
  }

  #find(uploadId: string): Pending | undefined {
    const upload = this.#pending.get(uploadId)
    return upload !== undefined && this.#host.now() < upload.begun + sevenDaysMs ? upload : undefined
  }
}

/** All parts but the last are of one size, at least 5 MiB, and the last is no larger. */
function checkSizes(parts: readonly Uint8Array[], operation: string): void {
  const size = parts[0]?.byteLength ?? 0
  const [last, ...others] = parts.toReversed()
  if (others.some((part) => part.byteLength < r2Info.limits.multipart.minPartBytes)) {
    throw r2Error(operation, 'Your proposed upload is smaller than the minimum allowed object size.', 10011)
  }
  if (others.some((part) => part.byteLength !== size) || (last?.byteLength ?? 0) > size) {
    throw r2Error(operation, 'There was a problem with the multipart upload.', 10048)
  }
}

/** MD5 of the parts' MD5s, and how many there are. */
function etagOf(parts: readonly Uint8Array[]): string {
  const digests = new Uint8Array(16 * parts.length)
  for (const [i, part] of parts.entries()) digests.set(md5(part), 16 * i)
  return `${md5Hex(digests)}-${parts.length}`
}

function noUpload(operation: string): Error {
  return r2Error(operation, 'The specified multipart upload does not exist.', 10024)
}

/** https://developers.cloudflare.com/r2/objects/multipart-objects/ */
const sevenDaysMs = 7 * 86_400_000
