/** What a flow may answer with, as far as its outputs say. */
import type { StandardSchemaV1 } from '@standard-schema/spec'
import { answerSchemas } from '../../answer-schemas.ts'
import { blobTypeOf } from '../../blob-output.ts'
import type { AnyFlow } from '../../flow.ts'
import { isStreamSchema, jsonSchemaOf, type StreamSchema } from '../../schema.ts'
import { binary, type Json, type SchemaPlace } from './components.ts'

export interface Answers {
  /** Content by media type. */
  readonly content: Readonly<Record<string, Json>>
  /** Whether bytes of a store may be the answer. */
  readonly hasBytes: boolean
  /** Whether nothing may be the answer: the node that answers declares no output. */
  readonly mayBeEmpty: boolean
}

export function answersWithBytes(flow: AnyFlow): boolean {
  return answerSchemas(flow).some((output) => blobTypeOf(output) !== undefined)
}

export function answersOf(flow: AnyFlow, place: SchemaPlace): Answers {
  const outputs = answerSchemas(flow)
  const shown = (schema: StandardSchemaV1) =>
    place.add(flow.name, (jsonSchemaOf(schema, 'output') ?? {}) as Json)
  const content: Record<string, Json> = {}
  const json: Json[] = []
  for (const output of outputs) {
    const type = blobTypeOf(output)
    if (type !== undefined) content[type] = { schema: binary }
    else if (output === undefined) json.push({})
    else if (!isStreamSchema(output)) json.push(shown(output))
    else addStream(output)
  }
  if (json.length > 0)
    content['application/json'] = { schema: json.length === 1 ? (json[0] ?? {}) : { anyOf: json } }
  return {
    content,
    hasBytes: answersWithBytes(flow),
    mayBeEmpty: outputs.includes(undefined),
  }

  function addStream({ item, result }: StreamSchema): void {
    const schema = shown(item)
    content['text/event-stream'] = { schema }
    content['application/x-ndjson'] = { schema }
    if (result !== undefined) json.push(shown(result))
  }
}
