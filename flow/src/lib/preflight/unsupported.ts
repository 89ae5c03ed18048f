/**
 * Finds what a flow asks of its edges that the runtime does not do, so that it is refused instead of ignored: CTRL901.
 * It runs ifs and switches, timeouts and retries of steps, and exactly-once through the ledger. `maxItems` and
 * `onDrop` need nothing: an edge carries one value per run, and a stream is pulled item by item.
 */
import { type Diagnostic, diagnostic } from '../diagnostics/diagnostic.ts'
import type { AnyFlow } from '../flow.ts'
import type { EdgeOptions } from '../graph/step.ts'
import { nodeVertices } from './needs.ts'

export function checkSupported(flow: AnyFlow, profile: string): readonly Diagnostic[] {
  const { graph } = flow
  const alias = (slot: number) => graph.vertices[slot]?.alias ?? ''
  const report = (
    where: { readonly node: string } | { readonly edge: string },
    control: string,
    what: string,
  ) =>
    diagnostic({
      code: 'CTRL901',
      message: what,
      location: { flow: flow.name, profile, ...where },
      details: { control },
    })
  return [
    ...nodeVertices(flow).flatMap((vertex) => {
      const where = { node: vertex.alias }
      const scope = vertex.node.idempotency?.kind === 'keyed' ? vertex.node.idempotency.scope : 'node'
      const told = unkept(vertex.options).map(([control, what]) => report(where, control, what))
      if (scope !== 'partition') return told
      const what = `"${vertex.alias}" keeps keys by partition, but the runtime keeps them by node: partitions would share keys`
      return [...told, report(where, 'idempotency.scope', what)]
    }),
    ...graph.edges.flatMap(({ from, to, options }) => {
      const where = { edge: `${alias(from)} -> ${alias(to)}` }
      const told = unkept(options).map(([control, what]) => report(where, control, what))
      if (options.timeout === undefined) return told
      return [
        ...told,
        report(where, 'timeout', 'the runtime has no timeouts of single edges: give the step a timeout'),
      ]
    }),
  ]
}

function unkept({
  partitionKey,
  ordering = 'ordered',
  buffer,
}: EdgeOptions): readonly (readonly [string, string])[] {
  const told: (readonly [string, string])[] = []
  if (buffer?.spillTier !== undefined) {
    told.push([
      'buffer.spillTier',
      `the runtime does not spill to "${buffer.spillTier}" yet: values stay in memory`,
    ])
  }
  if (partitionKey !== undefined && ordering === 'ordered') {
    told.push([
      'partitionKey',
      `the runtime does not keep runs in order by ${partitionKey}: say ordering: 'unordered', or remove it`,
    ])
  }
  return told
}
