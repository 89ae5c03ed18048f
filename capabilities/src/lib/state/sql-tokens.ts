/** SQL cut into words, literals, placeholders and signs: as much as is needed to see limits, and no parser. */

export interface SqlToken {
  readonly kind: 'word' | 'text' | 'name' | 'number' | 'placeholder' | 'sign'
  /** Words in upper case; of a text or a quoted name what it stands for. */
  readonly text: string
}

/** The tokens of SQLite's SQL, without spaces and comments. What is not closed ends with the text. */
export function sqlTokens(query: string): readonly SqlToken[] {
  const tokens: SqlToken[] = []
  for (const match of query.matchAll(pattern)) {
    const { word, text, name, number, placeholder, sign } = match.groups ?? {}
    if (word !== undefined) tokens.push({ kind: 'word', text: word.toUpperCase() })
    else if (text !== undefined) tokens.push({ kind: 'text', text: unquoted(text, "'") })
    else if (name !== undefined) tokens.push({ kind: 'name', text: unquoted(name, name[0] ?? '') })
    else if (number !== undefined) tokens.push({ kind: 'number', text: number })
    else if (placeholder !== undefined) tokens.push({ kind: 'placeholder', text: placeholder })
    else if (sign !== undefined) tokens.push({ kind: 'sign', text: sign })
  }
  return tokens
}

/** For the index of each `(`: the first token of each part between its commas. */
export function sqlLists(tokens: readonly SqlToken[]): ReadonlyMap<number, readonly SqlToken[]> {
  const lists = new Map<number, SqlToken[]>()
  const open: { readonly firsts: SqlToken[]; isStart: boolean }[] = []
  for (const [index, token] of tokens.entries()) {
    if (isSign(token, ')')) {
      open.pop()
      continue
    }
    const list = open.at(-1)
    if (list?.isStart) list.firsts.push(token)
    if (list !== undefined) list.isStart = isSign(token, ',')
    if (!isSign(token, '(')) continue
    const firsts: SqlToken[] = []
    lists.set(index, firsts)
    open.push({ firsts, isStart: true })
  }
  return lists
}

// https://sqlite.org/lang_expr.html and https://sqlite.org/lang_comment.html. No part can match in two ways, so the time
// is linear in the length.
const pattern = new RegExp(
  [
    String.raw`--[^\n]*`,
    String.raw`\/\*[^]*?(?:\*\/|$)`,
    String.raw`(?<text>'[^']*(?:''[^']*)*(?:'|$))`,
    String.raw`(?<name>"[^"]*(?:""[^"]*)*(?:"|$)|\x60[^\x60]*(?:\x60\x60[^\x60]*)*(?:\x60|$)|\[[^\]]*(?:\]|$))`,
    String.raw`(?<placeholder>\?\d*|[:@$][A-Za-z_\u0080-\uffff][\w\u0080-\uffff]*)`,
    String.raw`(?<number>\d[\w.]*)`,
    String.raw`(?<word>[A-Za-z_\u0080-\uffff][\w$\u0080-\uffff]*)`,
    String.raw`(?<sign>[^\s])`,
  ].join('|'),
  'g',
)

/** Whether the token is this sign, and not a text that reads like it. */
export function isSign(token: SqlToken | undefined, sign: string): boolean {
  return token?.kind === 'sign' && token.text === sign
}

function unquoted(token: string, quote: string): string {
  if (quote === '[') return token.slice(1, token.endsWith(']') ? -1 : undefined)
  const closed = token.length > 1 && token.endsWith(quote)
  return token.slice(1, closed ? -1 : undefined).replaceAll(quote + quote, quote)
}
