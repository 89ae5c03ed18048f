/** Checks of keys, exactly-once and retries: IDEM020–031, EXACT001–004, RETRY011, and DAG005 for attempts. */
import { domainOf, lifeRule, numberFault } from '@flowport/capabilities'
import type { Finding } from '../diagnostics/diagnostic.ts'
import { type EdgeIr, functionKey, type NodeIr, naturalKey } from '../ir/ir.ts'
import { isCommitted } from '../atomic.ts'
import { type IrView, isEffectful } from './ir-view.ts'
import { isConcurrency } from './reserved.ts'
import { reachable } from './walk.ts'

const minExactlyOnceTtlMs = 300_000

export function checkIdempotency(view: IrView): readonly Finding[] {
  return [
    ...checkPartitions(view),
    ...checkKeys(view),
    ...checkUnknown(view),
    ...checkAtomic(view),
    ...checkExactlyOnce(view),
    ...checkRetry(view),
  ]
}

/** Whether the dedupe ledger guards the node: a key that is more than "repeat at will". */
export function isKeyed({ idempotency }: NodeIr): boolean {
  return idempotency?.key !== undefined && idempotency.key !== naturalKey
}

/** Behind a partitioned edge, order holds within a partition only: who writes there must keep the partition or a key. */
function* checkPartitions({ ir, at, nodes, leaving, entering }: IrView): Iterable<Finding> {
  const surfaceEdges = ir.control_surfaces.flatMap(({ kind, config }) => {
    const edge = config['edge'] as { readonly to?: unknown } | undefined | null
    return kind === 'partition' && typeof edge?.to === 'string' ? [edge.to] : []
  })
  const partitioned = ir.edges.filter((edge) => edge.partition_key !== undefined)
  const behind = reachable([...partitioned.map(({ to }) => to), ...surfaceEdges], (alias) =>
    leaving(alias).map(({ to }) => to),
  )
  for (const alias of behind) {
    const node = nodes.get(alias)
    if (node === undefined || !isEffectful(node) || isKeyed(node) || surfaceEdges.includes(alias)) continue
    if (entering(alias).some((edge) => edge.partition_key !== undefined)) continue
    const message = `"${alias}" changes the world behind a partitioned edge, with neither a partition key nor an idempotency key`
    yield { code: 'IDEM020', message, location: at({ node: alias }) }
  }
}

/** A key made from what differs on every try keeps nothing from happening twice. */
function* checkKeys(view: IrView): Iterable<Finding> {
  const { ir, at, nodes } = view
  for (const node of ir.nodes) {
    if (!isKeyed(node)) continue
    const { alias, idempotency } = node
    const key = idempotency?.key ?? ''
    const data = view.entering(alias).filter(({ feeds }) => feeds === undefined || feeds.length > 0)
    // Of a function nothing is known: it is told when all it is given comes from such nodes.
    const read = key === functionKey ? data : data.filter((edge) => feedsKey(edge, key))
    const makers = read.map(({ from }) =>
      [...makersOf(view, from)].filter((name) => isUnstable(nodes.get(name))),
    )
    const told = key === functionKey ? makers.every((names) => names.length > 0) : true
    for (const maker of told ? new Set(makers.flat()) : []) {
      const message = `the idempotency key of "${alias}" (${key}) comes from "${maker}", which reads the clock or randomness`
      yield { code: 'IDEM025', message, location: at({ node: alias }), details: { key, from: maker } }
    }
  }
}

/** Every keyed node says what an unknown outcome means; `again` needs a sink that keeps the key. */
function* checkUnknown({ ir, at }: IrView): Iterable<Finding> {
  for (const node of ir.nodes) {
    if (!isKeyed(node)) continue
    const { alias, idempotency } = node
    const location = at({ node: alias })
    if (idempotency?.unknown === undefined && idempotency?.atomic !== 'required') {
      const message = `"${alias}" has an idempotency key and does not say what happens when nobody can know whether its effect was made`
      yield { code: 'IDEM030', message, location }
    }
    if (idempotency?.unknown === 'again' && idempotency.sink !== 'keyed') {
      const message = `"${alias}" is run again when its outcome is unknown, and does not state that its sink makes one effect per key`
      yield { code: 'IDEM031', message, location }
    }
  }
}

