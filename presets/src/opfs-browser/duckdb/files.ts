/** Which literals of a statement are files: what it reads, and what `COPY … TO` writes. */
import { CapabilityError } from '@flowport/capabilities'
import { checkStatement } from './allowed.ts'
import { isReader } from './calls.ts'
import { isSign, isUri, isWord, type SqlToken, sqlTokens } from './tokens.ts'

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
  /** Whether the engine keeps the statement, and may look for its files again later. */
  readonly isKept: boolean
}

/** Finds the files of one statement. Throws for a statement that `checkStatement` refuses. */
export function statementFiles(sql: string): StatementFiles {
  const tokens = sqlTokens(sql)
  const { isCopy, isKept } = checkStatement(tokens)
  const files: FilePlace[] = []
  const parameters: number[] = []
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
  return { files, parameters, isParquet: /parquet/i.test(sql), isKept }
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
    const isName = before?.kind === 'name' || (before?.kind === 'word' && !clauseWords.has(before.text))
    const isCall = isSign(token, '(') && isName
    const reads = isSign(token, '[') && frame.isFirst && frame.reads === 'call' ? 'list' : 'none'
    if (isCall && isReader(before)) frames.push(frameOf('call', { isCall }))
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
  } else if (isTableWord(tokens, index)) {
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
  if (token === undefined) return null
  if (isTable && token.kind === 'other') throw notPlain()
  if (!isUri(token.text)) return null
  // The engine puts the parts of a qualified name together, and opens what that makes.
  if (isTable && isSign(after, '.') && (token.kind === 'name' || token.kind === 'text')) throw notPlain()
  if (token.kind === 'name') return isTable ? 'table' : null
  if (token.kind !== 'text') return null
  if (isCopy && isTop && isWord(before, 'TO')) return 'copy-to'
  if (isTable) return isCopy && isTop && isWord(before, 'FROM') ? 'copy-from' : 'table'
  if (frame.reads === 'none' || !frame.isFirst) return null
  return frame.reads === 'call' ? 'argument' : 'item'
}

function notPlain(): CapabilityError {
  const message = "a file in the place of a table is named by one plain literal, such as 'opfs://data/x.csv'"
  return new CapabilityError('Unsupported', message)
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

/** Whether a table follows the word. The engine opens a quoted name there if no table has it. */
function isTableWord(tokens: readonly SqlToken[], index: number): boolean {
  const [token, first] = [tokens[index], tokens[0]]
  if (isWord(token, 'TABLE'))
    return !isWord(first, 'CREATE', 'ALTER', 'DROP', 'TRUNCATE', 'COMMENT') || isWord(tokens[index - 1], 'AS')
  if (isWord(token, 'ON'))
    return isWord(first, 'CREATE') && tokens.slice(1, index).some((each) => isWord(each, 'INDEX'))
  return token !== undefined && tableWords.has(token.text)
}

const tableWords: ReadonlySet<string> = new Set(
  'JOIN DESCRIBE DESC SHOW SUMMARIZE PIVOT UNPIVOT COPY UPDATE INTO USING VACUUM ANALYZE'.split(' '),
)

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
