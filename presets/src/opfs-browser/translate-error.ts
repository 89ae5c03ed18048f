/** The errors of OPFS as `CapabilityError`s. The original is the `cause`. */
import {
  CapabilityError,
  type CapabilityErrorOptions,
  type ErrorKind,
  isCapabilityError,
  maybeApplied,
} from '@flowport/capabilities'

/** What was thrown, as an error callers can branch on. */
export function translateError(error: unknown): unknown {
  if (isCapabilityError(error)) return error
  const name = nameOf(error)
  const known = Object.hasOwn(kinds, name) ? kinds[name] : undefined
  if (known === undefined) return error
  const [kind, reason, options] = known
  return new CapabilityError(kind, reason, { ...options, details: { opfs: name }, cause: error })
}

/**
 * Runs a driver's method with its errors translated. Where a folder is gone, the next call looks for the folders anew: another
 * tab may have removed them, or the user has cleared the data of the site.
 */
export async function translated<T>(home: { renew(): Promise<void> }, run: () => Promise<T>): Promise<T> {
  try {
    return await run()
  } catch (error) {
    if (isVanished(error)) await home.renew()
    throw translateError(error)
  }
}

/**
 * Runs what comes after a change that is there already, such as the second key of two: what it throws says that the change
 * may be there. Where a folder is gone that is so in any case, and the error stays for `translated` to see.
 */
export async function afterPlacing<T>(run: () => Promise<T>): Promise<T> {
  try {
    return await run()
  } catch (error) {
    throw isVanished(error) ? error : maybeApplied(translateError(error))
  }
}

/** Whether a folder or file that was known is no longer there. `UnknownError` is Firefox's, for a folder that is gone. */
export function isVanished(error: unknown): boolean {
  return isNamed(error, 'NotFoundError', 'UnknownError', 'InvalidStateError')
}

/** Whether what was thrown is a `DOMException`, or such, of one of these names. */
export function isNamed(error: unknown, ...names: readonly string[]): boolean {
  return names.includes(nameOf(error))
}

/** What happens to a `File` whose file was replaced or removed: Chromium's names, then Firefox's. */
export function isStale(error: unknown): boolean {
  return isNamed(error, 'NotReadableError', 'NotFoundError', 'AbortError')
}

/** The value, or `null` where what is asked for is not there, or is a folder where a file should be or the reverse. */
export async function orNull<T>(promise: Promise<T>): Promise<T | null> {
  try {
    return await promise
  } catch (error) {
    // A name the browser does not allow, such as one with a backslash, is a TypeError.
    if (isNamed(error, 'NotFoundError', 'TypeMismatchError', 'TypeError')) return null
    throw error
  }
}

export function quotaExceeded(cause?: unknown): CapabilityError {
  const [kind, reason] = full
  return new CapabilityError(kind, reason, { details: { opfs: 'QuotaExceededError' }, cause })
}

/** A file that changed again and again while it was read. */
export function unsettled(cause?: unknown): CapabilityError {
  return new CapabilityError('Unavailable', 'the file was replaced while it was read; read it again', {
    cause,
  })
}

type Known = readonly [ErrorKind, string, CapabilityErrorOptions?]

const full: Known = [
  'LimitExceeded',
  'the quota of this site is used up; what was stored before is kept. Delete something, or ask for persistent storage',
]
const replaced: Known = ['Unavailable', 'the file was replaced or removed while it was in use; try again']
const refused: Known = ['PermissionDenied', 'the browser does not allow this page to use its file system']

const kinds: Readonly<Record<string, Known>> = {
  QuotaExceededError: full,
  NoModificationAllowedError: [
    'Unavailable',
    'another tab or worker has the file open for writing; try again',
  ],
  NotReadableError: replaced,
  NotFoundError: replaced,
  AbortError: replaced,
  // Firefox, when a folder vanishes under an operation.
  UnknownError: replaced,
  InvalidModificationError: replaced,
  TypeMismatchError: replaced,
  // Chromium, for handles of a file system that was cleared.
  InvalidStateError: replaced,
  NotAllowedError: refused,
  SecurityError: refused,
}

function nameOf(error: unknown): string {
  return typeof error === 'object' && error !== null && 'name' in error ? String(error.name) : ''
}
