/** What SQLite says to a caller's statement, as `CapabilityError`s; made in the object, for errors lose their shape on RPC. */
import { CapabilityError, type ErrorKind, isCapabilityError } from '@flowport/capabilities'

/** Runs a caller's SQL with its errors translated. SQLite's own words, which name tables and columns, are kept. */
export function sqlTranslated<T>(run: () => T): T {
  try {
    return run()
  } catch (error) {
    throw translated(error)
  }
}

function translated(error: unknown): unknown {
  if (isCapabilityError(error) || !(error instanceof Error)) return error
  const known = rules.find(([pattern]) => pattern.test(error.message))
  if (known === undefined) return error
  const [, kind, what] = known
  return new CapabilityError(kind, `${what}: ${error.message}`, { cause: error })
}

/** The first that matches counts. */
const rules: readonly (readonly [RegExp, ErrorKind, string])[] = [
  [
    /UNIQUE constraint failed|SQLITE_CONSTRAINT_(UNIQUE|PRIMARYKEY|ROWID)/,
    'AlreadyExists',
    'a row with this key is there',
  ],
  [/SQLITE_CONSTRAINT/, 'ConditionNotMatch', 'the table does not allow the row'],
  [/SQLITE_FULL/, 'LimitExceeded', 'the object is full; delete something'],
  [
    /SQLITE_TOOBIG|too long|too many (columns|arguments|terms)|pattern too complex|is too large|number must be between/,
    'LimitExceeded',
    'the statement is past a limit of SQLite',
  ],
  [/SQLITE_AUTH|not authorized/, 'PermissionDenied', 'objects may not run this statement'],
  [
    /SQLITE_ABORT|cursor was (closed|canceled)/,
    'Unavailable',
    'the cursor was ended by another statement; run it again',
  ],
  [/SQLITE_(CORRUPT|NOTADB)/, 'Corrupt', 'the database of the object is damaged'],
  [/To execute a transaction/, 'Unsupported', 'statements of one call are all or none already'],
  [
    /SQLITE_ERROR|SQLITE_MISMATCH|SQLITE_RANGE|parameter bindings|did not contain a statement/,
    'InvalidInput',
    'SQLite does not take the statement',
  ],
]
