/** What kind of SQL statement a text is, told from its words alone: whether doing it twice is as doing it once. */

/** Verbs whose statements only read, or replace what they made before. */
const repeatable = new Set([
  'SELECT',
  'FROM',
  'VALUES',
  'TABLE',
  'COPY',
  'DESCRIBE',
  'DESC',
  'SUMMARIZE',
  'SHOW',
  'PIVOT',
  'UNPIVOT',
  'DELETE',
  'TRUNCATE',
  'SET',
  'RESET',
  'PRAGMA',
  'USE',
  'CHECKPOINT',
  'CREATE OR REPLACE',
  'CREATE IF NOT EXISTS',
  'DROP IF EXISTS',
])

/**
 * Whether repeating the statement changes nothing more; several statements in one text are not looked into. `COPY … TO` and `CREATE OR REPLACE` replace, `DELETE` removes;
 * `INSERT`, `UPDATE` and whatever is not known do not.
 */
export function isRepeatable(sql: string): boolean {
  if (/; [A-Z]/.test(outerWords(sql).join(' '))) return false
  const verb = verbOf(sql)
  // COPY table FROM file inserts.
  return repeatable.has(verb) && !(verb === 'COPY' && !copiesOut(sql))
}

/** The verb in capitals, such as `SELECT` or `CREATE OR REPLACE`; `''` where there is none. */
export function verbOf(sql: string): string {
  const all = outerWords(sql)
  const [head] = all
  // EXPLAIN ANALYZE runs what it explains.
  const words = head === 'EXPLAIN' ? all.slice(all[1] === 'ANALYZE' ? 2 : 1) : all
  const [first = '', second = ''] = words
  if (first === 'WITH') return mainVerb(words.slice(1)) ?? first
  const said = (phrase: string) => ` ${words.slice(1, 8).join(' ')} `.includes(` ${phrase} `)
  if (first === 'CREATE' && second === 'OR' && words[2] === 'REPLACE') return 'CREATE OR REPLACE'
  if (first === 'CREATE' && said('IF NOT EXISTS')) return 'CREATE IF NOT EXISTS'
  if (first === 'DROP' && said('IF EXISTS')) return 'DROP IF EXISTS'
  return first
}

/** What follows the named queries: `name AS (…)`, which may be called as a verb is. Quoted names are no words here. */
function mainVerb(words: readonly string[]): string | undefined {
  let at = words[0] === 'RECURSIVE' ? 1 : 0
  for (;;) {
    if (words[at] === 'AS') at += 1
    else if (words[at + 1] === 'AS') at += 2
    else if (words[at + 1] === 'USING' && words[at + 3] === 'AS') at += 4
    else break
    if (words[at] === 'NOT') at += 1
    if (words[at] === 'MATERIALIZED') at += 1
  }
  const verb = words[at]
  return verb !== undefined && main.has(verb) ? verb : undefined
}

const main = new Set([
  'SELECT',
  'FROM',
  'VALUES',
  'INSERT',
  'UPDATE',
  'DELETE',
  'MERGE',
  'CREATE',
  'COPY',
  'PIVOT',
])

function copiesOut(sql: string): boolean {
  return outerWords(sql).find((word) => word === 'TO' || word === 'FROM') === 'TO'
}

/** Words outside of quotes, comments and parentheses, in capitals. Quoted ones are left out. */
function outerWords(sql: string): readonly string[] {
  const words: string[] = []
  let depth = 0
  for (const [token] of sql.matchAll(tokens)) {
    if (token === '(') depth++
    else if (token === ')') depth--
    else if (depth <= 0 && /^[a-z_;]/i.test(token)) words.push(token.toUpperCase())
  }
  return words
}

/** Comments, quoted text and names, dollar quotes, words, parentheses; whatever else is passed over. */
const tokens =
  /--[^\n]*|\/\*[\s\S]*?(?:\*\/|$)|'(?:[^']|'')*'?|"(?:[^"]|"")*"?|(\$\w*\$)[\s\S]*?(?:\1|$)|[a-z_]\w*|[();]/gi
