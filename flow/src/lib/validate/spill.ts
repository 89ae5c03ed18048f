/** Checks of buffers that spill: SPILL001–003. */
import { domainOf } from '@flowport/capabilities'
import type { Finding } from '../diagnostics/diagnostic.ts'
import type { NodeIr } from '../ir/ir.ts'
import type { IrView } from './ir-view.ts'

export function* checkSpill({ ir, at }: IrView): Iterable<Finding> {
  const hasBlob = ir.nodes.some(usesBlob)
  for (const edge of ir.edges) {
    const { spill_tier: tier, spill_threshold_bytes: threshold, max_items: items } = edge.buffer
    const location = at({ edge })
    if (tier === undefined) {
      if (threshold === undefined) continue
      const message = `a threshold of ${threshold} bytes is given, but no tier to spill to, so nothing spills`
      yield { code: 'SPILL003', message, location }
      continue
    }
    if (items === undefined) {
      yield {
        code: 'SPILL001',
        message: `the edge spills to "${tier}", but max_items does not say when`,
        location,
      }
    }
    if (!hasBlob) {
      yield {
        code: 'SPILL002',
        message: `the edge spills to "${tier}", but no node of the flow uses blob`,
        location,
      }
    }
  }
}

function usesBlob({ effectHints, uses = [] }: NodeIr): boolean {
  return (
    effectHints.some((hint) => hint.startsWith('resource::blob::')) ||
    uses.some(({ resource }) => domainOf(resource) === 'blob')
  )
}
