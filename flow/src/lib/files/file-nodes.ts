/** The `nodes` of a flow file: what each runs, on which params, and what it waits for. */
import { type Duration, toMilliseconds } from '../duration.ts'
import type { StepOptions } from '../graph/step.ts'
import type { AnyNode } from '../node.ts'
import { checkParams } from './check-params.ts'
import type { Findings } from './findings.ts'
import { nameRule } from './inputs.ts'
import { didYouMean } from './nearest.ts'
import { isName, Section } from './section.ts'
import type { Located } from './source.ts'
import { type FileTemplate, type Reference, templateOf, textTemplate } from './template-text.ts'

export interface FileNode {
  readonly name: string
  readonly at: number
  /** `null` where the file names none that is there. */
  readonly node: AnyNode | null
  readonly params: FileTemplate
  /** Under which its value is known as `state.…`. */
  readonly storeAs: string
  readonly after: readonly { readonly name: string; readonly at: number }[]
  /** It runs when the value is `wanted`, else its value is `null`. */
  readonly condition: { readonly reference: Reference; readonly wanted: boolean } | null
  readonly options: Pick<StepOptions, 'retry' | 'timeout'>
}

const keys = ['name', 'id', 'uses', 'params', 'with', 'store_as', 'after', 'if', 'unless', 'retry', 'timeout']

/** Names that the graph has already. */
const taken = ['trigger', 'answer']

export interface NodesOptions {
  readonly known: ReadonlyMap<string, AnyNode>
  /** What a URI without a scheme is put behind. */
  readonly base: string | undefined
}

export function readNodes(
  items: readonly Located[],
  options: NodesOptions,
  findings: Findings,
): readonly FileNode[] {
  const nodes = items.flatMap((item, position) => readNode(item, position, options, findings) ?? [])
  unique(
    nodes.map(({ name, at }) => ({ name, at })),
    'the node',
    findings,
  )
  const names = new Set(nodes.map(({ name }) => name))
  // Two nodes of one name have been told of already.
  const stored = nodes.filter(({ name, storeAs }) => storeAs !== name || names.size === nodes.length)
  unique(
    stored.map(({ storeAs, at }) => ({ name: storeAs, at })),
    'the state',
    findings,
  )
  return nodes
}

function readNode(
  item: Located,
  position: number,
  options: NodesOptions,
  findings: Findings,
): FileNode | null {
  const section = Section.of(item, findings, `node ${position + 1}`)
  if (section === null) return null
  const name = nameOf(section, position)
  const own = item.kind === 'map' ? new Section(item, findings, `the node "${name}"`, name) : section
  own.only(keys)
  const node = nodeOf(own, options.known)
  const given = own.either('params', 'with')
  const malformed = (at: number, message: string) => own.report('FILE008', at, message)
  const params = given === undefined ? emptyParams : paramsOf(given, own, malformed)
  const storeAs = own.text('store_as') ?? name
  if (own.value('store_as') !== undefined && !isName(storeAs))
    own.report('FILE006', own.placeOf('store_as'), `"${storeAs}" is not the name of a state: ${nameRule}`)
  return {
    name,
    at: own.at,
    node,
    params:
      node === null
        ? params
        : checkParams(params, { node, name, placeOf: placesIn(given, own.at), base: options.base, findings }),
    storeAs,
    after: own.list('after').flatMap((one) => {
      const text = own.textOf(one, 'after')
      return text === undefined ? [] : [{ name: text, at: one.at }]
    }),
    condition: conditionOf(own),
    options: stepOptions(own),
  }
}

function placesIn(given: Located | undefined, otherwise: number): (param?: string) => number {
  return (param) => {
    const entry = given?.kind === 'map' && param !== undefined ? given.entries.get(param) : undefined
    return entry?.keyAt ?? given?.at ?? otherwise
  }
}

const emptyParams: FileTemplate = { kind: 'record', fields: new Map() }

