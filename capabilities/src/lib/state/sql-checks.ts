/**
 * What can be told of a statement before it is sent: its length, its parameters, the limits of SQLite it is sure to pass.
 * Nothing here refuses what the store would take; what it does not see, the store refuses by itself.
 */
import { CapabilityError } from '../error.ts'
import type { StateSqlLimits } from '../guarantees/info.ts'
import { utf8Length } from '../limits.ts'
import type { SqlParameter, SqlValue } from './contract.ts'
import { isSign, sqlLists, type SqlToken, sqlTokens } from './sql-tokens.ts'

interface Place {
  readonly capability: string
  readonly operation: string
  readonly key?: string
}

type Lists = ReadonlyMap<number, readonly SqlToken[]>

/** Refuses what would not run, and gives the parameters as drivers take them: bytes are copied. */
export function checkedSql(
  query: string,
  params: readonly SqlParameter[],
  limits: StateSqlLimits,
  where: Place,
): readonly SqlValue[] {
  if (typeof query !== 'string' || query.trim() === '') {
    throw new CapabilityError('InvalidInput', 'a statement must be text, and not empty', where)
  }
  within('statement', utf8Length(query), limits.maxStatementBytes, 'bytes', where)
  within('statement', params.length, limits.maxParameters, 'parameters', where)
  const values = params.map((param, index) => checkedParameter(param, index, limits, where))
  const tokens = sqlTokens(query)
  checkStatements(tokens, where)
  const lists = sqlLists(tokens)
  checkColumns(tokens, lists, limits, where)
  checkArguments(tokens, lists, limits, where)
  checkPlaceholdersAndPatterns(tokens, values, limits, where)
  return values
}

function checkedParameter(
  param: SqlParameter,
  index: number,
  { maxRowBytes }: StateSqlLimits,
  where: Place,
): SqlValue {
  if (param === null) return null
  if (typeof param === 'string') {
    if (param.length * 3 > maxRowBytes) within('parameter', utf8Length(param), maxRowBytes, 'bytes', where)
    return param
  }
  if (param instanceof Uint8Array || param instanceof ArrayBuffer) {
    within('parameter', param.byteLength, maxRowBytes, 'bytes', where)
    return new Uint8Array(param).slice()
  }
  if (typeof param === 'number' && Number.isFinite(param)) return param
  const advice = parameterAdvice[typeof param] ?? parameterAdvice.object
  const what = (param as unknown) instanceof Date ? parameterAdvice.date : advice
  throw new CapabilityError('InvalidInput', `parameter ${index + 1}: ${what}`, where)
}

const parameterAdvice: { readonly object: string; readonly date: string; readonly [type: string]: string } = {
  bigint: 'SQL takes no bigint here; give it as text, or as a number if it is below 2 ** 53',
  boolean: 'SQL has no boolean and would store text; give 1 or 0',
  number: 'SQL takes no NaN and no Infinity, and would store NULL; give a finite number or null',
  undefined: 'undefined is no value; give null',
  date: 'SQL has no Date and would store its local text; give getTime() or toISOString()',
  object: 'a parameter is text, a finite number, null or bytes; give JSON text for anything else',
}

/** First words SQLite would refuse inside a store that owns the transactions. */
const transactionWords = new Set(['BEGIN', 'COMMIT', 'END', 'ROLLBACK', 'SAVEPOINT', 'RELEASE'])

function checkStatements(tokens: readonly SqlToken[], where: Place): void {
  for (const [index, token] of tokens.entries()) {
    const isFirst = index === 0 || isSign(tokens[index - 1], ';')
    if (!isFirst || token.kind !== 'word') continue
    // The body of a trigger has semicolons and an END of its own: what follows is left to SQLite.
    if (token.text === 'CREATE' && tokens.slice(index, index + 3).some(({ text }) => text === 'TRIGGER'))
      return
    if (!transactionWords.has(token.text)) continue
    throw new CapabilityError(
      'Unsupported',
      `${token.text} cannot be sent: statements given to one call are all or none already; for reads and writes that ` +
        'depend on each other use transaction, or a method of the object',
      where,
    )
  }
}

