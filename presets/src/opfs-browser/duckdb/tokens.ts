/** DuckDB's SQL cut into tokens with their places: as much as is needed to see which literal is a file, and no parser. */

export interface SqlToken {
  /** `text` is a plain `'literal'`; `other` is a literal of another kind (`E'…'`, `$$…$$`), which is never a file here. */
  readonly kind: 'word' | 'text' | 'name' | 'number' | 'placeholder' | 'other' | 'sign'
  /** Words in upper case; of a text or a quoted name what it stands for. */
  readonly text: string
  /** Index of its first character in the statement. */
  readonly start: number
  /** Index after its last character. */
  readonly end: number
}

/** The tokens, without spaces and comments. What is not closed ends with the statement. */
export function sqlTokens(sql: string): readonly SqlToken[] {
  const tokens: SqlToken[] = []
  let at = 0
  while (at < sql.length) {
    const commentEnd = afterBlockComment(sql, at)
    if (commentEnd !== null) {
      at = commentEnd
      continue
    }
    pattern.lastIndex = at
    const match = pattern.exec(sql)
    // The last alternative takes any character, so there is always a match.
    if (match === null) break
    let end = pattern.lastIndex
    const groups = match.groups ?? {}
    if (groups['dollar'] !== undefined) {
      const close = sql.indexOf(groups['dollar'], end)
      end = close === -1 ? sql.length : close + groups['dollar'].length
    }
    const token = tokenOf(groups, sql.slice(at, end), at, end)
    if (token !== null) tokens.push(token)
    at = end
  }
  return tokens
}

/** A literal that stands for this text. */
export function quoted(text: string): string {
  return `'${text.replaceAll("'", "''")}'`
}

/** Whether a text is a URI; names of tables and paths are left to the engine. */
export function isUri(text: string): boolean {
  return /^[a-z][a-z\d+.-]*:\/\//i.test(text)
}

export function isSign(token: SqlToken | undefined, sign: string): boolean {
  return token?.kind === 'sign' && token.text === sign
}

export function isWord(token: SqlToken | undefined, ...words: readonly string[]): boolean {
  return token?.kind === 'word' && words.includes(token.text)
}

function tokenOf(
  groups: Readonly<Record<string, string | undefined>>,
  raw: string,
  start: number,
  end: number,
): SqlToken | null {
  if (groups['skip'] !== undefined) return null
  if (groups['text'] !== undefined) return { kind: 'text', text: unquoted(raw, "'"), start, end }
  if (groups['name'] !== undefined) return { kind: 'name', text: unquoted(raw, '"'), start, end }
  if (groups['other'] !== undefined || groups['dollar'] !== undefined)
    return { kind: 'other', text: raw, start, end }
  if (groups['placeholder'] !== undefined) return { kind: 'placeholder', text: raw, start, end }
  if (groups['number'] !== undefined) return { kind: 'number', text: raw, start, end }
  if (groups['word'] !== undefined) return { kind: 'word', text: raw.toUpperCase(), start, end }
  return { kind: 'sign', text: raw, start, end }
}

// The lexer DuckDB has of PostgreSQL: https://www.postgresql.org/docs/current/sql-syntax-lexical.html. No part can match
// in two ways, so the time is linear in the length.
const pattern = new RegExp(
  [
    String.raw`(?<skip>[ \t\n\r\f\v]+|--[^\n\r]*)`,
    String.raw`(?<other>[eE]'[^'\\]*(?:(?:''|\\[^])[^'\\]*)*(?:'|\\?$))`,
    String.raw`(?<text>'[^']*(?:''[^']*)*(?:'|$))`,
    String.raw`(?<name>"[^"]*(?:""[^"]*)*(?:"|$))`,
    String.raw`(?<dollar>\$(?:[A-Za-z_\u0080-\uffff][\w\u0080-\uffff]*)?\$)`,
    String.raw`(?<placeholder>\?\d*|\$[\w\u0080-\uffff]+)`,
    // Letters go on as those of a name, dollar signs included: no dollar quote begins in `1_$$`.
    String.raw`(?<number>\d[\d.]*(?:[A-Za-z_\u0080-\uffff][\w$\u0080-\uffff]*)?)`,
    String.raw`(?<word>[A-Za-z_\u0080-\uffff][\w$\u0080-\uffff]*)`,
    String.raw`(?<sign>[^])`,
  ].join('|'),
  'y',
)

/** Where the block comment that begins at `start` ends; `null` where none begins. They nest. */
function afterBlockComment(sql: string, start: number): number | null {
  if (!sql.startsWith('/*', start)) return null
  const edge = /\/\*|\*\//g
  edge.lastIndex = start
  let depth = 0
  for (let match = edge.exec(sql); match !== null; match = edge.exec(sql)) {
    depth += match[0] === '/*' ? 1 : -1
    if (depth === 0) return edge.lastIndex
  }
  return sql.length
}

function unquoted(raw: string, quote: string): string {
  const isClosed = raw.length > 1 && raw.endsWith(quote)
  return raw.slice(1, isClosed ? -1 : undefined).replaceAll(quote + quote, quote)
}