function nameOf(section: Section, position: number): string {
  const value = section.either('name', 'id')
  const name = section.textOf(value, 'name')
  if (value === undefined)
    section.report('FILE004', section.at, `${section.what} has no name`, 'give it a "name"')
  if (name === undefined) return `node-${position + 1}`
  const at = value?.at ?? section.at
  if (taken.includes(name)) section.report('FILE006', at, `"${name}" is a name that every flow has already`)
  else if (!isName(name)) section.report('FILE006', at, `"${name}" is not the name of a node: ${nameRule}`)
  return name
}

function nodeOf(section: Section, known: ReadonlyMap<string, AnyNode>): AnyNode | null {
  const name = section.text('uses')
  if (name === undefined) {
    if (section.value('uses') === undefined)
      section.report(
        'FILE004',
        section.at,
        `${section.what} says not which node it uses`,
        'add "uses", such as storage.read',
      )
    return null
  }
  const node = known.get(name)
  if (node !== undefined) return node
  section.findings.add(
    'FILE005',
    section.placeOf('uses'),
    `there is no node "${name}"${didYouMean(name, known.keys())}`,
    section.node === undefined ? {} : { node: section.node },
  )
  return null
}

function paramsOf(
  given: Located,
  section: Section,
  malformed: (at: number, message: string) => void,
): FileTemplate {
  const params = templateOf(given, malformed)
  if (params.kind === 'record' || params.kind === 'reference') return params
  section.report('FILE004', given.at, `"params" of ${section.what} must be a mapping, or one template`)
  return emptyParams
}

function conditionOf(section: Section): FileNode['condition'] {
  const [yes, no] = [section.value('if'), section.value('unless')]
  if (yes !== undefined && no !== undefined)
    section.report('FILE004', no.at, `${section.what} has both "if" and "unless"`)
  const value = yes ?? no
  if (value === undefined) return null
  const malformed = (at: number, message: string) => section.report('FILE008', at, message)
  const text = value.kind === 'scalar' ? value.value : null
  const template = typeof text === 'string' ? textTemplate(text, value.at, malformed) : null
  if (template?.kind === 'reference') return { reference: template, wanted: yes !== undefined }
  if (template?.kind !== 'value' || !String(template.value).includes('{{'))
    malformed(
      value.at,
      `the condition of ${section.what} must be exactly one template, whose value is true or false`,
    )
  return null
}

function stepOptions(section: Section): FileNode['options'] {
  const timeout = section.duration('timeout')
  const retry = section.section('retry', `"retry" of ${section.what}`)
  retry?.only(['maxAttempts', 'backoff'])
  const maxAttempts = retry?.number('maxAttempts')
  if (retry !== null && retry?.value('maxAttempts') === undefined)
    section.report('FILE004', section.placeOf('retry'), `"retry" of ${section.what} lacks maxAttempts`)
  const backoff = retry?.duration('backoff')
  for (const [key, duration, at] of [
    ['timeout', timeout, section.placeOf('timeout')],
    ['backoff', backoff, retry?.placeOf('backoff') ?? 0],
  ] as const) {
    try {
      if (duration !== undefined) toMilliseconds(duration as Duration)
    } catch (error) {
      section.report('FILE004', at, `"${key}" of ${section.what}: ${(error as Error).message}`)
    }
  }
  return {
    ...(timeout === undefined ? {} : { timeout: timeout as Duration }),
    ...(maxAttempts === undefined
      ? {}
      : { retry: { maxAttempts, ...(backoff === undefined ? {} : { backoff: backoff as Duration }) } }),
  }
}

function unique(
  names: readonly { readonly name: string; readonly at: number }[],
  what: string,
  findings: Findings,
): void {
  const seen = new Set<string>()
  for (const { name, at } of names) {
    if (seen.has(name)) findings.add('FILE006', at, `${what} "${name}" is there twice`, { node: name })
    seen.add(name)
  }
}
