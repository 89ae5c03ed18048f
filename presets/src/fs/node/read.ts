/** Opens an object's file and reads its header. Whoever gets an `OpenObject` closes its descriptor. */
import fs from 'node:fs'
import { CapabilityError } from '@flowport/capabilities'
import { decodeHeader, type Header, headerLength } from './header.ts'
import type { Home } from './home.ts'
import { codeOf, open, read } from './io.ts'
import { deleted, hasDescriptorPaths, placeOf } from './places.ts'
import { linked } from './translate-error.ts'

export interface OpenObject {
  readonly fd: number
  readonly header: Header
  /** The file's first bytes: the header and what was read with it. */
  readonly head: Buffer<ArrayBuffer>
  /** Whether the content has the length it was written with. */
  readonly isWhole: boolean
}

const { O_RDONLY, O_NOFOLLOW = 0, O_NONBLOCK = 0 } = fs.constants
// Without O_NONBLOCK a named pipe, planted where an object should be, would block the thread for ever.
const flags = O_RDONLY | O_NOFOLLOW | O_NONBLOCK

/** Opens the object at `path` and reads up to `readAhead` bytes; `null` when it is absent. */
export async function openObject(home: Home, path: string, readAhead: number): Promise<OpenObject | null> {
  const fd = await openFile(home, path)
  if (fd === null) return null
  try {
    if (!isInPlace(home, path, fd)) {
      fs.closeSync(fd)
      return null
    }
    const stat = fs.fstatSync(fd)
    if (!stat.isFile()) throw corrupt('something else stands where an object should be')
    let head = await fill(fd, Buffer.allocUnsafeSlow(Math.min(stat.size, readAhead)))
    const length = headerLength(head)
    if (length === null || length > stat.size) throw corrupt('the file is no object of this store')
    if (length > head.length) head = await fill(fd, Buffer.allocUnsafeSlow(length))
    const header = decodeHeader(head, length)
    return { fd, header, head, isWhole: stat.size === length + header.size }
  } catch (error) {
    fs.closeSync(fd)
    throw error
  }
}

/** The object's header alone. */
export async function readHeader(home: Home, path: string): Promise<Header | null> {
  const object = await openObject(home, path, 1024)
  if (object === null) return null
  fs.closeSync(object.fd)
  return object.header
}

/** Refuses content that a power failure (without syncing) or another program cut. */
export function checkWhole({ isWhole }: OpenObject): void {
  if (!isWhole)
    throw corrupt('the file is shorter or longer than it was written; delete or replace the object')
}

/** Bytes `[start, end)` of the content; what the head holds is not read again. */
export async function readContent(
  object: OpenObject,
  start: number,
  end: number,
): Promise<Uint8Array<ArrayBuffer>> {
  const { fd, header, head } = object
  const from = header.length + start
  const to = header.length + end
  // A copy, so that the caller's buffer begins and ends with the content.
  if (to <= head.length) return new Uint8Array(head.subarray(from, to))
  const bytes = unfilled(end - start)
  if ((await read(fd, bytes, from)) !== bytes.length) throw corrupt('the file was cut while it was read')
  return bytes
}

/** Memory that is not zeroed first: whoever takes it fills all of it, or hands none of it on. */
export function unfilled(bytes: number): Uint8Array<ArrayBuffer> {
  return new Uint8Array(Buffer.allocUnsafeSlow(bytes).buffer)
}

export function corrupt(reason: string): CapabilityError {
  return new CapabilityError('Corrupt', reason)
}

async function openFile(home: Home, path: string): Promise<number | null> {
  try {
    if (hasDescriptorPaths) return await open(home.at(path), flags)
    const name = path.lastIndexOf('/') + 1
    return await home.within(path.slice(0, name), ({ base }) => open(base + path.slice(name), flags))
  } catch (error) {
    if (codeOf(error) === 'ENOENT') return null
    throw error
  }
}

/**
 * Compares where the opened file is with where it should be, before anything is read: a link above it leads elsewhere.
 * `false` for an object that has been deleted since it was opened.
 */
function isInPlace(home: Home, path: string, fd: number): boolean {
  if (!hasDescriptorPaths || !path.includes('/')) return true
  const place = placeOf(fd)
  const expected = home.placeOf(path)
  if (place === expected || place === expected + deleted) return true
  if (place !== null && home.isStaged(place)) return false
  throw linked()
}

async function fill(fd: number, buffer: Buffer<ArrayBuffer>): Promise<Buffer<ArrayBuffer>> {
  const bytes = buffer.length === 0 ? 0 : await read(fd, buffer, 0)
  return bytes === buffer.length ? buffer : buffer.subarray(0, bytes)
}
