/**
 * What stands before the content in every object's file, so that one rename replaces content and metadata together:
 * `FLWP`, format 1, flags, length of the JSON, size, time, expiry, version, then the JSON, then the content.
 */

export interface Header {
  /** Bytes of content. */
  readonly size: number
  /** Milliseconds since the epoch. */
  readonly modified: number
  /** Milliseconds since the epoch; `0` for never. */
  readonly expiresAt: number
  /** Whether the content was given as text. */
  readonly isText: boolean
  /** Changes with every write: the etag. */
  readonly version: string
  /** What the driver keeps beside it: JSON text, or empty. */
  readonly json: string
  /** Where the content begins in the file. */
  readonly length: number
}

export type NewHeader = Omit<Header, 'length'>

export const fixedBytes = 64
const magic = 0x464c5750
const format = 1
/** Where the fields start that are known only once a stream has ended. */
export const lateFieldsAt = 12
const versionBytes = 28

/** The header's bytes. */
export function encodeHeader(header: NewHeader): Buffer {
  const json = Buffer.byteLength(header.json)
  const bytes = Buffer.allocUnsafe(fixedBytes + json)
  bytes.writeUInt32BE(magic, 0)
  bytes.writeUInt16BE(format, 4)
  bytes.writeUInt16BE(header.isText ? 1 : 0, 6)
  bytes.writeUInt32BE(json, 8)
  bytes.writeDoubleBE(header.size, lateFieldsAt)
  bytes.writeDoubleBE(header.modified, 20)
  bytes.writeDoubleBE(header.expiresAt, 28)
  bytes.write(header.version.padEnd(versionBytes), 36, versionBytes, 'latin1')
  if (json > 0) bytes.write(header.json, fixedBytes, 'utf8')
  return bytes
}

/** Size, time, expiry and version alone, to be written at `lateFieldsAt`. */
export function encodeLateFields(header: NewHeader): Buffer {
  return encodeHeader({ ...header, json: '' }).subarray(lateFieldsAt)
}

/** Length of the whole header, from its first `fixedBytes` bytes; `null` when they are none of ours. */
export function headerLength(bytes: Buffer): number | null {
  if (bytes.length < fixedBytes || bytes.readUInt32BE(0) !== magic || bytes.readUInt16BE(4) !== format)
    return null
  return fixedBytes + bytes.readUInt32BE(8)
}

/** Reads a header from bytes that hold at least all of it. */
export function decodeHeader(bytes: Buffer, length: number): Header {
  return {
    size: bytes.readDoubleBE(lateFieldsAt),
    modified: bytes.readDoubleBE(20),
    expiresAt: bytes.readDoubleBE(28),
    isText: bytes.readUInt16BE(6) === 1,
    version: bytes.toString('latin1', 36, 36 + versionBytes).trimEnd(),
    json: length === fixedBytes ? '' : bytes.toString('utf8', fixedBytes, length),
    length,
  }
}
