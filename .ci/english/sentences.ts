/** Reads the sentences of a file: its comments, test titles and messages, or the lines of a page. */

export interface Sentence {
  readonly line: number
  readonly text: string
}

/** Code spans and addresses are no English; a code span becomes one word. */
function withoutCode(text: string): string {
  return text.replace(/`[^`]*`/g, '`x`').replace(/https?:\S+/g, '')
}

export function sentencesOf(file: string, text: string): readonly Sentence[] {
  if (file.endsWith('.md')) return linesOfPage(text)
  return [...comments(text), ...quoted(text, titles), ...quoted(text, messages)]
}

function linesOfPage(text: string): readonly Sentence[] {
  let isCode = false
  return text.split('\n').flatMap((raw, index) => {
    if (/^\s*```/.test(raw)) isCode = !isCode
    const line = withoutCode(raw).trim()
    return isCode || line === '' || line.startsWith('```') ? [] : [{ line: index + 1, text: line }]
  })
}

/** A block comment, or consecutive line comments, cut into sentences. */
function comments(text: string): readonly Sentence[] {
  const blocks = /\/\*\*?([\s\S]*?)\*\/|((?:^|(?<=\s))\/\/[^\n]*(?:\n[ \t]*\/\/[^\n]*)*)/g
  return [...text.matchAll(blocks)].flatMap((block) => {
    const body = withoutCode((block[1] ?? block[2] ?? '').replace(/^[ \t]*(?:\*|\/\/+)[ \t]?/gm, ''))
      .replace(/\s+/g, ' ')
      .trim()
    if (body.length < 4 || /^(?:oxlint|biome|@ts-)/.test(body)) return []
    const line = lineAt(text, block.index)
    return body.split(/(?<=[.;!?])\s+(?=[A-Z`'"@])/).map((sentence) => ({ line, text: sentence }))
  })
}

const titles =
  /\b(?:it|test|describe|it\.each\([^\n]*\)|describe\.each\([^\n]*\)|describe\.skip|it\.skip)\(\s*(?:[^'"`\n]{0,40}, )?(['"`])((?:\\.|(?!\1).)+)\1/g

const messages =
  /(?:new (?:CapabilityError|[A-Z]\w*Error)\(|misconfigured\(|(?:message|hint|advice|text|description|reason|why|fix|summary): )\s*(?:'[A-Z]\w+',\s*)?(['"`])((?:\\.|(?!\1).){12,})\1/g

function quoted(text: string, pattern: RegExp): readonly Sentence[] {
  return [...text.matchAll(pattern)].map((match) => ({
    line: lineAt(text, match.index),
    text: match[2] ?? '',
  }))
}

function lineAt(text: string, index: number): number {
  return text.slice(0, index).split('\n').length
}
