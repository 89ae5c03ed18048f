/** `loadFlow` makes a flow of a YAML or JSON text; the next stop is the graph, as for a flow in code. */
import { countRule } from '@flowport/capabilities'
import { checkNumber } from '../checked-number.ts'
import { DiagnosticsError } from '../diagnostics/diagnostic.ts'
import type { Flow } from '../flow.ts'
import type { AnyNode } from '../node.ts'
import { duckdb } from '../nodes/duckdb.ts'
import { storage } from '../nodes/storage.ts'
import { buildFlow } from './build.ts'
import { readNodes } from './file-nodes.ts'
import type { Findings } from './findings.ts'
import { nameRule, readInputs } from './inputs.ts'
import { checkAnswer, inOrder } from './order.ts'
import { isName, Section } from './section.ts'
import { readSource } from './source.ts'
import { type FileTemplate, templateOf } from './template-text.ts'
import { cronFields, readTrigger, triggerKind } from './trigger.ts'

export interface LoadFlowOptions {
  /** Nodes that the file may use by name, beside `storage.*` and `duckdb.*`. Default none. */
  readonly nodes?: readonly AnyNode[]
  /** Name of the file, shown in findings. Default none. */
  readonly file?: string
  /** Most bytes of the text. Default 256 KiB. */
  readonly maxBytes?: number
}

const KiB = 1024
const keys = ['name', 'version', 'summary', 'tags', 'trigger', 'settings', 'input', 'nodes', 'output']

/**
 * The flow that a YAML or JSON text describes. Everything that is wrong with the text is told at once, in a
 * `DiagnosticsError`. The types of what it takes, answers and needs of a profile are the caller's word: the input is
 * checked when it runs, the needs at preflight.
 */
export function loadFlow<I = Record<string, unknown>, O = unknown, N = unknown>(
  text: string,
  { nodes = [], file, maxBytes = 256 * KiB }: LoadFlowOptions = {},
): Flow<I, O, N> {
  checkNumber('maxBytes', maxBytes, countRule())
  const known = knownNodes(nodes)
  const { root, findings } = readSource(text, { file, maxBytes })
  const section = root === null ? null : Section.of(root, findings, 'the flow')
  const read = section === null ? null : readFlow(section, known, findings)
  if (read === null || findings.any)
    throw new DiagnosticsError(`${file ?? 'the flow file'} is no flow`, findings.all())
  return buildFlow(read) as unknown as Flow<I, O, N>
}

function readFlow(section: Section, known: ReadonlyMap<string, AnyNode>, findings: Findings) {
  const name = section.text('name')
  findings.flow = name ?? ''
  section.only(keys)
  if (section.value('name') === undefined)
    section.report('FILE004', section.at, 'the flow has no name', 'add "name"')
  else if (name !== undefined && !isName(name))
    section.report('FILE006', section.placeOf('name'), `"${name}" is not the name of a flow: ${nameRule}`)
  const started = section.value('trigger')
  const isCron = triggerKind(started) === 'cron'
  if (isCron && section.value('input') !== undefined)
    section.report(
      'FILE004',
      section.placeOf('input'),
      'a schedule brings its own input: scheduledAt and cron',
    )
  const inputs = isCron ? cronFields : readInputs(section.value('input'), findings)
  const trigger = readTrigger(started, inputs, findings)
  const nodes = readNodes(section.list('nodes'), { known, base: baseOf(section) }, findings)
  const last = nodes.at(-1)
  const list = section.value('nodes')
  if (list === undefined || (list.kind === 'list' && list.items.length === 0))
    section.report('FILE004', section.placeOf('nodes'), 'the flow has no nodes')
  const answer = answerOf(section, last?.storeAs)
  const names = { inputs, nodes }
  const ordered = inOrder(names, findings)
  checkAnswer(answer, names, findings)
  return {
    name: name ?? '',
    version: section.text('version'),
    summary: section.text('summary'),
    tags: section.list('tags').flatMap((tag) => section.textOf(tag, 'tags') ?? []),
    trigger,
    nodes: ordered,
    answer,
  }
}

/** What `output` says, else the value of the last node. */
function answerOf(section: Section, last: string | undefined): FileTemplate {
  const output = section.value('output')
  if (output !== undefined) return templateOf(output, (at, message) => section.report('FILE008', at, message))
  if (last === undefined) return { kind: 'value', value: null }
  return { kind: 'reference', of: 'state', name: last, pointer: '', at: section.at }
}

/** What a URI without a scheme is put behind: `opfs://` for `opfs`, or a folder's URI. */
function baseOf(section: Section): string | undefined {
  const settings = section.section('settings', 'settings')
  settings?.only(['storage'])
  const storage = settings?.section('storage', 'settings.storage')
  storage?.only(['default_local'])
  const local = storage?.text('default_local')
  if (storage === null || storage === undefined || local === undefined) return undefined
  if (/^[a-z][a-z0-9+.-]*$/i.test(local)) return `${local}://`
  if (/^[a-z][a-z0-9+.-]*:\/\/.*\/$/i.test(local)) return local
  const hint = 'write a scheme, such as opfs, or the URI of a folder, such as file:///srv/data/'
  storage.report('FILE004', storage.placeOf('default_local'), `default_local is "${local}"`, hint)
  return undefined
}

function knownNodes(own: readonly AnyNode[]): ReadonlyMap<string, AnyNode> {
  const known = new Map<string, AnyNode>()
  for (const node of [...Object.values(storage), ...Object.values(duckdb), ...own] as readonly AnyNode[]) {
    if (known.has(node.name))
      throw new TypeError(`two nodes are called "${node.name}": a file could not tell them apart`)
    known.set(node.name, node)
  }
  return known
}
