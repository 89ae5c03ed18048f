/** Functions that read files: which of them run, and how they are given their files. */
import { CapabilityError } from '@flowport/capabilities'
import { isSign, isWord, type SqlToken } from './tokens.ts'

/** Functions whose first argument is a file, or a list of files. */
const readers: ReadonlySet<string> = new Set(
  (
    'READ_PARQUET PARQUET_SCAN PARQUET_METADATA PARQUET_SCHEMA PARQUET_FILE_METADATA PARQUET_KV_METADATA ' +
    'PARQUET_BLOOM_PROBE PARQUET_FULL_METADATA ' +
    'READ_CSV READ_CSV_AUTO SNIFF_CSV READ_JSON READ_JSON_AUTO READ_JSON_OBJECTS READ_JSON_OBJECTS_AUTO ' +
    'READ_NDJSON READ_NDJSON_AUTO READ_NDJSON_OBJECTS READ_TEXT READ_BLOB'
  ).split(' '),
)

/** Functions that open files, databases or servers by themselves, or run text as a statement. */
const refused =
  /^(?:read_.*|st_read.*|.*_scan|.*_attach|query|query_table|.*_query|.*_execute|json_execute_serialized_sql|from_substrait.*|load_aws_credentials)$/i

/** Whether the token names a function that reads files. */
export function isReader(token: SqlToken | undefined): boolean {
  return (token?.kind === 'word' || token?.kind === 'name') && readers.has(token.text.toUpperCase())
}

/** Throws for calls of functions that open something by themselves, and for files that are not named in the statement. */
export function checkCalls(tokens: readonly SqlToken[]): void {
  for (const [index, token] of tokens.entries()) {
    if ((token.kind !== 'word' && token.kind !== 'name') || !isSign(tokens[index + 1], '(')) continue
    const before = beforeName(tokens, index)
    if (isWord(before, ...definitions)) continue
    if (isReader(token)) checkFiles(tokens, index + 1)
    else if (refused.test(token.text))
      throw refusedCall(token.text, 'name files by their URIs, with a function such as read_csv_auto')
    else if (token.text.toUpperCase() === 'GLOB' && isTablePlace(before))
      throw refusedCall('glob', 'use list of the storage')
  }
}

/** Words before a name that is defined or filled there, not called: `INSERT INTO read_log (a)`. */
const definitions = [
  'INTO',
  'TABLE',
  'EXISTS',
  'WITH',
  'RECURSIVE',
  'AS',
  'ON',
  'REFERENCES',
  'VIEW',
  'MACRO',
  'FUNCTION',
]

/** The token before a name and the schemas it is qualified by. */
function beforeName(tokens: readonly SqlToken[], index: number): SqlToken | undefined {
  let at = index - 1
  while (isSign(tokens[at], '.')) at -= 2
  return tokens[at]
}

/** GLOB is an operator, too: `name GLOB ('a*')`. */
function isTablePlace(before: SqlToken | undefined): boolean {
  if (before === undefined || isWord(before, 'FROM', 'JOIN', 'CALL', 'LATERAL')) return true
  return before.kind === 'sign' && before.text !== ')' && before.text !== ']'
}

/**
 * The first argument is a literal, a list of literals, or a parameter. Anything else could put a file's name together from
 * the content of another, and the engine would open it by itself.
 */
function checkFiles(tokens: readonly SqlToken[], open: number): void {
  let at = open + 1
  if (isSign(tokens[at], '[')) {
    do at += 1
    while (isFile(tokens[at]) && isSign(tokens[at + 1], ',') && (at += 1) > 0)
    if (isFile(tokens[at])) at += 1
    if (isSign(tokens[at], ']') && isEnd(tokens[at + 1])) return
  } else if (isSign(tokens[at], ')') || (isFile(tokens[at]) && isEnd(tokens[at + 1]))) return
  const name = tokens[open - 1]?.text.toLowerCase()
  const message = `a file of ${name} is part of an expression; give it one whole literal, a list of them, or a parameter`
  throw new CapabilityError('Unsupported', message)
}

function isFile(token: SqlToken | undefined): boolean {
  return token?.kind === 'text' || token?.kind === 'placeholder'
}

function isEnd(token: SqlToken | undefined): boolean {
  return isSign(token, ',') || isSign(token, ')')
}

function refusedCall(name: string, instead: string): CapabilityError {
  const message = `${name.toLowerCase()}() is refused: it opens files by itself; ${instead}`
  return new CapabilityError('Unsupported', message)
}
