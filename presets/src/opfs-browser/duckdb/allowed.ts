/** Decides which statements run: files are opened and written by URI through the storage, never by the engine itself. */
import { CapabilityError } from '@flowport/capabilities'
import { checkCalls } from './calls.ts'
import { isSign, isUri, isWord, type SqlToken } from './tokens.ts'

export interface StatementKind {
  readonly isCopy: boolean
  /** Whether the engine keeps the statement's text, as a view, a macro or a prepared statement. */
  readonly isKept: boolean
}

/** Throws for several statements, for kinds that work on files by themselves, and for text the engine reads differently. */
export function checkStatement(tokens: readonly SqlToken[]): StatementKind {
  checkText(tokens)
  checkSingle(tokens)
  const { start, isPrepared } = bodyOf(tokens)
  const body = tokens.slice(start)
  const [first] = body
  if (first === undefined || isSign(first, ';')) return { isCopy: false, isKept: false }
  const why = refusal(body)
  if (why !== null) throw new CapabilityError('Unsupported', why)
  if (first.kind !== 'word' || !kinds.has(first.text)) {
    const message = `no statement begins with ${first.text.slice(0, 40)}`
    throw new CapabilityError('InvalidInput', message)
  }
  const isCopy = first.text === 'COPY'
  if (isCopy) checkCopy(body, isPrepared)
  if (isWord(first, 'SET', 'RESET', 'PRAGMA')) checkSetting(body)
  checkCalls(body)
  const isDefinition = isWord(first, 'CREATE') && isWord(createdKind(body), 'VIEW', 'MACRO', 'FUNCTION')
  return { isCopy, isKept: isPrepared || isDefinition }
}

/** First words of the statements that run. */
const kinds: ReadonlySet<string> = new Set(
  (
    'SELECT FROM WITH VALUES TABLE PIVOT PIVOT_LONGER PIVOT_WIDER UNPIVOT DESCRIBE DESC SHOW SUMMARIZE ' +
    'INSERT UPDATE DELETE MERGE TRUNCATE COPY CREATE DROP ALTER COMMENT ' +
    'BEGIN START COMMIT END ROLLBACK ABORT EXECUTE DEALLOCATE SET RESET PRAGMA USE ANALYZE VACUUM CHECKPOINT CALL'
  ).split(' '),
)

/** Why a kind of statement does not run here, or `null`. */
function refusal(body: readonly SqlToken[]): string | null {
  const [first, second, third] = body
  if (isWord(first, 'ATTACH', 'DETACH'))
    return `${first?.text} is refused: a database file cannot be opened here; read its tables from parquet or CSV files`
  if (isWord(first, 'EXPORT', 'IMPORT'))
    return `${first?.text} DATABASE is refused: it names no files of the storage; COPY the tables one by one`
  const isUpdate = isWord(first, 'UPDATE') && isWord(second, 'EXTENSIONS') && !isWord(third, 'SET', 'AS')
  if (isWord(first, 'INSTALL', 'LOAD') || (isWord(first, 'FORCE') && isWord(second, 'INSTALL')) || isUpdate)
    return `${first?.text} is refused: extensions are loaded when the engine starts, by the options extensionRepository and setup`
  if (isWord(first, 'CREATE') && isWord(createdKind(body), 'SECRET'))
    return 'CREATE SECRET is refused: the storage has the credentials, and the engine asks no server itself'
  return null
}

/** What a CREATE makes. */
function createdKind(body: readonly SqlToken[]): SqlToken | undefined {
  return body
    .slice(1)
    .find((token) => !isWord(token, 'OR', 'REPLACE', 'TEMP', 'TEMPORARY', 'PERSISTENT', 'LOCAL', 'RECURSIVE'))
}

/** A COPY names one URI of the storage, as a plain literal. */
function checkCopy(body: readonly SqlToken[], isPrepared: boolean): void {
  if (isPrepared)
    throw new CapabilityError('Unsupported', 'a COPY cannot be prepared: run it as a statement of its own')
  let depth = 0
  const at = body.findIndex((token) => {
    if (isSign(token, '(')) depth += 1
    if (isSign(token, ')')) depth -= 1
    return depth === 0 && isWord(token, 'TO', 'FROM')
  })
  const target = body[at + 1]
  if (at === -1) return
  if (target?.kind !== 'text' || !isUri(target.text)) {
    const example = isWord(body[at], 'TO') ? "TO 'opfs://out.csv'" : "FROM 'opfs://in.csv'"
    const message = `a COPY reads or writes one file of the storage: name it by its URI in single quotes, such as ${example}`
    throw new CapabilityError('Unsupported', message)
  }
  if (!body.some((token) => isWord(token, 'PARTITION_BY', 'PER_THREAD_OUTPUT'))) return
  const message = `a COPY into many files cannot work on "${target.text}": COPY each part to a file of its own`
  throw new CapabilityError('Unsupported', message, { key: target.text })
}

