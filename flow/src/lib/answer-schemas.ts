/** The schemas a flow may answer with. */
import type { StandardSchemaV1 } from '@standard-schema/spec'
import type { AnyFlow } from './flow.ts'
import { isStreamSchema, type StreamSchema } from './schema.ts'

/** The outputs a flow may answer with: one, or one per arm of a branch. */
export function answerSchemas({ graph }: AnyFlow): readonly (StandardSchemaV1 | StreamSchema | undefined)[] {
  const found: (StandardSchemaV1 | StreamSchema | undefined)[] = []
  const open = [graph.answer]
  for (let slot = open.pop(); slot !== undefined; slot = open.pop()) {
    const vertex = graph.vertices[slot]
    if (vertex?.kind === 'merge') open.push(...vertex.results)
    else if (vertex?.kind === 'pass' && vertex.source.kind === 'slot') open.push(vertex.source.slot)
    else found.push(vertex?.kind === 'node' ? vertex.node.output : undefined)
  }
  return found
}

/** Whether the flow may answer with a stream. */
export function answersWithStream(flow: AnyFlow): boolean {
  return answerSchemas(flow).some((schema) => isStreamSchema(schema))
}