/** What an atomic node changes is committed with its record: it writes to nothing that cannot be. */
function* checkAtomic({ ir, at }: IrView): Iterable<Finding> {
  for (const { alias, idempotency, uses = [] } of ir.nodes) {
    if (idempotency?.atomic === undefined) continue
    for (const { resource, access } of uses) {
      if (isCommitted(resource, access)) continue
      const message = `"${alias}" is atomic, and ${access} access to ${resource} is no part of a transaction`
      yield { code: 'EXACT004', message, location: at({ node: alias }), details: { resource, access } }
    }
  }
}

function feedsKey({ feeds = [''] }: EdgeIr, key: string): boolean {
  return feeds.some(
    (pointer) => key === pointer || key.startsWith(`${pointer}/`) || pointer.startsWith(`${key}/`),
  )
}

/** The nodes whose values reach a reader of `alias` unchanged: itself, or what stands before passes and merges. */
function makersOf({ nodes, entering }: IrView, alias: string): ReadonlySet<string> {
  const before = (name: string) =>
    nodes.get(name)?.kind === 'inline' ? entering(name).map(({ from }) => from) : []
  return reachable([alias], before)
}

/** A keyed node is stable whatever it reads: its stored result is handed out again. */
function isUnstable(node: NodeIr | undefined): boolean {
  if (node === undefined || isKeyed(node)) return false
  const hints = [
    ...node.determinismHints,
    ...(node.uses ?? []).map(({ resource }) => `resource::${domainOf(resource)}`),
  ]
  return hints.some((hint) => /^resource::(?:clock|rng)(?:::|$)/.test(hint))
}

function* checkExactlyOnce({ ir, at, nodes }: IrView): Iterable<Finding> {
  for (const edge of ir.edges) {
    const target = edge.delivery === 'exactly_once' ? nodes.get(edge.to) : undefined
    if (target === undefined) continue
    const location = at({ edge })
    if (!usesDedupe(target)) {
      yield {
        code: 'EXACT001',
        message: `exactly-once asks "${edge.to}" to use dedupe, which it does not`,
        location,
      }
    }
    if (!isKeyed(target)) {
      yield {
        code: 'EXACT002',
        message: `exactly-once asks "${edge.to}" for an idempotency key, which it has not`,
        location,
      }
      continue
    }
    const ttlMs = target.idempotency?.ttlMs
    if (ttlMs !== undefined && ttlMs >= minExactlyOnceTtlMs) continue
    const stated = ttlMs === undefined ? 'none' : `${ttlMs} ms`
    yield {
      code: 'EXACT003',
      message: `exactly-once asks "${edge.to}" for a TTL of five minutes at least, it states ${stated}`,
      location,
    }
  }
}

function usesDedupe({ effectHints, uses = [] }: NodeIr): boolean {
  return (
    effectHints.some((hint) => hint.startsWith('resource::dedupe')) ||
    uses.some(({ resource }) => domainOf(resource) === 'dedupe')
  )
}

function* checkRetry({ ir, at }: IrView): Iterable<Finding> {
  for (const node of ir.nodes) {
    if (node.retry === undefined) continue
    const { alias, retry } = node
    const location = at({ node: alias })
    if (!isConcurrency(retry.max_attempts)) {
      yield {
        code: 'DAG005',
        message: `the retry of "${alias}" allows ${retry.max_attempts} attempts`,
        location,
      }
    }
    if (numberFault(retry.backoff_ms, { ...lifeRule, isAbove: false }) !== null) {
      yield { code: 'DAG005', message: `the retry of "${alias}" waits ${retry.backoff_ms} ms`, location }
    }
    if (!isEffectful(node) || node.idempotency?.key !== undefined) continue
    yield {
      code: 'RETRY011',
      message: `"${alias}" is tried again, but doing it twice is not as doing it once`,
      location,
    }
  }
}
