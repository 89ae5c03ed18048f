/** Checks of what nodes claim against what they use: DAG004, EFFECT201, DET302, CACHE001. */
import {
  type Determinism,
  determinismAllows,
  domainOf,
  type Effect,
  effectCovers,
  type Hint,
  hintFor,
} from '@flowport/capabilities'
import type { Finding } from '../diagnostics/diagnostic.ts'
import { identifiers, type NodeIr } from '../ir/ir.ts'
import { type IrView, isEffectful } from './ir-view.ts'

export function* checkEffects(view: IrView): Iterable<Finding> {
  for (const node of view.ir.nodes) {
    yield* checkRepeatable(view, node)
    yield* checkClaims(view, node)
    yield* checkCached(view, node)
  }
}

function* checkRepeatable({ at }: IrView, node: NodeIr): Iterable<Finding> {
  if (!isEffectful(node) || node.idempotency?.key !== undefined) return
  const message = `"${node.alias}" changes the world, and nothing keeps a repetition from changing it twice`
  yield { code: 'DAG004', message, location: at({ node: node.alias }) }
}

function* checkClaims(
  { at }: IrView,
  { alias, effects, determinism, effectHints, determinismHints }: NodeIr,
): Iterable<Finding> {
  const location = at({ node: alias })
  for (const name of effectHints) {
    const least = constraintOf(name)?.minEffect
    if (least === undefined || effectCovers(effects, least)) continue
    const message = `"${alias}" is declared ${effects}, but ${name} is at least ${least}`
    yield { code: 'EFFECT201', message, location, details: { declared: effects, least, hint: name } }
  }
  for (const name of determinismHints) {
    const most = constraintOf(name)?.strictestDeterminism
    if (most === undefined || determinismAllows(determinism, most)) continue
    const message = `"${alias}" is declared ${determinism}, but ${name} permits ${most} at most`
    yield { code: 'DET302', message, location, details: { declared: determinism, most, hint: name } }
  }
}

/** Told where no determinism hint covers the domain; where one does, DET302 has said more. */
function* checkCached({ at }: IrView, node: NodeIr): Iterable<Finding> {
  if (node.determinism !== 'strict') return
  const touched = [
    ...node.effectHints,
    ...(node.uses ?? []).map(({ resource }) => `resource::${resource.split(':', 1)[0]}`),
  ]
  const domains = new Set(touched.map((hint) => hint.split('::')[1] ?? ''))
  if (node.identifier === identifiers.trigger || domains.has('cache')) return
  const covered = new Set(node.determinismHints.map((hint) => hint.split('::')[1]))
  for (const domain of domains) {
    if (domain === 'secrets' || covered.has(domain)) continue
    const message = `"${node.alias}" is declared strict, but what it reads from ${domain} can change`
    yield { code: 'CACHE001', message, location: at({ node: node.alias }), details: { domain } }
  }
}

interface Constraint {
  readonly minEffect: Effect
  readonly strictestDeterminism: Determinism
}

/**
 * What a hint demands, from the static table of `@flowport/capabilities`. Domains only other systems have, such as
 * `resource::db::read`, follow the same rule: reading is read_only, everything else effectful, nothing is stable.
 */
function constraintOf(name: string): Constraint | null {
  const [prefix, domain = '', access] = name.split('::')
  if (prefix !== 'resource' || domain === '') return null
  const known: Hint | null = domainOf(domain) === null ? null : hintFor(domain, access ?? 'read')
  if (known !== null) return known
  const minEffect = access === undefined ? 'pure' : access === 'read' ? 'read_only' : 'effectful'
  return { minEffect, strictestDeterminism: 'best_effort' }
}
