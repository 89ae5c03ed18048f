/** File system errors as `CapabilityError`s. No message holds a path: the original is the `cause`. */
import {
  CapabilityError,
  type CapabilityErrorOptions,
  type ErrorKind,
  isCapabilityError,
  maybeApplied,
  notApplied,
} from '@flowport/capabilities'
import { codeOf } from './io.ts'

/** What was thrown, as an error callers can branch on. */
export function translateError(error: unknown): unknown {
  if (isCapabilityError(error)) return error
  const code = codeOf(error)
  const known = code === undefined ? undefined : kinds[code]
  if (known === undefined) return error
  const [kind, reason, options] = known
  return new CapabilityError(kind, reason, { ...options, details: { errno: code }, cause: error })
}

/** Runs a driver's method with its errors translated. */
export async function translated<T>(run: () => Promise<T>): Promise<T> {
  try {
    return await run()
  } catch (error) {
    throw translateError(error)
  }
}

/** Runs what comes before the one step that makes a change visible: what it throws says that nothing was applied. */
export async function beforePublishing<T>(run: () => Promise<T>): Promise<T> {
  try {
    return await run()
  } catch (error) {
    throw notApplied(translateError(error))
  }
}

/** Runs what comes after that step, such as putting it on the disk: what it throws says that the change may be there. */
export async function afterPublishing<T>(run: () => Promise<T>): Promise<T> {
  try {
    return await run()
  } catch (error) {
    throw maybeApplied(translateError(error))
  }
}

/** Another process removed the claim of a change, since this process stood still; nothing has been changed. */
export function fenced(cause: unknown): CapabilityError {
  return new CapabilityError(
    'Unavailable',
    'another process took over while this one stood still; try again',
    { code: 'FS_FENCED', applied: 'no', cause },
  )
}

/** What is found where a link was planted. */
export function linked(): CapabilityError {
  return new CapabilityError(...symlink)
}

// A full disk may have room later, but not within a retry's delay: unavailable, and not retried.
const full = [
  'Unavailable',
  'the disk is full; what was stored before is kept',
  { retryable: 'never', applied: 'no' },
] as const
const denied = [
  'PermissionDenied',
  'the process may not do this in the data directory; check owner and mode',
] as const
const symlink = [
  'PermissionDenied',
  'a symbolic link stands in the data directory; links are not followed',
] as const
const busy = [
  'Unavailable',
  'too many files are open in this process or system; raise the limit',
  { applied: 'no' },
] as const
const failing = ['Unavailable', 'the disk failed to read or write; check the device'] as const
const gone = [
  'Unavailable',
  'the data directory was removed while it was in use; restore it and restart',
] as const
const long = [
  'LimitExceeded',
  'the key is too long for this file system under this root; shorten either',
] as const

/**
 * What a system call that fails with the code means. It changed nothing, but for those that say the device or the server
 * of the file system failed, and for `ENOENT`, with which a repeated rename over a network ends.
 */
const kinds: Readonly<Record<string, readonly [ErrorKind, string, CapabilityErrorOptions?]>> = {
  ENOSPC: full,
  EDQUOT: full,
  EFBIG: ['LimitExceeded', 'the object is larger than the file system or the process limit allows'],
  EACCES: denied,
  EPERM: denied,
  EROFS: ['PermissionDenied', 'the data directory is on a read-only file system'],
  ELOOP: symlink,
  ENOTDIR: symlink,
  EISDIR: ['Corrupt', 'a directory stands where an object should be'],
  EMFILE: busy,
  ENFILE: busy,
  ENOMEM: busy,
  EIO: failing,
  EBUSY: failing,
  ESTALE: failing,
  ETIMEDOUT: failing,
  ENAMETOOLONG: long,
  ENOENT: gone,
}
