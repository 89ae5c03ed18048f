/** Validating a flow's input: the trigger's schema for the fields, and the body's own check for what a body adds. */
import { isBlobRef } from './blob-ref.ts'
import type { BodyBinding } from './body.ts'
import { isOpaque, SchemaError, validate } from './schema.ts'
import type { TriggerSpec } from './trigger.ts'

/** The validated message, at once where the schema is synchronous. A mismatch is a `SchemaError`. */
export function validateMessage(trigger: TriggerSpec, message: unknown): unknown {
  const body = trigger.kind === 'http' ? trigger.body : null
  if (body === null || body.kind === 'json') return validateFields(trigger, message)
  if (typeof message !== 'object' || message === null || !(body.field in message)) {
    throw new SchemaError('the input lacks its body', [{ pointer: `/${body.field}`, message: 'is required' }])
  }
  const { [body.field]: content, ...fields } = message as Record<string, unknown>
  checkContent(body, content)
  const valid = validateFields(trigger, fields)
  if (valid instanceof Promise) return valid.then((settled) => withContent(settled, body.field, content))
  return withContent(valid, body.field, content)
}

/** The fields without what the body adds. */
export function validateFields(trigger: TriggerSpec, fields: unknown): unknown {
  return isOpaque(trigger.input) ? fields : validate(trigger.input, fields, 'the input does not fit')
}

/** A validated message and the body's content as one input. */
export function withContent(fields: unknown, field: string, content: unknown): unknown {
  return { ...(fields as object), [field]: content }
}

function checkContent(body: Exclude<BodyBinding, { kind: 'json' }>, content: unknown): void {
  const fits =
    body.kind === 'blob'
      ? isBlobRef(content)
      : body.kind === 'multipart'
        ? Array.isArray(content) && content.every(isBlobRef)
        : typeof content === 'object' &&
          content !== null &&
          'stream' in content &&
          content.stream instanceof ReadableStream
  if (fits) return
  const wanted =
    body.kind === 'blob' ? 'a BlobRef' : body.kind === 'multipart' ? 'a list of BlobRefs' : 'a ByteSource'
  throw new SchemaError('the input does not fit', [
    { pointer: `/${body.field}`, message: `must be ${wanted}` },
  ])
}
