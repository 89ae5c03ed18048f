/** SQLite's errors as `CapabilityError`s. No message holds SQL, a path or a value: the original is the `cause`. */
import {
  CapabilityError,
  type CapabilityErrorOptions,
  type ErrorKind,
  isCapabilityError,
} from '@flowport/capabilities'

/** What was thrown, as an error callers can branch on. */
export function translateError(error: unknown): unknown {
  if (isCapabilityError(error)) return error
  const code = primaryCode(error)
  const known = code === undefined ? undefined : kinds[code]
  if (known !== undefined) {
    const [kind, reason, options] = known
    return new CapabilityError(kind, reason, { ...options, details: { sqlite: code }, cause: error })
  }
  if (hasCode(error, 'ERR_INVALID_STATE')) {
    return new CapabilityError('Unavailable', 'the sqlite database has been closed', {
      applied: 'no',
      retryable: 'never',
      cause: error,
    })
  }
  return error
}

/** Runs a driver's method with its errors translated. */
export function translated<T>(run: () => T): T {
  try {
    return run()
  } catch (error) {
    throw translateError(error)
  }
}

/** Whether another connection held what was needed for longer than the busy timeout. */
export function isBusy(error: unknown): boolean {
  const code = primaryCode(error)
  return code === busy || code === locked
}

/** Result codes: https://sqlite.org/rescode.html */
const busy = 5
const locked = 6

const held = [
  'Unavailable',
  'other processes kept the database busy for longer than busyTimeoutMs; try again',
  { applied: 'no' },
] as const
const denied = [
  'PermissionDenied',
  'the process may not write the sqlite file or its directory; check owner and mode',
] as const
// A full disk may have room later, but not within a retry's delay: unavailable, and not retried.
const full = [
  'Unavailable',
  'the disk is full; what was stored before is kept',
  { retryable: 'never', applied: 'no' },
] as const
const damaged = ['Corrupt', 'the sqlite file is damaged or no database; restore it from a backup'] as const

/** A statement or a commit that fails with these codes is rolled back; of what a disk that fails holds, nobody knows. */
const kinds: Readonly<Record<number, readonly [ErrorKind, string, CapabilityErrorOptions?]>> = {
  3: denied,
  [busy]: held,
  [locked]: held,
  7: ['Unavailable', 'sqlite is out of memory'],
  8: denied,
  10: ['Unavailable', 'the disk failed to read or write; check the device'],
  11: damaged,
  13: full,
  14: denied,
  18: ['LimitExceeded', 'the row is larger than sqlite allows'],
  26: damaged,
}

/** The result code without its extension. */
function primaryCode(error: unknown): number | undefined {
  if (!hasCode(error, 'ERR_SQLITE_ERROR')) return undefined
  return 'errcode' in error && typeof error.errcode === 'number' ? error.errcode & 0xff : undefined
}

function hasCode(error: unknown, code: string): error is Error & { readonly code: string } {
  return error instanceof Error && 'code' in error && error.code === code
}
