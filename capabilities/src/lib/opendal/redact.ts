/** Takes out of a text of OpenDAL or of a service whatever could be a secret, before anybody sees the text. */

/** Longest text kept of an error, in characters. */
const longest = 600

/** The text without credentials of URLs, query strings, headers and values named like secrets; one line, cut to 600 characters. */
export function redactText(text: string): string {
  const safe = text
    // Headers of a response, in Rust's debug form: nothing in them is worth the risk.
    .replaceAll(/headers: \{(?:"(?:[^"\\]|\\.)*"|[^{}"])*\}/g, 'headers: {…}')
    // What a service answers repeats keys, tokens and signed text: only its code is kept.
    .replace(/(response: Parts \{[^]*?) => (?:(\w+) \{ code: "([\w.-]{1,80})")?[^]*$/, spoken)
    // Everything between a scheme and the last "@" of what cannot be a path yet: user and password.
    .replaceAll(/([a-z][a-z0-9+.-]*:\/\/)[^\s/?#"'`<>]*@/gi, '$1***@')
    // Passwords that hold a slash: whatever is before an "@" within the same word.
    .replaceAll(/([a-z][a-z0-9+.-]*:\/\/)[^\s"'`<>@]*:[^\s"'`<>@]*@/gi, '$1***@')
    // Signatures and tokens travel in the query.
    .replaceAll(/([a-z][a-z0-9+.-]*:\/\/[^\s?#"'`<>)]*)\?[^\s"'`<>),]*/gi, '$1?***')
    .replaceAll(
      /\b(sig|signature|x-amz-[a-z-]*(?:signature|token|credential)|password|passwd|secret[a-z_-]*|[a-z_-]*token|account_key|access_key[a-z_-]*|api_?key|credential)(["']?\s*[=:]\s*)("[^"]*"|'[^']*'|[^\s,;&"'}]+)/gi,
      '$1$2***',
    )
    .replaceAll(
      /\b(Bearer|Basic|AWS4-HMAC-SHA256|SharedKey)\s+[^\s"',}]+(?:,\s*[A-Za-z]+=[^\s"',}]+)*/gi,
      '$1 ***',
    )
    // OpenDAL quotes values of a config it cannot read.
    .replaceAll(/\bwith value:? (?:'.*' failed|"[^"]*"|\S+)/g, 'with value ***')
    .replaceAll(/[\p{Cc}\u2028\u2029]+/gu, ' ')
  return safe.length <= longest ? safe : `${safe.slice(0, longest - 1)}…`
}

function spoken(_: string, context: string, name: string | undefined, code: string | undefined): string {
  return name === undefined || code === undefined
    ? `${context} => …`
    : `${context} => ${name} { code: "${code}", … }`
}
