/** Writes an object into the staging directory, whole and synced, ready to be published. */
import fs from 'node:fs'
import { copyStream } from './copy-stream.ts'
import {
  decodeHeader,
  encodeHeader,
  encodeLateFields,
  fixedBytes,
  headerLength,
  lateFieldsAt,
  type NewHeader,
} from './header.ts'
import type { Home } from './home.ts'
import { close, fdatasync, fileMode, open, read, unless, unlink, write } from './io.ts'
import { hasDescriptorPaths } from './places.ts'
import type { OpenObject } from './read.ts'

export type Body = Uint8Array<ArrayBuffer> | ReadableStream<Uint8Array<ArrayBuffer>>

export interface Staged {
  readonly path: string
  readonly header: NewHeader
}

export interface StageOptions {
  readonly now: () => number
  readonly signal: AbortSignal | undefined
  /** The path of the staged file. */
  readonly at: string
}

const { O_WRONLY, O_RDWR, O_CREAT, O_EXCL, O_NOFOLLOW = 0 } = fs.constants
const { COPYFILE_FICLONE, COPYFILE_EXCL } = fs.constants

/** Writes header and body. What fails or is aborted leaves nothing behind; the stream is then cancelled. */
export async function stage(
  home: Home,
  fields: Pick<NewHeader, 'isText' | 'expiresAt' | 'json'>,
  body: Body,
  { now, signal, at: path }: StageOptions,
): Promise<Staged> {
  const draft = { ...fields, version: home.ids.next(), modified: now(), size: 0 }
  try {
    const fd = await open(path, O_WRONLY | O_CREAT | O_EXCL)
    const header = await finish(home, fd, path, async () => {
      if (body instanceof Uint8Array) {
        const whole = { ...draft, size: body.byteLength }
        await write(fd, body.byteLength === 0 ? [encodeHeader(whole)] : [encodeHeader(whole), body], 0)
        return whole
      }
      const start = encodeHeader(draft)
      await write(fd, [start], 0)
      const whole = { ...draft, size: await copyStream(body, fd, start.length, signal), modified: now() }
      await write(fd, [encodeLateFields(whole)], lateFieldsAt)
      return whole
    })
    return { path, header }
  } catch (error) {
    if (!(body instanceof Uint8Array) && !body.locked) await body.cancel(error).catch(() => undefined)
    throw error
  }
}

/**
 * A staged copy of an object's file: shared blocks where the file system can, else copied in the kernel. `null` when the
 * file is no longer the object that was opened.
 */
export async function stageCopy(
  home: Home,
  from: string,
  { header, fd: source }: OpenObject,
  now: () => number,
): Promise<Staged | null> {
  const path = home.newStaged()
  try {
    // The opened file itself, where it can be named: what its path leads to may have been exchanged.
    const original = hasDescriptorPaths ? `/proc/self/fd/${source}` : home.at(from)
    if (!(await unless(fs.promises.copyFile(original, path, COPYFILE_FICLONE | COPYFILE_EXCL), 'ENOENT'))) {
      return null
    }
    const fd = await open(path, O_RDWR | O_NOFOLLOW)
    const copied = await finish(home, fd, path, async () => {
      // A copy takes the mode of its source, which an earlier version may have made readable for all.
      fs.fchmodSync(fd, fileMode)
      const head = Buffer.alloc(fixedBytes)
      await read(fd, head, 0)
      if (headerLength(head) === null || decodeHeader(head, fixedBytes).version !== header.version)
        throw new Replaced()
      const copy = { ...header, version: home.ids.next(), modified: now() }
      await write(fd, [encodeLateFields(copy)], lateFieldsAt)
      return copy
    })
    return { path, header: copied }
  } catch (error) {
    await discard(path)
    if (error instanceof Replaced) return null
    throw error
  }
}

/** Removes a staged file that will not be published. */
export async function discard(path: string): Promise<void> {
  await unless(unlink(path), 'ENOENT')
}

/** The source of a copy was replaced while it was copied. */
class Replaced extends Error {}

async function finish(
  home: Home,
  fd: number,
  path: string,
  fill: () => Promise<NewHeader>,
): Promise<NewHeader> {
  try {
    const header = await fill()
    if (home.syncs) await fdatasync(fd)
    // Its errors would come too late: what a caller was promised is on the disk by now.
    home.inBackground(close(fd))
    return header
  } catch (error) {
    await close(fd).catch(() => undefined)
    await discard(path)
    throw error
  }
}
