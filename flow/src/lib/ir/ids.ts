/** Ids of flows and nodes: the same name and version have the same id everywhere. */
import { v5 } from 'uuid'
import type { AnyFlow } from '../flow.ts'

const ids = new WeakMap<AnyFlow, string>()

/** UUIDv5 of `name:version` in the namespace UUIDv5(DNS, "lattice.flow"). */
export function flowId(name: string, version: string): string {
  return v5(`${name}:${version}`, v5('lattice.flow', v5.DNS))
}

/** The id of a flow, computed when first asked for. */
export function idOf(flow: AnyFlow): string {
  let id = ids.get(flow)
  if (id === undefined) {
    id = flowId(flow.name, flow.version)
    ids.set(flow, id)
  }
  return id
}

/** `<flow id>::<alias>`. */
export function nodeId(flowId: string, alias: string): string {
  return `${flowId}::${alias}`
}