/** The columns of each CREATE TABLE that lists them. */
function checkColumns(
  tokens: readonly SqlToken[],
  lists: Lists,
  { maxColumns }: StateSqlLimits,
  where: Place,
): void {
  for (const [index, { kind, text }] of tokens.entries()) {
    if (kind !== 'word' || text !== 'TABLE') continue
    if (!tokens.slice(Math.max(0, index - 2), index).some((before) => before.text === 'CREATE')) continue
    // TABLE, IF NOT EXISTS, a schema, a dot and the name are before it; CREATE TABLE AS has none.
    const open = [2, 4, 5, 7].map((distance) => index + distance).find((at) => isSign(tokens[at], '('))
    if (open === undefined || tokens.slice(index, open).some((token) => token.text === 'AS')) continue
    const columns = lists.get(open)?.filter((first) => !isConstraint(first))
    within('table', columns?.length ?? 0, maxColumns, 'columns', where)
  }
}

function isConstraint(token: SqlToken): boolean {
  return token.kind === 'word' && ['CONSTRAINT', 'PRIMARY', 'UNIQUE', 'CHECK', 'FOREIGN'].includes(token.text)
}

/** Built-in functions of any number of arguments: https://sqlite.org/lang_corefunc.html, https://sqlite.org/json1.html */
const variadic = new Set(
  (
    'MAX MIN COALESCE CONCAT CONCAT_WS CHAR FORMAT PRINTF IIF IF ' +
    'JSON_ARRAY JSON_OBJECT JSON_INSERT JSON_REPLACE JSON_SET JSON_REMOVE JSON_EXTRACT ' +
    'JSONB_ARRAY JSONB_OBJECT JSONB_INSERT JSONB_REPLACE JSONB_SET JSONB_REMOVE JSONB_EXTRACT'
  ).split(' '),
)

function checkArguments(
  tokens: readonly SqlToken[],
  lists: Lists,
  limits: StateSqlLimits,
  where: Place,
): void {
  for (const [index, { kind, text }] of tokens.entries()) {
    const list = kind === 'word' && variadic.has(text) ? lists.get(index + 1) : undefined
    if (list === undefined) continue
    // A table of that name, whose columns follow.
    if (['INTO', 'TABLE', 'ON', 'REFERENCES', 'EXISTS', 'WITH'].includes(tokens[index - 1]?.text ?? ''))
      continue
    within(`function ${text.toLowerCase()}`, list.length, limits.maxFunctionArguments, 'arguments', where)
  }
}

/** Numbers the placeholders as SQLite does, and measures each pattern that is a text or one parameter. */
function checkPlaceholdersAndPatterns(
  tokens: readonly SqlToken[],
  values: readonly SqlValue[],
  { maxParameters, maxLikePatternBytes }: StateSqlLimits,
  where: Place,
): void {
  const named = new Map<string, number>()
  let highest = 0
  for (const [index, token] of tokens.entries()) {
    // The parameters belong to the last statement.
    if (isSign(token, ';') && index < tokens.length - 1) {
      named.clear()
      highest = 0
    }
    let pattern: unknown = token.kind === 'text' ? token.text : undefined
    if (token.kind === 'placeholder') {
      const number = placeholderNumber(token.text, highest, named)
      highest = Math.max(highest, number)
      within('statement', number, maxParameters, 'parameters', where)
      pattern = values[number - 1]
    }
    const operator = tokens[index - 1]
    if (typeof pattern !== 'string' || operator?.kind !== 'word') continue
    if ((operator.text !== 'LIKE' && operator.text !== 'GLOB') || !isWholeOrHead(tokens, index)) continue
    within(`${operator.text} pattern`, utf8Length(pattern), maxLikePatternBytes, 'bytes', where)
  }
}

/** Whether the pattern is at least as long as the text at `index`: that alone, or with something joined to it. */
function isWholeOrHead(tokens: readonly SqlToken[], index: number): boolean {
  const next = tokens[index + 1]
  if (next?.kind !== 'sign' || [')', ',', ';'].includes(next.text)) return true
  return next.text === '|' && isSign(tokens[index + 2], '|')
}

function placeholderNumber(text: string, highest: number, named: Map<string, number>): number {
  if (text === '?') return highest + 1
  if (text.startsWith('?')) return Number(text.slice(1))
  const number = named.get(text) ?? highest + 1
  named.set(text, number)
  return number
}

function within(what: string, count: number, max: number, unit: string, where: Place): void {
  if (count <= max) return
  throw new CapabilityError('LimitExceeded', `the ${what} has ${count} ${unit}, the limit is ${max}`, {
    ...where,
    details: { limit: `${what} ${unit}`, max },
  })
}
