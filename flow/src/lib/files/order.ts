/** Resolves the references of a flow file and puts its nodes in an order in which each comes after what it reads. */
import type { Fields } from '../nodes/fields.ts'
import type { FileNode } from './file-nodes.ts'
import type { Findings } from './findings.ts'
import { didYouMean } from './nearest.ts'
import { type FileTemplate, type Reference, referencesIn } from './template-text.ts'

export interface Names {
  readonly inputs: Fields
  readonly nodes: readonly FileNode[]
}

/** The nodes in order. What names nothing, and what waits for itself, is reported. */
export function inOrder(names: Names, findings: Findings): readonly FileNode[] {
  const byName = new Map(names.nodes.map((node) => [node.name, node]))
  const byState = new Map(names.nodes.map((node) => [node.storeAs, node]))
  const before = new Map(
    names.nodes.map((node) => {
      const references = [
        ...referencesIn(node.params),
        ...(node.condition === null ? [] : [node.condition.reference]),
      ]
      const read = references.flatMap((one) => resolve(one, byState, names.inputs, findings, node.name) ?? [])
      const awaited = node.after.flatMap(({ name, at }) => {
        const found = byName.get(name)
        if (found === undefined)
          findings.add(
            'FILE007',
            at,
            `there is no node "${name}" to wait for${didYouMean(name, byName.keys())}`,
            { node: node.name },
          )
        return found ?? []
      })
      return [node, [...new Set([...read, ...awaited])]] as const
    }),
  )
  return sorted(names.nodes, (node) => before.get(node) ?? [], findings)
}

/** Checks what the answer refers to. */
export function checkAnswer(template: FileTemplate, names: Names, findings: Findings): void {
  const byState = new Map(names.nodes.map((node) => [node.storeAs, node]))
  for (const reference of referencesIn(template)) resolve(reference, byState, names.inputs, findings)
}

/** The node a reference reads; `null` for the input, and for what is not there. */
function resolve(
  { of, name, at }: Reference,
  byState: ReadonlyMap<string, FileNode>,
  inputs: Fields,
  findings: Findings,
  node?: string,
): FileNode | null {
  const where = node === undefined ? {} : { node }
  if (of === 'input') {
    if (name !== null && !inputs.has(name))
      findings.add('FILE007', at, `there is no input "${name}"${didYouMean(name, inputs.keys())}`, where)
    return null
  }
  const found = byState.get(name ?? '')
  if (found !== undefined) return found
  findings.add(
    'FILE007',
    at,
    `nothing is stored as "${name ?? ''}"${didYouMean(name ?? '', byState.keys())}`,
    where,
  )
  return null
}

/** Depth first, in the order of the file. */
function sorted(
  nodes: readonly FileNode[],
  before: (node: FileNode) => readonly FileNode[],
  findings: Findings,
): readonly FileNode[] {
  const done = new Set<FileNode>()
  const path: FileNode[] = []
  const visit = (node: FileNode) => {
    if (done.has(node)) return
    const start = path.indexOf(node)
    if (start >= 0) {
      const cycle = [...path.slice(start), node].map(({ name }) => name)
      findings.add('FILE009', node.at, `these nodes wait for each other: ${cycle.join(' <- ')}`, {
        node: node.name,
      })
      return
    }
    path.push(node)
    for (const other of before(node)) visit(other)
    path.pop()
    done.add(node)
  }
  for (const node of nodes) visit(node)
  return [...done]
}