/** Settings that let the engine open files, fetch extensions or ask servers by itself. */
const doors =
  /extension|director|repositor|secret|external|http|^s3_|^azure|ca_cert|proxy|logging|log_query|output|file_search_path|access_mode|filesystem|allowed_|^(?:import|export|json_execute)/i

function checkSetting(body: readonly SqlToken[]): void {
  const at = isWord(body[1], 'GLOBAL', 'SESSION', 'LOCAL', 'PERSIST') ? 2 : 1
  const name = body[at]
  const isPragma = isWord(body[0], 'PRAGMA')
  const uri = isPragma ? body.find(({ kind, text }) => kind !== 'word' && isUri(text)) : undefined
  if (uri === undefined && (name === undefined || isWord(name, 'VARIABLE') || !doors.test(name.text))) return
  const what = `${body[0]?.text} ${name?.text.toLowerCase().slice(0, 60)}`
  const message = `${what} is refused: it lets the engine open files or ask servers by itself; settings of the app go into the option setup`
  throw new CapabilityError('Unsupported', message)
}

/** Where the statement begins that EXPLAIN explains, PREPARE prepares, or brackets hold. */
function bodyOf(tokens: readonly SqlToken[]): { readonly start: number; readonly isPrepared: boolean } {
  let start = 0
  let isPrepared = false
  for (;;) {
    if (isWord(tokens[start], 'EXPLAIN')) {
      start += 1
      while (isWord(tokens[start], 'ANALYZE', 'VERBOSE')) start += 1
      // Options, such as `(FORMAT json)`; brackets around a query are taken off below.
      const isQuery = isWord(
        tokens[start + 1],
        'SELECT',
        'FROM',
        'WITH',
        'VALUES',
        'TABLE',
        'PIVOT',
        'UNPIVOT',
      )
      if (isSign(tokens[start], '(') && !isSign(tokens[start + 1], '(') && !isQuery)
        start = afterBrackets(tokens, start)
    } else if (isWord(tokens[start], 'PREPARE')) {
      isPrepared = true
      start += 2
      if (isSign(tokens[start], '(')) start = afterBrackets(tokens, start)
      if (isWord(tokens[start], 'AS')) start += 1
    } else if (isSign(tokens[start], '(')) start += 1
    else return { start, isPrepared }
  }
}

function afterBrackets(tokens: readonly SqlToken[], open: number): number {
  let depth = 0
  for (let at = open; at < tokens.length; at++) {
    if (isSign(tokens[at], '(')) depth += 1
    if (isSign(tokens[at], ')')) depth -= 1
    if (depth === 0) return at + 1
  }
  return tokens.length
}

function checkSingle(tokens: readonly SqlToken[]): void {
  const end = tokens.findIndex((token) => isSign(token, ';'))
  if (end === -1 || tokens.slice(end).every((token) => isSign(token, ';'))) return
  throw new CapabilityError('InvalidInput', 'one statement at a time: there is another behind the semicolon')
}

/** Spaces beyond ASCII: the engine takes some of them for spaces, and others for letters of a name. */
const otherSpaces = /[\u0085\u00a0\u1680\u180e\u2000-\u200f\u2028\u2029\u202f\u205f\u2060\u3000\ufeff]/

/** Text that the engine's parser cuts into other tokens than this one. */
function checkText(tokens: readonly SqlToken[]): void {
  for (const [index, token] of tokens.entries()) {
    const space = token.kind === 'word' || token.kind === 'number' || token.kind === 'sign' ? token.text : ''
    const found = otherSpaces.exec(space)?.[0]
    if (found !== undefined) {
      const code = (found.codePointAt(0) ?? 0).toString(16).toUpperCase().padStart(4, '0')
      const message = `the statement has the character U+${code} outside of quotes: write a plain space`
      throw new CapabilityError('InvalidInput', message)
    }
    const [before, beforeThat] = [tokens[index - 1], tokens[index - 2]]
    if (token.kind !== 'text' && token.kind !== 'name') continue
    if (token.kind === 'text' && (before?.kind === 'text' || before?.kind === 'other')) {
      const message = 'two literals stand next to each other: write one, or put || between them'
      throw new CapabilityError('InvalidInput', message)
    }
    const isEscaped = isSign(before, '&') && before?.end === token.start && isWord(beforeThat, 'U')
    if (isEscaped && beforeThat?.end === before?.start)
      throw new CapabilityError(
        'Unsupported',
        'text with Unicode escapes (U&) is not supported: write the characters',
      )
  }
}
