/** As much XML as S3 speaks: flat elements in answers, keys in requests. Attributes and comments are passed over. */

/** The contents of every element of this name, in order, still escaped where they are elements themselves. */
export function elements(xml: string, name: string): string[] {
  const found: string[] = []
  const pattern = new RegExp(`<${name}(?:\\s[^>]*)?(?:/>|>([\\s\\S]*?)</${name}\\s*>)`, 'g')
  for (const [, content = ''] of xml.matchAll(pattern)) found.push(content)
  return found
}

/** The text of the first element of this name, or `null`. */
export function text(xml: string, name: string): string | null {
  const [content] = elements(xml, name)
  return content === undefined ? null : unescapeXml(content)
}

/** The name of the outermost element, or `null` when it is no XML. */
export function rootName(xml: string): string | null {
  return /^\s*(?:<\?[\s\S]*?\?>\s*|<!--[\s\S]*?-->\s*)*<([A-Za-z][\w.-]*)/.exec(xml)?.[1] ?? null
}

/** Text for an element. Line ends are escaped too, as a parser would change them. */
export function escapeXml(value: string): string {
  return value.replaceAll(/[&<>"'\t\r\n\u0085\u2028]/g, (mark) => `&#${mark.charCodeAt(0)};`)
}

/** Whether XML 1.0 can hold the text at all. */
export function isXmlText(value: string): boolean {
  // oxlint-disable-next-line eslint/no-control-regex -- these are what it is about
  return !/[\u0000-\u0008\u000b\u000c\u000e-\u001f\ufffe\uffff]/.test(value)
}

function unescapeXml(content: string): string {
  return content.replaceAll(
    /&(?:#x([0-9a-fA-F]+)|#([0-9]+)|(amp|lt|gt|quot|apos));/g,
    (...match: string[]) => {
      const [, hexadecimal, decimal, name = ''] = match
      if (hexadecimal !== undefined) return String.fromCodePoint(Number.parseInt(hexadecimal, 16))
      if (decimal !== undefined) return String.fromCodePoint(Number(decimal))
      return named[name] ?? ''
    },
  )
}

const named: Readonly<Record<string, string>> = { amp: '&', lt: '<', gt: '>', quot: '"', apos: "'" }
