/** The metadata of a run: what it is a run of, and what its trigger adds. */
import type { AnyFlow } from '../flow.ts'
import { idOf } from '../ir/ids.ts'
import type { Metadata } from '../node.ts'

export function runMetadata(flow: AnyFlow, runId: string, ofTrigger: Metadata | undefined): Metadata {
  return Object.freeze({
    'flow.id': idOf(flow),
    'flow.name': flow.name,
    'flow.version': flow.version,
    'flow.run_id': runId,
    ...ofTrigger,
  })
}
