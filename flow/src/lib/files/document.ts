/** Looks over a parsed YAML document: what the parser found, what it would have let pass, where aliases lead. */
import { type Alias, isAlias, isScalar, type Node, type parseDocument, visit } from 'yaml'
import type { Findings } from './findings.ts'

/** Levels a file may have, those that aliases add counted. */
export const maxDepth = 32

/** Reports what the parser found and what it would have let pass; resolves where each alias leads. */
export function checkDocument(
  document: ReturnType<typeof parseDocument>,
  findings: Findings,
): ReadonlyMap<Alias, Node> {
  for (const { code, pos, message } of [...document.errors, ...document.warnings]) {
    const [at] = pos
    if (code === 'RESOURCE_EXHAUSTION')
      findings.add('FILE002', at, `the file is nested deeper than ${maxDepth} levels`)
    else if (code === 'TAG_RESOLVE_FAILED')
      findings.add('FILE002', at, 'the file has a tag, and tags are not taken')
    else
      findings.add(
        'FILE001',
        at,
        code === 'MULTIPLE_DOCS' ? 'the file holds more than one document' : message,
      )
  }
  if (document.directives?.yaml.explicit === true && document.directives.yaml.version !== '1.2')
    findings.add('FILE002', 0, 'the file asks for YAML of another version than 1.2')
  const anchors = new Map<string, Node>()
  const targets = new Map<Alias, Node>()
  const isSound = !findings.any
  visit(document, {
    Node(_, node) {
      if (isAlias(node)) {
        const target = anchors.get(node.source)
        if (target !== undefined) targets.set(node, target)
        return
      }
      if (node.anchor !== undefined) anchors.set(node.anchor, node)
      if (isSound && isScalar(node) && node.tag !== undefined)
        findings.add('FILE002', offsetOf(node), `the file has a tag (${node.tag}), and tags are not taken`)
    },
  })
  return targets
}

/** Where a node of the document begins in the text. */
export function offsetOf(node: unknown, otherwise = 0): number {
  const range = typeof node === 'object' && node !== null && 'range' in node ? node.range : undefined
  return Array.isArray(range) && typeof range[0] === 'number' ? range[0] : otherwise
}
