/** Checks of the graph's shape: DAG101, 102, 104, 105, 200, 201, 202, 205, BUNDLE101. */
import type { Finding } from '../diagnostics/diagnostic.ts'
import { identifiers, type NodeIr } from '../ir/ir.ts'
import type { IrView } from './ir-view.ts'
import { reachable } from './walk.ts'

/** What the app contains, by node identifier: a `Map` or a `Set` fits. */
export interface NodeLookup {
  has(identifier: string): boolean
}

export function checkGraph(view: IrView): readonly Finding[] {
  return [
    ...checkTriggers(view),
    ...checkNames(view),
    ...checkCycles(view),
    ...checkSchemas(view),
    ...checkAnswerFits(view),
  ]
}

function* checkTriggers({ ir, at, leaving, answer }: IrView): Iterable<Finding> {
  const triggers = ir.nodes.filter(({ kind }) => kind === 'trigger')
  if (triggers.length === 0) {
    yield {
      code: 'DAG105',
      message: 'the flow has no node of kind trigger, so nothing starts it',
      location: at(),
    }
  }
  if (triggers.length > 1 && ir.policies.lint.allow_multiple_triggers !== true) {
    const names = triggers.map(({ alias }) => `"${alias}"`).join(', ')
    yield { code: 'DAG104', message: `the flow has ${triggers.length} triggers: ${names}`, location: at() }
  }
  for (const { alias } of triggers) {
    if (alias === answer || leaving(alias).length > 0) continue
    yield { code: 'DAG101', message: `no step uses what "${alias}" yields`, location: at({ node: alias }) }
  }
}

function* checkNames({ ir, at, nodes }: IrView): Iterable<Finding> {
  const seen = new Set<string>()
  const reported = new Set<string>()
  for (const { alias } of ir.nodes) {
    if (seen.has(alias) && !reported.has(alias)) {
      reported.add(alias)
      yield { code: 'DAG205', message: `"${alias}" is used twice`, location: at({ node: alias }) }
    }
    seen.add(alias)
  }
  for (const edge of ir.edges) {
    for (const end of new Set([edge.from, edge.to])) {
      if (nodes.has(end)) continue
      yield {
        code: 'DAG202',
        message: `the edge names "${end}", which is no node of the flow`,
        location: at({ edge }),
      }
    }
  }
  const { answer } = ir.metadata
  if (answer !== undefined && !nodes.has(answer)) {
    yield {
      code: 'DAG202',
      message: `the flow answers with "${answer}", which is no node of the flow`,
      location: at(),
    }
  }
}

function* checkCycles({ walk, at }: IrView): Iterable<Finding> {
  for (const cycle of walk.cycles) {
    const [node] = cycle
    const message = `these steps wait for each other: ${cycle.join(' -> ')}`
    yield { code: 'DAG200', message, location: at(node === undefined ? {} : { node }), details: { cycle } }
  }
}

/** A routed edge may narrow: an arm of a union takes one of its members. A stream's items are not its value. */
function* checkSchemas({ ir, at, nodes, routings }: IrView): Iterable<Finding> {
  const routed = new Set(
    routings.flatMap(({ source, arms }) => arms.map(({ target }) => JSON.stringify([source, target]))),
  )
  for (const edge of ir.edges) {
    if (edge.feeds !== undefined || routed.has(JSON.stringify([edge.from, edge.to]))) continue
    const [from, to] = [nodes.get(edge.from), nodes.get(edge.to)]
    if (from?.streaming === true || from?.out_schema.kind !== 'named' || to?.in_schema.kind !== 'named')
      continue
    const [given, taken] = [from.out_schema.name, to.in_schema.name]
    if (given === taken) continue
    const message = `"${edge.from}" yields ${given}, "${edge.to}" takes ${taken}`
    yield { code: 'DAG201', message, location: at({ edge }), details: { given, taken } }
  }
}

function* checkAnswerFits(view: IrView): Iterable<Finding> {
  const { ir, at, answer, nodes } = view
  if (ir.profile === 'web' && answer === undefined && ir.metadata.answer === undefined && nodes.size > 0) {
    const message = 'a web flow must answer, and this one does not say with which node'
    yield { code: 'DAG102', message, location: at(), hint: 'set metadata.answer to the alias of a node' }
  }
  if (ir.profile !== 'queue' && ir.profile !== 'temporal') return
  const streaming = answer === undefined ? undefined : streamBehind(view, answer)
  if (answer === undefined || streaming === undefined) return
  const message = `the flow answers with the stream of "${streaming}", and nobody waits for what a message or a schedule starts`
  yield { code: 'DAG102', message, location: at({ node: answer }) }
}

/** The streaming node whose stream this node hands on, itself included. */
function streamBehind({ nodes, entering }: IrView, alias: string): string | undefined {
  const isInline = (name: string) => nodes.get(name)?.kind === 'inline'
  const behind = reachable([alias], (name) => (isInline(name) ? entering(name).map(({ from }) => from) : []))
  return [...behind].find((name) => nodes.get(name)?.streaming === true)
}

/** Every node that names code must name code the app has. */
export function* checkBundle({ ir, at }: IrView, known: NodeLookup): Iterable<Finding> {
  const builtIn = new Set<string>(Object.values(identifiers))
  const needsCode = ({ kind, identifier }: NodeIr) =>
    (kind === 'activity' || kind === 'inline') && !builtIn.has(identifier)
  for (const node of ir.nodes) {
    if (!needsCode(node) || known.has(node.identifier)) continue
    const message = `"${node.alias}" runs "${node.identifier}", which the app does not contain`
    yield { code: 'BUNDLE101', message, location: at({ node: node.alias }) }
  }
}
