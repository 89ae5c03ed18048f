/** Ledger keys as an operator knows them: the flow, the node and the node's own key, instead of one text. */
import { CapabilityError, type DedupeKey, keyInPartition, splitPartition } from '@flowport/capabilities'
import type { App } from '../app.ts'
import type { Keyed } from '../idempotency.ts'
import type { AnyNode } from '../node.ts'

export interface LedgerAddress {
  readonly flow: string
  /** Alias of the node in its flow. */
  readonly node: string
  /** What the node's `idempotency.key` gave for the input. */
  readonly id: string
  /** What `idempotency.partition` gave, where the ledger keeps the key in a partition. */
  readonly partition?: string
}

/** A key as it is given: the ledger's own, or the address of a node's. */
export type KeyOrAddress = DedupeKey | LedgerAddress

/** A node whose results are kept in the ledger. */
export interface KeyedNode {
  readonly flow: string
  readonly alias: string
  readonly node: AnyNode
  readonly idempotency: Keyed
}

export class Addresses {
  /** By what the runtime begins their keys with. */
  readonly #nodes: ReadonlyMap<string, KeyedNode>

  constructor({ flows }: Pick<App, 'flows'>) {
    this.#nodes = new Map(
      flows.flatMap(({ name: flow, graph }) =>
        graph.vertices.flatMap((vertex) => {
          if (vertex.kind !== 'node' || vertex.node.idempotency?.kind !== 'keyed') return []
          const { alias, node } = vertex
          return [[`${flow}/${alias}:`, { flow, alias, node, idempotency: vertex.node.idempotency }] as const]
        }),
      ),
    )
  }

  /** The node that a key belongs to, and the rest of the key; `null` for a key of something else. */
  of(key: DedupeKey): { readonly address: LedgerAddress; readonly node: KeyedNode } | null {
    if (typeof key !== 'string') return null
    const within = splitPartition(key)
    if (within !== null) {
      const found = this.of(within.key)
      return found && { ...found, address: { ...found.address, partition: within.partition } }
    }
    // The name of a node may have a colon, as its key may.
    for (let end = key.indexOf(':') + 1; end > 0; end = key.indexOf(':', end) + 1) {
      const node = this.#nodes.get(key.slice(0, end))
      if (node === undefined) continue
      return { address: { flow: node.flow, node: node.alias, id: key.slice(end) }, node }
    }
    return null
  }

  /** The ledger's key. @throws CapabilityError `NotFound` for a node the app does not have, or one without keys. */
  keyOf(given: KeyOrAddress): DedupeKey {
    if (typeof given === 'string' || given instanceof Uint8Array) return given
    const { flow, node, id, partition } = given
    const prefix = `${flow}/${node}:`
    if (this.#nodes.has(prefix))
      return partition === undefined ? prefix + id : keyInPartition(partition, prefix + id)
    const known = [...this.#nodes.values()].map((one) => `${one.flow}/${one.alias}`)
    throw new CapabilityError(
      'NotFound',
      `no node "${node}" of a flow "${flow}" has an idempotency key; these have: ${known.join(', ') || 'none'}`,
      { code: 'LEDGER_NO_NODE' },
    )
  }
}
