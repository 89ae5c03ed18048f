/** Secrets as files of a directory, as Docker and Kubernetes mount them. Every `get` reads the file: rotation is seen. */
import fs from 'node:fs'
import { open, realpath } from 'node:fs/promises'
import { sep } from 'node:path'
import { CapabilityError, checkNumbers, isCapabilityError, type SecretsDriver } from '@flowport/capabilities'
import { secretFilesInfo, secretFilesNumbers } from './declaration.ts'

export interface SecretFilesDriverOptions {
  readonly directory: string
  readonly maxBytes: number
  /** Names that may be read; all others are absent. Default: every name. */
  readonly names?: readonly string[] | undefined
}

/** Opens the directory: fails with `Misconfigured` when it is missing. */
export async function openSecretFilesDriver(options: SecretFilesDriverOptions): Promise<SecretsDriver> {
  const { directory, maxBytes, names } = options
  checkNumbers('preset "secret-files"', { maxBytes }, secretFilesNumbers)
  if (!(await isDirectory(directory)))
    throw misconfigured('the directory (directory, or FLOWPORT_SECRETS_DIR) is missing or cannot be read')
  const readable = names === undefined ? null : new Set(names)
  return {
    info: secretFilesInfo,
    async get(name) {
      if (!isFileName(name) || readable?.has(name) === false) return null
      try {
        return textOf(await read(directory, name, maxBytes))
      } catch (error) {
        throw translate(error)
      }
    },
  }
}

/** Letters, digits and `._-`, as Kubernetes allows; no name of dots alone, nor of its own entries such as `..data`. */
function isFileName(name: string): boolean {
  return name.length <= 253 && /^[\w.-]+$/.test(name) && name !== '.' && !name.startsWith('..')
}

/** The file's bytes, or `null` when there is none. Links are followed within the directory: Kubernetes mounts links. */
async function read(directory: string, name: string, maxBytes: number): Promise<Buffer | null> {
  const root = await realpath(directory)
  const place = await found(realpath(`${root}${sep}${name}`))
  if (place === null) return null
  if (!place.startsWith(root.endsWith(sep) ? root : root + sep))
    throw new CapabilityError('PermissionDenied', 'the file of the secret is a link out of the directory')
  // The place has no links in it: one that is planted since is refused, as is a pipe, which would block.
  const flags = fs.constants.O_RDONLY | (fs.constants.O_NOFOLLOW ?? 0) | (fs.constants.O_NONBLOCK ?? 0)
  const file = await found(open(place, flags))
  if (file === null) return null
  try {
    const { size } = await fileStat(file)
    if (size > maxBytes) throw tooLarge(maxBytes)
    const buffer = Buffer.alloc(maxBytes + 1)
    let length = 0
    for (;;) {
      const { bytesRead } = await file.read(buffer, length, buffer.length - length, length)
      length += bytesRead
      // A file may grow while it is read.
      if (length > maxBytes) throw tooLarge(maxBytes)
      if (bytesRead === 0) return buffer.subarray(0, length)
    }
  } finally {
    await file.close()
  }
}

async function fileStat(file: fs.promises.FileHandle): Promise<fs.Stats> {
  const stat = await file.stat()
  if (stat.isFile()) return stat
  throw misconfigured('something other than a file has the name of the secret')
}

/** One line end at the end belongs to the editor or to `echo`, not to the secret. An empty file is no secret. */
function textOf(bytes: Buffer | null): string | null {
  if (bytes === null) return null
  let text: string
  try {
    text = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes)
  } catch {
    throw new CapabilityError('Corrupt', 'the file of the secret is not UTF-8 text')
  }
  const trimmed = text.replace(/\r?\n$/, '')
  return trimmed === '' ? null : trimmed
}

async function isDirectory(path: string): Promise<boolean> {
  try {
    await fs.promises.access(path, fs.constants.X_OK)
    return (await fs.promises.stat(path)).isDirectory()
  } catch {
    return false
  }
}

async function found<T>(promise: Promise<T>): Promise<T | null> {
  try {
    return await promise
  } catch (error) {
    if (codeOf(error) === 'ENOENT') return null
    throw error
  }
}

function codeOf(error: unknown): unknown {
  return error instanceof Error && 'code' in error ? error.code : undefined
}

/** No message holds a path or content; the original is the `cause`. */
function translate(error: unknown): unknown {
  if (isCapabilityError(error)) return error
  const code = codeOf(error)
  if (code === 'EACCES' || code === 'EPERM' || code === 'ELOOP') {
    return new CapabilityError(
      'PermissionDenied',
      'the process may not read the file of the secret; check owner and mode',
      { cause: error },
    )
  }
  return new CapabilityError('Unavailable', 'the file of the secret could not be read; try again', {
    cause: error,
  })
}

function tooLarge(maxBytes: number): CapabilityError {
  return new CapabilityError('LimitExceeded', `the file of the secret is larger than ${maxBytes} bytes`)
}

function misconfigured(reason: string): CapabilityError {
  return new CapabilityError('Misconfigured', `preset "secret-files": ${reason}`)
}
