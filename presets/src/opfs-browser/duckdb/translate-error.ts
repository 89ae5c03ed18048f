/** What the engine says went wrong, as a `CapabilityError` with its text and without its stack. */
import { CapabilityError, type ErrorKind } from '@flowport/capabilities'
import { hasParquet } from './engine.ts'
import { isGlob } from './glob.ts'
import { isUri } from './tokens.ts'

export interface FailedStatement {
  /** As the engine knows its names, and as the caller does. */
  readonly names: ReadonlyMap<string, string>
  /** Lines put before the caller's text. */
  readonly lineShift: number
  readonly isParquet: boolean
  readonly version: string
  readonly hasRepository: boolean
}

/**
 * The URI of the file that the engine looked for and did not find, or `null`. The engine names it before it reads any data; a
 * message that quotes data begins with another label. The caller lends only files that a statement names all the same.
 */
export function missingFile(error: unknown): string | null {
  const text = error instanceof Error ? plainText(error.message) : ''
  const uri =
    /^IO Error: No files found that match the pattern "([^"\n]{1,4096})"(?:\n|$)/.exec(text)?.[1] ?? ''
  if (!isUri(uri)) return null
  if (!isGlob(uri)) return uri
  const message = `the pattern "${uri}" stands in a view or an expression; patterns work where the statement itself names them`
  throw new CapabilityError('Unsupported', message, { key: uri })
}

/** Whether the engine cannot be trusted any more. */
export function isEngineLost(error: unknown): boolean {
  if (error instanceof CapabilityError) return error.code === 'DUCKDB_LOST'
  if (!(error instanceof Error)) return false
  if (error.name === 'RuntimeError' || /database has been invalidated/.test(error.message)) return true
  // What the engine says of a statement begins so, and may quote anything.
  return !/^[A-Z][\w ]* Error: /.test(error.message) && traps.test(error.message)
}

const traps =
  /^(?:RuntimeError|Aborted|abort\()|memory access out of bounds|table index is out of bounds|function signature mismatch|unreachable/i

export function translateError(error: unknown, statement: FailedStatement): CapabilityError {
  if (error instanceof CapabilityError) return error
  const text = textOf(error, statement)
  if (statement.isParquet && !hasParquet(statement.version) && isMissingExtension(error)) {
    return new CapabilityError('Misconfigured', parquetAdvice(statement), {
      code: 'DUCKDB_PARQUET',
      cause: new Error(text),
    })
  }
  if (staleFile.test(text)) {
    const message = 'a file was replaced or removed while the statement read it; run the statement again'
    return new CapabilityError('Unavailable', message, { code: 'DUCKDB_FILE_CHANGED' })
  }
  if (outOfMemory.test(text)) {
    const message = `the statement needs more memory than DuckDB has here: ${text.split('\n', 1)[0] ?? ''}`
    return new CapabilityError('LimitExceeded', message, { code: 'DUCKDB_MEMORY' })
  }
  if (isEngineLost(error)) {
    const message =
      'DuckDB broke down; it is started again by the next statement, without the tables it had in memory'
    return new CapabilityError('Unavailable', message, { code: 'DUCKDB_LOST', cause: new Error(text) })
  }
  const kind = kinds.find(([pattern]) => pattern.test(text))?.[1]
  if (kind !== undefined) return new CapabilityError(kind, text)
  return new CapabilityError('Unexpected', 'DuckDB failed in a way that is not known here', {
    cause: new Error(text),
  })
}

/** What a browser throws in the engine's worker when a `File` is no longer the one it was: Chromium's names, then Firefox's. */
const staleFile =
  /^Invalid Error: (?:NotReadableError|NotFoundError|AbortError)\b|^Invalid Error: \[Exception\.\.\. "File error/

const outOfMemory =
  /^(?:Out of Memory Error|(?:\w+ (?:\w+ )?Error: )?(?:std::)?(?:bad_alloc|bad allocation|out of memory|OOM\b|cannot enlarge memory))/i

/** By how the message begins: what follows may quote data. */
const kinds: readonly (readonly [RegExp, ErrorKind])[] = [
  [/^IO Error: No files found/i, 'NotFound'],
  [/^(?:\w+ (?:\w+ )?Error: )?(?:No magic bytes found|Invalid Parquet|[\w ]{0,40}\bcorrupt)/i, 'Corrupt'],
  [/^(?:INTERRUPT|Interrupted) Error|^(?:Invalid Error: )?query was canceled/i, 'Cancelled'],
  [/^Constraint Error: Duplicate key/i, 'AlreadyExists'],
  [/^Not ?implemented Error/i, 'Unsupported'],
  [/^Permission Error/i, 'PermissionDenied'],
  [
    /^(?:Parser|Syntax|Binder|Catalog|Conversion|Invalid Input|Invalid Type|Invalid|Out of Range|Mismatch Type|Type|Divide by Zero|Constraint|Dependency|TransactionContext|Parameter Not Allowed|Parameter Not Resolved|Sequence) Error/i,
    'InvalidInput',
  ],
]

/** The caller's names and line numbers; nothing of the script the engine is made of. */
function textOf(error: unknown, { names, lineShift }: FailedStatement): string {
  let text = plainText((error instanceof Error ? error.message : String(error)).trim())
  for (const [name, uri] of names) text = text.replaceAll(name, uri)
  if (lineShift === 0) return text
  return text.replaceAll(/^LINE (\d+):/gm, (_match, line) => `LINE ${Number(line) - lineShift}:`)
}

/** Newer versions tell mistakes in the SQL as JSON. */
function plainText(text: string): string {
  if (!text.startsWith('{"exception_type"')) return text
  try {
    const told = JSON.parse(text) as { readonly exception_type: string; readonly exception_message?: string }
    return `${told.exception_type} Error: ${told.exception_message ?? ''}`
  } catch {
    // Not JSON after all: the text as it is says more than nothing.
    return text
  }
}

function isMissingExtension(error: unknown): boolean {
  const text = error instanceof Error ? error.message : ''
  return (
    isEngineLost(error) ||
    /extension|NetworkError|XMLHttpRequest|failed to load|read_parquet does not exist|parquet_scan does not exist|Copy Function with name "?parquet|No function/i.test(
      text,
    )
  )
}

function parquetAdvice({ version, hasRepository }: FailedStatement): string {
  const newer = `this DuckDB (${version}) has parquet as an extension`
  return hasRepository
    ? `${newer}, and it could not be loaded from extensionRepository; serve ${version}/wasm_eh/parquet.duckdb_extension.wasm there`
    : `${newer}, which is fetched from nowhere unless you say so: serve it yourself and give extensionRepository, or install @duckdb/duckdb-wasm@1.28.0, which has it built in`
}
