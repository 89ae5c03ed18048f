/** Which literals of a statement are files: what it reads, and what `COPY … TO` writes. */
import { CapabilityError } from '@flowport/capabilities'
import { isSign, isWord, type SqlToken, sqlTokens } from './tokens.ts'

export interface FilePlace {
  readonly uri: string
  readonly start: number
  readonly end: number
  /**
   * `argument`: what a reading function is given. `item`: of the list it is given. `table`: in the place of a table's name.
   * `copy-from`, `copy-to`: of a COPY.
   */
  readonly place: 'argument' | 'item' | 'table' | 'copy-from' | 'copy-to'
}

export interface StatementFiles {
  readonly files: readonly FilePlace[]
  /** Numbers, from 1, of the parameters a reading function is given instead of a literal. */
  readonly parameters: readonly number[]
  /** Whether it has to do with parquet, as far as its words tell. */
  readonly isParquet: boolean
}

/** Finds the files of one statement. Several statements, and what cannot be done with a URI, are errors. */
export function statementFiles(sql: string): StatementFiles {
  const tokens = sqlTokens(sql)
  checkSingle(tokens)
  checkDatabaseFiles(tokens)
  const files: FilePlace[] = []
  const parameters: number[] = []
  const isCopy = isCopyStatement(tokens)
  const frames: Frame[] = [frameOf('none')]
  let questionMarks = 0
  for (const [index, token] of tokens.entries()) {
    const frame = frames.at(-1) ?? frameOf('none')
    const isTable = frame.expectsTable
    if (token.kind === 'placeholder') {
      const number = parameterNumber(token.text, (questionMarks += token.text === '?' ? 1 : 0))
      if (frame.isFirst && frame.reads !== 'none' && number !== null) parameters.push(number)
    }
    const place = placeOf(tokens, index, frame, { isTable, isCopy, isTop: frames.length === 1 })
    if (place !== null) files.push({ uri: token.text, start: token.start, end: token.end, place })
    step(frames, frame, tokens, index)
  }
  return { files, parameters, isParquet: /parquet/i.test(sql) }
}

/** Whether a text is a URI; names of tables and paths are left to the engine. */
export function isUri(text: string): boolean {
  return /^[a-z][a-z\d+.-]*:\/\//i.test(text)
}

/** One pair of brackets, or the statement itself. */
interface Frame {
  /** `call`: the arguments of a reading function. `list`: a list as its first argument. */
  readonly reads: 'none' | 'call' | 'list'
  /** Whether FROM inside is that of a function, such as `trim(both FROM x)`. */
  readonly isCall: boolean
  /** Whether the next token belongs to the first argument, or to the list that is it. */
  isFirst: boolean
  expectsTable: boolean
  /** Between FROM and the next clause: a comma is followed by a table. */
  isFrom: boolean
}

function frameOf(reads: Frame['reads'], { isCall = false, isTable = false } = {}): Frame {
  return { reads, isCall, isFirst: reads !== 'none', expectsTable: isTable, isFrom: isTable }
}

/** Takes one token in: opens and closes frames, and notes where tables follow. */
function step(frames: Frame[], frame: Frame, tokens: readonly SqlToken[], index: number): void {
  const token = tokens[index]
  const wasTable = frame.expectsTable
  frame.expectsTable = false
  if (isSign(token, '(') || isSign(token, '[')) {
    const before = tokens[index - 1]
    const isCall = isSign(token, '(') && before?.kind === 'word' && !clauseWords.has(before.text)
    const reads = isSign(token, '[') && frame.isFirst && frame.reads === 'call' ? 'list' : 'none'
    if (isCall && readers.has(before.text)) frames.push(frameOf('call', { isCall }))
    else frames.push(frameOf(reads, { isCall, isTable: wasTable && !isCall }))
    return
  }
  if (isSign(token, ')') || isSign(token, ']')) {
    if (frames.length > 1) frames.pop()
    return
  }
  if (isSign(token, ',')) {
    if (frame.reads === 'call') frame.isFirst = false
    frame.expectsTable = frame.isFrom
    return
  }
  if (token?.kind !== 'word') return
  if (isWord(token, 'FROM')) {
    const isTest = isWord(tokens[index - 1], 'DISTINCT') && isWord(tokens[index - 2], 'IS', 'NOT')
    const isOfCall = frame.isCall && fromFunctions.has(callName(tokens, index))
    frame.isFrom = frame.expectsTable = !isTest && !isOfCall
  } else if (tableWords.has(token.text)) {
    frame.expectsTable = true
    if (token.text === 'JOIN') frame.isFrom = true
  } else if (isWord(token, 'ONLY', 'LATERAL') && wasTable) frame.expectsTable = true
  else if (clauseEnds.has(token.text)) frame.isFrom = false
}

