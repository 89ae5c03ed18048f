/** Objects of the R2 twin: how they are kept, told, and refused. */
import { utf8Length } from '@flowport/capabilities'
import { md5 } from '@noble/hashes/legacy.js'
import type {
  R2Conditions,
  R2MultipartOptionsLike,
  R2ObjectBodyLike,
  R2ObjectLike,
} from '../../cloudflare-r2/binding.ts'
import { r2Info } from '../../cloudflare-r2/info.ts'
import { toHex } from '../../object-http/encode.ts'

export interface StoredObject {
  readonly object: R2ObjectLike
  /** Never written to. */
  readonly bytes: Uint8Array<ArrayBuffer>
}

export interface NewObject extends R2MultipartOptionsLike {
  readonly key: string
  readonly bytes: Uint8Array<ArrayBuffer>
  readonly etag: string
  readonly checksums: R2ObjectLike['checksums']
  readonly version: string
  readonly now: number
}

/** An error as the binding throws it: the operation before, R2's code behind. */
export function r2Error(operation: string, text: string, code?: number): Error {
  return new Error(`${operation}: ${text}${code === undefined ? '' : ` (${code})`}`)
}

/** Refuses what the deployed service refuses. https://developers.cloudflare.com/r2/api/error-codes/ */
export function checkObject(operation: string, key: string, options: R2MultipartOptionsLike = {}): void {
  const { maxKeyBytes, maxMetadataBytes } = r2Info.limits
  if (key === '' || utf8Length(key) > maxKeyBytes) {
    throw r2Error(operation, 'The specified object name is not valid.', 10020)
  }
  const { customMetadata = {}, storageClass = 'Standard' } = options
  if (utf8Length(Object.entries(customMetadata).flat().join('')) > maxMetadataBytes) {
    throw r2Error(operation, 'Your metadata headers exceed the maximum allowed metadata size.', 10012)
  }
  if (storageClass !== 'Standard' && storageClass !== 'InfrequentAccess') {
    throw r2Error(operation, 'The storage class specified is not valid.')
  }
}

/** The object as it will be told. */
export function stored(made: NewObject): StoredObject {
  const { key, bytes, etag, checksums, version, now, httpMetadata, customMetadata, storageClass } = made
  const object: R2ObjectLike = {
    key,
    version,
    size: bytes.byteLength,
    etag,
    checksums,
    uploaded: new Date(now),
    httpMetadata: { ...httpMetadata },
    customMetadata: { ...customMetadata },
    storageClass: storageClass ?? 'Standard',
  }
  return { object, bytes }
}

/** A copy for a caller, who may change it. */
export function told({ object }: StoredObject): R2ObjectLike {
  return {
    ...object,
    checksums: { ...object.checksums },
    uploaded: new Date(object.uploaded),
    httpMetadata: { ...object.httpMetadata },
    customMetadata: { ...object.customMetadata },
  }
}

/** The object with `[start, end)` of its bytes. */
export function toldWithBody(kept: StoredObject, start: number, end: number): R2ObjectBodyLike {
  const body = piecewise(kept.bytes.subarray(start, end))
  knownLengths.add(body)
  return { ...told(kept), range: { offset: start, length: end - start }, body }
}

/** 64 KiB at a time, as bytes come from a network. */
function piecewise(bytes: Uint8Array<ArrayBuffer>): ReadableStream<Uint8Array<ArrayBuffer>> {
  let offset = 0
  return new ReadableStream<Uint8Array<ArrayBuffer>>(
    {
      pull(controller) {
        if (offset < bytes.byteLength) controller.enqueue(bytes.slice(offset, offset + 65_536))
        offset += 65_536
        if (offset >= bytes.byteLength) controller.close()
      },
    },
    { highWaterMark: 0 },
  )
}

/** Whether the conditions hold of what is there. */
export function holds(
  there: StoredObject | undefined,
  { etagMatches, etagDoesNotMatch }: R2Conditions,
): boolean {
  const matches = (etag: string) => there !== undefined && (etag === '*' || there.object.etag === etag)
  if (etagMatches !== undefined && !matches(etagMatches)) return false
  return etagDoesNotMatch === undefined || !matches(etagDoesNotMatch)
}

/** MD5 in hexadecimal, which is the etag of an object that was put in one piece. */
export function md5Hex(bytes: Uint8Array): string {
  return toHex(md5(bytes))
}

/** Streams whose length R2 knows. */
export const knownLengths = new WeakSet<ReadableStream>()

/**
 * Workers' `FixedLengthStream` for other platforms: a stream that must carry as many bytes as it was told, which the twin
 * takes where it refuses other streams.
 */
export class FixedLengthStreamTwin {
  readonly readable: ReadableStream<Uint8Array<ArrayBuffer>>
  readonly writable: WritableStream<Uint8Array<ArrayBuffer>>

  constructor(length: number) {
    let seen = 0
    const { readable, writable } = new TransformStream<Uint8Array<ArrayBuffer>, Uint8Array<ArrayBuffer>>({
      transform(chunk, controller) {
        seen += chunk.byteLength
        if (seen > length) throw new TypeError('Attempt to write too many bytes through a FixedLengthStream.')
        controller.enqueue(chunk)
      },
      flush() {
        if (seen < length) {
          throw new TypeError('FixedLengthStream did not see all expected bytes before close().')
        }
      },
    })
    this.readable = readable
    this.writable = writable
    knownLengths.add(readable)
  }
}
