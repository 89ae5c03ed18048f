/** Compares the params of a node in a flow file with what the node takes, as far as that is known before a run. */
import type { AnyNode } from '../node.ts'
import { hasScheme } from '../nodes/base-uri.ts'
import { duckdb, refusalOf } from '../nodes/duckdb.ts'
import { faultOf, type Fields } from '../nodes/fields.ts'
import { isRepeatable } from '../nodes/statement.ts'
import { jsonSchemaOf } from '../schema.ts'
import type { Findings } from './findings.ts'
import { didYouMean } from './nearest.ts'
import { type FileTemplate, referencesIn } from './template-text.ts'

export interface ParamsContext {
  readonly node: AnyNode
  /** Of the node in the file. */
  readonly name: string
  /** Offset of a param, or of all of them. */
  readonly placeOf: (param?: string) => number
  /** What a URI without a scheme is put behind. */
  readonly base: string | undefined
  readonly findings: Findings
}

/** The params to run with: those of the file, and for nodes that take URIs the base of those without a scheme. */
export function checkParams(params: FileTemplate, context: ParamsContext): FileTemplate {
  const { node, base } = context
  const fields = fieldsOf(node)
  if (fields === null) {
    checkRequired(params, context)
    return params
  }
  if (params.kind !== 'record') {
    if (isSql(node))
      context.findings.add('FILE010', context.placeOf(), 'the statement would come from a template', {
        node: context.name,
      })
    return params
  }
  for (const [name, value] of params.fields) checkParam(name, value, fields, context)
  for (const [name, field] of fields) {
    if (!params.fields.has(name) && field.optional !== true && field.default === undefined)
      told(context, `${node.name} needs "${name}"`)
  }
  if (base === undefined || !fields.has('base') || params.fields.has('base')) return params
  return { kind: 'record', fields: new Map([...params.fields, ['base', { kind: 'value', value: base }]]) }
}

function checkParam(name: string, value: FileTemplate, fields: Fields, context: ParamsContext): void {
  const { node, findings } = context
  const field = fields.get(name)
  if (field === undefined) {
    // `base` is for code; files have settings.
    const names = [...fields.keys()].filter((one) => one !== 'base')
    return told(context, `${node.name} takes no "${name}"${didYouMean(name, names)}`, {
      hint: `it takes ${names.join(', ')}`,
      param: name,
    })
  }
  if (isSql(node) && name === 'sql') {
    const [template] = referencesIn(value)
    if (template !== undefined)
      return findings.add(
        'FILE010',
        template.at,
        'a value in the text of a statement is read as SQL, whoever sends it',
        { node: context.name },
      )
    if (
      value.kind === 'value' &&
      node === duckdb.query &&
      typeof value.value === 'string' &&
      !isRepeatable(value.value)
    )
      return told(context, refusalOf(value.value), { param: name })
  }
  if (value.kind === 'value') {
    const fault = faultOf(value.value, field)
    if (fault !== null) return told(context, `"${name}" of ${node.name} ${fault}`, { param: name })
  }
  const shape = { record: 'object', list: 'array', text: 'string' } as const
  if (
    value.kind !== 'value' &&
    value.kind !== 'reference' &&
    field.type !== 'any' &&
    field.type !== shape[value.kind]
  )
    return told(context, `"${name}" of ${node.name} must be of type ${field.type}`, { param: name })
  if (fields.has('base') && ['uri', 'from', 'to'].includes(name)) checkUri(name, value, context)
}

function checkUri(name: string, value: FileTemplate, context: ParamsContext): void {
  const start = value.kind === 'text' ? value.parts[0] : value.kind === 'value' ? value.value : undefined
  // What starts with a template is known at run time only; so is where a short start leads.
  if (typeof start !== 'string' || hasScheme(start) || (value.kind === 'text' && !start.includes('/'))) return
  if (context.base === undefined) {
    const hint = 'write the scheme, as in opfs://data/x.csv, or set settings.storage.default_local'
    return told(context, `"${name}" of ${context.node.name} is "${start}", which has no scheme`, {
      hint,
      param: name,
    })
  }
  const needsRoot = context.base === 'file://'
  if (context.base.endsWith('://') && start.startsWith('/') !== needsRoot) {
    const hint = needsRoot
      ? 'write the whole path, from "/" on, or a folder as default_local: file:///srv/data/'
      : 'leave out the "/" at its start'
    told(context, `"${name}" of ${context.node.name} would be ${context.base}${start}, which leads nowhere`, {
      hint,
      param: name,
    })
  }
}

/** Of a node whose schema has JSON Schema: what it requires. */
function checkRequired(params: FileTemplate, context: ParamsContext): void {
  const { node } = context
  if (params.kind !== 'record' || node.input === undefined) return
  const required = jsonSchemaOf(node.input, 'input')?.['required']
  for (const name of Array.isArray(required) ? required : []) {
    if (typeof name === 'string' && !params.fields.has(name)) told(context, `${node.name} needs "${name}"`)
  }
}

function told(
  { findings, placeOf, name }: ParamsContext,
  message: string,
  { hint, param }: { readonly hint?: string; readonly param?: string } = {},
): void {
  findings.add('FILE011', placeOf(param), message, { node: name, ...(hint === undefined ? {} : { hint }) })
}

function isSql(node: AnyNode): boolean {
  return node === duckdb.query || node === duckdb.execute
}

function fieldsOf({ input }: AnyNode): Fields | null {
  return input !== undefined && 'fields' in input && input.fields instanceof Map
    ? (input.fields as Fields)
    : null
}
