/** The few calls of `node:fs` the drivers make, as promises over plain descriptors: half the cost of `FileHandle`. */
import fs from 'node:fs'

/** Data is for the user the process runs as: nobody else reads files or lists directories that the store makes. */
export const fileMode = 0o600
export const directoryMode = 0o700

export function open(path: string, flags: number, mode = fileMode): Promise<number> {
  return new Promise((resolve, reject) => {
    fs.open(path, flags, mode, (error, fd) => (error ? reject(error) : resolve(fd)))
  })
}

/** Fills `buffer` from `position` on, or less at the end of the file. Resolves the bytes read. */
export function read(fd: number, buffer: Uint8Array, position: number): Promise<number> {
  return new Promise((resolve, reject) => {
    let filled = 0
    const next = () => {
      fs.read(fd, buffer, filled, buffer.length - filled, position + filled, (error, bytes) => {
        if (error) return reject(error)
        filled += bytes
        if (bytes === 0 || filled === buffer.length) return resolve(filled)
        next()
      })
    }
    next()
  })
}

/** Writes all of the parts, from `position` on. */
export function write(fd: number, parts: readonly Uint8Array[], position: number): Promise<void> {
  return new Promise((resolve, reject) => {
    const next = (left: readonly Uint8Array[], at: number) => {
      fs.writev(fd, left, at, (error, written) => {
        if (error) return reject(error)
        const rest = after(left, written)
        if (rest.length === 0) return resolve()
        next(rest, at + written)
      })
    }
    next(parts, position)
  })
}

export const rename = (from: string, to: string) => done((end) => fs.rename(from, to, end))
export const link = (existing: string, path: string) => done((end) => fs.link(existing, path, end))
export const unlink = (path: string) => done((end) => fs.unlink(path, end))
export const rmdir = (path: string) => done((end) => fs.rmdir(path, end))
export const mkdir = (path: string) => done((end) => fs.mkdir(path, directoryMode, end))
export const fdatasync = (fd: number) => done((end) => fs.fdatasync(fd, end))
export const fsync = (fd: number) => done((end) => fs.fsync(fd, end))
export const close = (fd: number) => done((end) => fs.close(fd, end))

/** Sets the times of a file, in seconds since the epoch. */
export const utimes = (path: string, seconds: number) => done((end) => fs.utimes(path, seconds, seconds, end))

export function readdir(path: string): Promise<string[]> {
  return new Promise((resolve, reject) => {
    fs.readdir(path, (error, names) => (error ? reject(error) : resolve(names)))
  })
}

export function realpath(path: string): Promise<string> {
  return new Promise((resolve, reject) => {
    fs.realpath.native(path, (error, real) => (error ? reject(error) : resolve(real)))
  })
}

/** The error's code, such as `ENOENT`, if it has one. */
export function codeOf(error: unknown): string | undefined {
  return typeof error === 'object' && error !== null && 'code' in error ? String(error.code) : undefined
}

/** Resolves `false` instead of failing with one of the codes. */
export function unless(promise: Promise<unknown>, ...codes: readonly string[]): Promise<boolean> {
  return promise.then(
    () => true,
    (error: unknown) => {
      if (codes.includes(codeOf(error) ?? '')) return false
      throw error
    },
  )
}

function done(start: (end: (error: Error | null) => void) => void): Promise<void> {
  return new Promise((resolve, reject) => start((error) => (error ? reject(error) : resolve())))
}

function after(parts: readonly Uint8Array[], written: number): readonly Uint8Array[] {
  let left = written
  for (const [index, part] of parts.entries()) {
    if (left < part.byteLength) return [part.subarray(left), ...parts.slice(index + 1)]
    left -= part.byteLength
  }
  return []
}
