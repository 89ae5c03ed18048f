/** Parses the XML of S3: elements and text. A document that is not well-formed, such as a truncated one, gives `null`. */

export interface XmlElement {
  /** Without its namespace's prefix. */
  readonly name: string
  /** Text directly in it. */
  text: string
  readonly children: XmlElement[]
}

/** The root element; `null` when the text is not one whole document. Attributes and comments are passed over. */
export function parseXml(xml: string): XmlElement | null {
  const root: XmlElement = { name: '', text: '', children: [] }
  const open = [root]
  let end = 0
  for (const token of xml.matchAll(tokens)) {
    end += token[0].length
    const [, text, cdata, closing, opening, empty] = token
    const inner = open.at(-1) as XmlElement
    if (text !== undefined) {
      const value = unescapeXml(text)
      if (value === null || (open.length === 1 && value.trim() !== '')) return null
      inner.text += value
    } else if (cdata !== undefined) inner.text += cdata
    else if (closing !== undefined) {
      if (open.length === 1 || inner.name !== localName(closing)) return null
      open.pop()
    } else if (opening !== undefined) {
      if (open.length === 1 && root.children.length > 0) return null
      const element = { name: localName(opening), text: '', children: [] }
      inner.children.push(element)
      if (empty === '') open.push(element)
    }
  }
  return end === xml.length && open.length === 1 ? (root.children[0] ?? null) : null
}

/** The elements of this name directly in the element. */
export function elements({ children }: XmlElement, name: string): XmlElement[] {
  return children.filter((child) => child.name === name)
}

/** The text of the first element of this name directly in the element, or `null`. */
export function text({ children }: XmlElement, name: string): string | null {
  return children.find((child) => child.name === name)?.text ?? null
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

/**
 * Text, CDATA, the end of an element, its beginning; comments and processing instructions yield nothing. Sticky, so that
 * reading stops at the first place that fits none of them.
 */
const tokens =
  /([^<]+)|<!\[CDATA\[([\s\S]*?)\]\]>|<\/([\w:.-]+)\s*>|<([\w:.-]+)(?:\s+[\w:.-]+\s*=\s*(?:"[^"<]*"|'[^'<]*'))*\s*(\/?)>|<\?[\s\S]*?\?>|<!--[\s\S]*?-->/gy

function localName(name: string): string {
  return name.slice(name.indexOf(':') + 1)
}

/** `null` when it holds an `&` that begins no reference. */
function unescapeXml(content: string): string | null {
  if (!content.includes('&')) return content
  let whole = true
  const value = content.replaceAll(
    /&(?:#x([0-9a-fA-F]{1,6});|#([0-9]{1,7});|(amp|lt|gt|quot|apos);)?/g,
    (...match: string[]) => {
      const [, hexadecimal, decimal, name] = match
      const code = hexadecimal === undefined ? Number(decimal) : Number.parseInt(hexadecimal, 16)
      if (name !== undefined) return named[name] ?? ''
      if (code <= 0x10ffff) return String.fromCodePoint(code)
      whole = false
      return ''
    },
  )
  return whole ? value : null
}

const named: Readonly<Record<string, string>> = { amp: '&', lt: '<', gt: '>', quot: '"', apos: "'" }
