/** Checks that the input of a route has a field for each parameter of its path: DAG209. */
import { type Diagnostic, diagnostic } from '../diagnostics/diagnostic.ts'
import type { AnyFlow } from '../flow.ts'
import { jsonSchemaOf } from '../schema.ts'

/** A schema whose library gives no JSON Schema is not checked. */
export function* checkPathParameters({ name, trigger }: AnyFlow): Iterable<Diagnostic> {
  if (trigger.kind !== 'http' || !trigger.path.includes(':')) return
  const schema = jsonSchemaOf(trigger.input, 'input')
  if (schema === null) return
  for (const [, parameter = ''] of trigger.path.matchAll(/:(\w+)/g)) {
    if (takesField(schema, parameter)) continue
    yield diagnostic({
      code: 'DAG209',
      message: `the path ${trigger.path} names "${parameter}", and the input schema has no such field`,
      location: { flow: name },
      details: { path: trigger.path, parameter },
    })
  }
}

/** Whether an object with this field fits. `true` for what this does not understand, such as a reference. */
function takesField(schema: unknown, field: string): boolean {
  if (typeof schema !== 'object' || schema === null) return true
  const { type, properties, additionalProperties, anyOf, oneOf, allOf } = schema as Readonly<
    Record<string, unknown>
  >
  const some = [anyOf, oneOf].find(Array.isArray)
  if (some !== undefined) return some.some((each) => takesField(each, field))
  if (Array.isArray(allOf)) return allOf.some((each) => takesField(each, field))
  if (type !== 'object' || typeof properties !== 'object' || properties === null) return true
  // Without the keyword JSON Schema allows more fields, but a schema library drops or refuses those it does not name.
  const isOpen = additionalProperties !== undefined && additionalProperties !== false
  return isOpen || Object.hasOwn(properties, field)
}
