/** Checks that the input of a route has a field for each value in the key of its files: DAG210. */
import { type Diagnostic, diagnostic } from '../diagnostics/diagnostic.ts'
import type { AnyFlow } from '../flow.ts'
import { fieldsOfTemplate } from '../keys/key-template.ts'
import { jsonSchemaOf } from '../schema.ts'

/** A schema whose library gives no JSON Schema is not checked. */
export function* checkKeyTemplates({ name, trigger }: AnyFlow): Iterable<Diagnostic> {
  const body = trigger.kind === 'http' ? trigger.body : null
  if ((body?.kind !== 'blob' && body?.kind !== 'multipart') || typeof body.key === 'function') return
  const schema = jsonSchemaOf(trigger.input, 'output')
  if (schema === null) return
  const { text } = body.key
  for (const field of fieldsOfTemplate(body.key)) {
    const fault = faultOf(schema, field)
    if (fault === null) continue
    yield diagnostic({
      code: 'DAG210',
      message: `the key ${text} of "${body.field}" names "${field}", ${fault}`,
      location: { flow: name },
      details: { key: text, field },
    })
  }
}

/** Why an input that fits may have no value for a key. `null` for what this does not understand, such as a reference. */
function faultOf(schema: unknown, field: string): string | null {
  if (typeof schema !== 'object' || schema === null) return null
  const { type, properties, required, additionalProperties, anyOf, oneOf, allOf } = schema as Readonly<
    Record<string, unknown>
  >
  const some = [anyOf, oneOf].find(Array.isArray)
  if (some !== undefined) return some.map((each) => faultOf(each, field)).find((it) => it !== null) ?? null
  if (Array.isArray(allOf)) {
    const faults = allOf.map((each) => faultOf(each, field))
    return faults.includes(null) ? null : (faults[0] ?? null)
  }
  if (type !== 'object' || typeof properties !== 'object' || properties === null) return null
  if (!Object.hasOwn(properties, field)) {
    // Without the keyword JSON Schema allows more fields, but a schema library drops or refuses those it does not name.
    const isOpen = additionalProperties !== undefined && additionalProperties !== false
    return isOpen ? null : 'and the input schema has no such field'
  }
  if (!Array.isArray(required) || !required.includes(field)) return 'which the input schema leaves optional'
  const property = (properties as Readonly<Record<string, unknown>>)[field]
  const kind = typeof property === 'object' && property !== null && 'type' in property ? property.type : null
  return kind === 'object' || kind === 'array' || kind === 'null'
    ? 'which is no text, number or boolean in the input schema'
    : null
}
