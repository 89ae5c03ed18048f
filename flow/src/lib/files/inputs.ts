/** The `input` of a flow file: names, or names with a type and a default. */
import { faultOf, type Field, type Fields, type FieldType, fieldTypes } from '../nodes/fields.ts'
import type { Findings } from './findings.ts'
import { didYouMean } from './nearest.ts'
import { isName, Section } from './section.ts'
import { type Located, plain } from './source.ts'

/** The fields declared; none where there is no `input`. */
export function readInputs(value: Located | undefined, findings: Findings): Fields {
  const fields = new Map<string, Field>()
  if (value === undefined) return fields
  const add = (name: string, at: number, field: Field) => {
    if (!isName(name)) findings.add('FILE006', at, `"${name}" is not the name of an input: ${nameRule}`)
    else if (fields.has(name)) findings.add('FILE006', at, `the input "${name}" is declared twice`)
    else fields.set(name, field)
  }
  if (value.kind === 'list') {
    for (const item of value.items) {
      if (item.kind === 'scalar' && typeof item.value === 'string') add(item.value, item.at, { type: 'any' })
      else findings.add('FILE004', item.at, 'a list of inputs holds names')
    }
    return fields
  }
  const section = Section.of(value, findings, 'input')
  for (const [name, entry] of section?.entries() ?? [])
    add(name, entry.keyAt, readField(name, entry.value, findings))
  return fields
}

export const nameRule = 'use letters, digits, "-" and "_", starting with a letter'

function readField(name: string, value: Located, findings: Findings): Field {
  if (value.kind === 'scalar') return { type: typeOf(value.value, name, value.at, findings) }
  const what = `the input "${name}"`
  const section = Section.of(value, findings, what)
  if (section === null) return { type: 'any' }
  section.only(['type', 'summary', 'default', 'optional', 'enum'])
  const type = typeOf(section.text('type') ?? 'any', name, section.placeOf('type'), findings)
  const [summary, optional, preset] = [
    section.text('summary'),
    section.flag('optional'),
    section.json('default'),
  ]
  const choices = section.value('enum') === undefined ? undefined : section.list('enum').map(plain)
  const field: Field = {
    type,
    ...(summary === undefined ? {} : { summary }),
    ...(optional === undefined ? {} : { optional }),
    ...(choices === undefined ? {} : { oneOf: choices }),
  }
  if (preset === undefined || preset === null) return field
  const fault = faultOf(preset, field)
  if (fault !== null) findings.add('FILE004', section.placeOf('default'), `the default of ${what} ${fault}`)
  return { ...field, default: preset }
}

function typeOf(value: unknown, name: string, at: number, findings: Findings): FieldType {
  if (value === null) return 'any'
  const type = fieldTypes.find((one) => one === value)
  if (type !== undefined) return type
  const guess = typeof value === 'string' ? didYouMean(value, fieldTypes) : ''
  findings.add('FILE004', at, `the input "${name}" has no type "${String(value)}"${guess}`, {
    hint: `use one of ${fieldTypes.join(', ')}`,
  })
  return 'any'
}
