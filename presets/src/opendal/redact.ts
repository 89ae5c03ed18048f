/**
 * Removes every possible secret from a text of OpenDAL or of a service. Each step takes linear time, and the text is cut
 * before the first: services put whole pages into their errors.
 */

/** Longest text kept of an error, in characters. */
const longest = 600

/** Longest text that is looked at, in characters. */
const longestRead = 16 * 1024

/** The text without credentials of URLs, query strings, headers and values named like secrets; one line, cut to 600 characters. */
export function redactText(text: string): string {
  const safe = withoutAnswer(withoutHeaders(beginningOf(text)))
    .replaceAll(/[^\s"'`<>]+/g, (word) => (word.includes('://') ? redactUrl(word) : word))
    .replaceAll(
      /(?<![\w-])([\w-]+)(["']?\s{0,4}[=:]\s{0,4})("[^"]*"|'[^']*'|[^\s,;&"'}]+)/g,
      (all, name: string, between: string) => (isSecretName(name) ? `${name}${between}***` : all),
    )
    .replaceAll(
      /\b(Bearer|Basic|AWS4-HMAC-SHA256|SharedKey)\s+[^\s"',}]+(?:,\s*[A-Za-z]+=[^\s"',}]+)*/gi,
      '$1 ***',
    )
    // OpenDAL quotes values of a config it cannot read.
    .replaceAll(/\bwith value:? (?:'[^']*' failed|"[^"]*"|\S+)/g, 'with value ***')
    .replaceAll(/[\p{Cc}\u2028\u2029]+/gu, ' ')
  return safe.length <= longest ? safe : `${safe.slice(0, longest - 1)}…`
}

/** The text up to its last whole word: half of a word could be half of a URL whose password goes on. */
function beginningOf(text: string): string {
  if (text.length <= longestRead) return text
  const cut = text.slice(0, longestRead)
  return cut.slice(0, Math.max(cut.lastIndexOf(' '), 0))
}

/** Without headers of a response, in Rust's debug form: nothing in them is worth the risk. */
function withoutHeaders(text: string): string {
  const opening = 'headers: {'
  const inside = /(?:"(?:[^"\\]|\\[^])*"|[^{}"])*\}/y
  let kept = ''
  let from = 0
  for (let at = text.indexOf(opening); at >= 0; at = text.indexOf(opening, from)) {
    kept += `${text.slice(from, at)}${opening}…}`
    inside.lastIndex = at + opening.length
    if (!inside.test(text)) return kept
    from = inside.lastIndex
  }
  return kept + text.slice(from)
}

/** Answers of services repeat keys, tokens and signed text: only the code is kept. */
function withoutAnswer(text: string): string {
  const parts = text.indexOf('response: Parts {')
  const arrow = parts < 0 ? -1 : text.indexOf(' => ', parts)
  if (arrow < 0) return text
  const [, name, code] = /^(\w+) \{ code: "([\w.-]{1,80})"/.exec(text.slice(arrow + 4)) ?? []
  const said = name === undefined || code === undefined ? '…' : `${name} { code: "${code}", … }`
  return `${text.slice(0, arrow)} => ${said}`
}

/** A word that holds a URL, without user, password and query. Signatures and tokens travel in the query. */
function redactUrl(word: string): string {
  const start = word.indexOf('://') + 3
  const [location = '', query] = splitAt(word.slice(start), '?')
  const at = location.lastIndexOf('@')
  // A password may hold a slash, so a colon before the "@" counts wherever it stands.
  const hasUser = at >= 0 && (!location.slice(0, at).includes('/') || location.slice(0, at).includes(':'))
  const place = hasUser ? `***@${location.slice(at + 1)}` : location
  const closing = /[),]{0,2}$/.exec(word)?.[0] ?? ''
  return word.slice(0, start) + place + (query === undefined ? '' : `?***${closing}`)
}

function splitAt(text: string, sign: string): readonly [string, string?] {
  const at = text.indexOf(sign)
  return at < 0 ? [text] : [text.slice(0, at), text.slice(at + 1)]
}

function isSecretName(name: string): boolean {
  return (
    /secret|token|access_key/i.test(name) ||
    /(?:^|[-_])(?:sig|signature|password|passwd|account_key|api_?key|credential)$/i.test(name)
  )
}
