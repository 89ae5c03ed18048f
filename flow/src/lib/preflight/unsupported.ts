/**
 * Refuses what a flow declares and the runtime does not do: CTRL901. The table is in `docs/reference/grammar.md`. `maxItems`
 * and `onDrop` need no check: an edge carries one value per run, and a stream is pulled item by item.
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
      const found = unkept(vertex.options).map(([control, what]) => report(where, control, what))
      if (scope === 'node') return found
      const what = `"${vertex.alias}" declares idempotency.scope: '${scope}', but the runtime keeps keys by node; leave scope out`
      return [...found, report(where, 'idempotency.scope', what)]
    }),
    ...graph.edges.flatMap(({ from, to, options }) => {
      const where = { edge: `${alias(from)} -> ${alias(to)}` }
      const found = unkept(options).map(([control, what]) => report(where, control, what))
      if (options.timeout === undefined) return found
      return [
        ...found,
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
  const found: (readonly [string, string])[] = []
  if (buffer?.spillTier !== undefined) {
    found.push([
      'buffer.spillTier',
      `the runtime does not spill to "${buffer.spillTier}" yet: values stay in memory`,
    ])
  }
  if (partitionKey !== undefined && ordering === 'ordered') {
    found.push([
      'partitionKey',
      `the runtime does not keep runs in order by ${partitionKey}: say ordering: 'unordered', or remove it`,
    ])
  }
  return found
}