function placeOf(
  tokens: readonly SqlToken[],
  index: number,
  frame: Frame,
  { isTable, isCopy, isTop }: { isTable: boolean; isCopy: boolean; isTop: boolean },
): FilePlace['place'] | null {
  const token = tokens[index]
  const [before, after] = [tokens[index - 1], tokens[index + 1]]
  if (token === undefined || !isUri(token.text)) return null
  if (token.kind === 'name') return isTable && !isSign(after, '.') ? 'table' : null
  if (token.kind !== 'text') return null
  if (isCopy && isTop && isWord(before, 'TO')) return 'copy-to'
  if (isTable) return isCopy && isTop && isWord(before, 'FROM') ? 'copy-from' : 'table'
  if (frame.reads === 'none' || !frame.isFirst) return null
  const isWhole =
    (isSign(before, '(') || isSign(before, '[') || isSign(before, ',')) &&
    (isSign(after, ',') || isSign(after, ')') || isSign(after, ']'))
  if (isWhole) return frame.reads === 'call' ? 'argument' : 'item'
  const message = `the file "${token.text}" is part of an expression; give a reading function one whole literal, a list of them, or a parameter`
  throw new CapabilityError('Unsupported', message, { key: token.text })
}

/** The function whose brackets the token at `index` is in. */
function callName(tokens: readonly SqlToken[], index: number): string {
  let depth = 0
  for (let at = index - 1; at >= 0; at--) {
    if (isSign(tokens[at], ')')) depth += 1
    if (!isSign(tokens[at], '(')) continue
    if (depth === 0) return tokens[at - 1]?.text ?? ''
    depth -= 1
  }
  return ''
}

function parameterNumber(text: string, questionMarks: number): number | null {
  if (text === '?') return questionMarks
  const digits = text.slice(1)
  return /^\d+$/.test(digits) ? Number(digits) : null
}

function checkSingle(tokens: readonly SqlToken[]): void {
  const end = tokens.findIndex((token) => isSign(token, ';'))
  if (end === -1 || tokens.slice(end).every((token) => isSign(token, ';'))) return
  throw new CapabilityError('InvalidInput', 'one statement at a time: there is another behind the semicolon')
}

function isCopyStatement(tokens: readonly SqlToken[]): boolean {
  const first = tokens.findIndex((token) => !isWord(token, 'EXPLAIN', 'ANALYZE'))
  return isWord(tokens[first], 'COPY')
}

/** Statements that would open or write many files by themselves. */
function checkDatabaseFiles(tokens: readonly SqlToken[]): void {
  const uri = tokens.find((token) => token.kind === 'text' && isUri(token.text))?.text
  if (uri === undefined) return
  const refuse = (what: string, instead: string) =>
    new CapabilityError('Unsupported', `${what} cannot work on "${uri}": ${instead}`, { key: uri })
  if (isWord(tokens[0], 'ATTACH')) throw refuse('ATTACH', 'read its tables from parquet or CSV files')
  if (isWord(tokens[0], 'EXPORT', 'IMPORT') && isWord(tokens[1], 'DATABASE'))
    throw refuse(`${tokens[0]?.text} DATABASE`, 'COPY the tables one by one')
  if (isCopyStatement(tokens) && tokens.some((token) => isWord(token, 'PARTITION_BY', 'PER_THREAD_OUTPUT')))
    throw refuse('a COPY into many files', 'COPY each part to a file of its own')
  if (tokens.some((token, index) => isWord(token, 'GLOB') && isSign(tokens[index + 1], '(')))
    throw refuse('glob()', 'use list of the storage')
}

/** Functions whose first argument is a file, or a list of files. */
const readers: ReadonlySet<string> = new Set(
  (
    'READ_PARQUET PARQUET_SCAN PARQUET_METADATA PARQUET_SCHEMA PARQUET_FILE_METADATA PARQUET_KV_METADATA ' +
    'READ_CSV READ_CSV_AUTO SNIFF_CSV READ_JSON READ_JSON_AUTO READ_JSON_OBJECTS READ_JSON_OBJECTS_AUTO ' +
    'READ_NDJSON READ_NDJSON_AUTO READ_NDJSON_OBJECTS READ_TEXT READ_BLOB'
  ).split(' '),
)

const tableWords: ReadonlySet<string> = new Set(['JOIN', 'DESCRIBE', 'DESC', 'SUMMARIZE', 'PIVOT', 'UNPIVOT'])

/** Words that end the list behind FROM. */
const clauseEnds: ReadonlySet<string> = new Set(
  'SELECT WHERE GROUP HAVING ORDER LIMIT OFFSET WINDOW QUALIFY UNION INTERSECT EXCEPT SET VALUES RETURNING TO'.split(
    ' ',
  ),
)

/** Words before a bracket that make no call of it. */
const clauseWords: ReadonlySet<string> = new Set(
  (
    'FROM JOIN SELECT WHERE HAVING BY ON USING IN AS AND OR NOT WITH COPY TO VALUES UNION ALL EXCEPT INTERSECT ' +
    'LATERAL EXISTS ANY SOME THEN ELSE WHEN CASE DISTINCT LIMIT OFFSET SET DESCRIBE SUMMARIZE EXPLAIN'
  ).split(' '),
)

/** Functions with a FROM of their own. */
const fromFunctions: ReadonlySet<string> = new Set(['EXTRACT', 'TRIM', 'SUBSTRING', 'OVERLAY', 'POSITION'])
