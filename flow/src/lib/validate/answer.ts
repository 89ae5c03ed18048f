/** Checks that the answer is always reached, and that every step is of use: DAG204, DAG208. */
import type { Finding } from '../diagnostics/diagnostic.ts'
import type { EdgeIr } from '../ir/ir.ts'
import { type IrView, isEffectful } from './ir-view.ts'
import { reachable } from './walk.ts'

/**
 * When a node runs: only if each routing named took one of the arms named. Empty: always. `null`: never.
 * Maps are shared along unbranched paths, so long flows stay cheap.
 */
type Condition = ReadonlyMap<number, ReadonlySet<number>> | null

const always: Condition = new Map()

export function checkAnswer(view: IrView): readonly Finding[] {
  if (view.walk.cycles.length > 0) return []
  return [...checkReached(view), ...checkUseful(view)]
}

function* checkReached(view: IrView): Iterable<Finding> {
  const { answer, at, nodes, walk, entering, routings } = view
  const conditions = conditionsOf(view)
  for (const alias of walk.order) {
    if (conditions.get(alias) !== null) continue
    // What waits for a step that never runs need not be told again.
    if (entering(alias).some(({ from }) => conditions.get(from) === null)) continue
    const why =
      entering(alias).length === 0
        ? 'no path leads to it from a trigger'
        : 'it waits for arms of which only one is taken'
    const message = `"${alias}" can never run: ${why}`
    yield {
      code: 'DAG204',
      message,
      location: at({ node: alias }),
      hint: 'give it an input that is always made',
    }
  }
  const condition = answer === undefined ? undefined : conditions.get(answer)
  if (
    answer === undefined ||
    nodes.get(answer) === undefined ||
    condition === undefined ||
    condition === null
  )
    return
  if (condition.size === 0) return
  const when = [...condition].map(([index, arms]) => {
    const { surface, arms: all } = routings[index] as IrView['routings'][number]
    return `"${surface.id}" takes ${[...arms].map((arm) => `"${all[arm]?.label}"`).join(' or ')}`
  })
  const message = `the flow answers with "${answer}", which only runs when ${when.join(' and ')}`
  yield { code: 'DAG204', message, location: at({ node: answer }), details: { answer } }
}

function conditionsOf(view: IrView): ReadonlyMap<string, Condition> {
  const { walk, nodes, entering, routings } = view
  const routes = routesOf(view)
  const conditions = new Map<string, Condition>()
  for (const alias of walk.order) {
    const edges = entering(alias)
    if (nodes.get(alias)?.kind === 'trigger') conditions.set(alias, always)
    else if (edges.length === 0) conditions.set(alias, null)
    else {
      const each = edges.map((edge) => onEdge(edge, conditions.get(edge.from) ?? null, routes))
      // Only our own exports say where a value arrives; elsewhere edges from different arms are alternatives.
      const waitsForAll = edges.some(({ feeds }) => feeds !== undefined)
      conditions.set(alias, combine(each, waitsForAll, routings))
    }
  }
  return conditions
}

type Routes = ReadonlyMap<string, ReadonlyMap<number, ReadonlySet<number>>>

/** By edge: the arms it stands for. */
function routesOf({ routings }: IrView): Routes {
  const routes = new Map<string, Map<number, Set<number>>>()
  for (const [index, { source, arms }] of routings.entries()) {
    for (const [arm, { target }] of arms.entries()) {
      const key = JSON.stringify([source, target])
      const route = routes.get(key) ?? new Map<number, Set<number>>()
      routes.set(key, route.set(index, (route.get(index) ?? new Set()).add(arm)))
    }
  }
  return routes
}

function onEdge({ from, to }: EdgeIr, condition: Condition, routes: Routes): Condition {
  const route = routes.get(JSON.stringify([from, to]))
  return route === undefined || condition === null ? condition : new Map([...condition, ...route])
}

function combine(each: readonly Condition[], waitsForAll: boolean, routings: IrView['routings']): Condition {
  const possible = each.filter((condition) => condition !== null)
  const [first] = possible
  if (first === undefined || (waitsForAll && possible.length < each.length)) return null
  if (each.length === 1 && isFree(first, routings)) return first
  const combined = new Map<number, ReadonlySet<number>>()
  for (const index of new Set(possible.flatMap((condition) => [...condition.keys()]))) {
    const sets = possible.map((condition) => condition.get(index)).filter((arms) => arms !== undefined)
    const shared = sets.reduce((left, right) => new Set([...left].filter((arm) => right.has(arm))))
    if (shared.size === 0 && waitsForAll) return null
    const arms = shared.size > 0 ? shared : new Set(sets.flatMap((set) => [...set]))
    if (!coversAll(arms, routings[index])) combined.set(index, arms)
  }
  return combined
}

/** Whether no routing in the condition is already decided whatever the value. */
function isFree(condition: NonNullable<Condition>, routings: IrView['routings']): boolean {
  for (const [index, arms] of condition) if (coversAll(arms, routings[index])) return false
  return true
}

function coversAll(arms: ReadonlySet<number>, routing: IrView['routings'][number] | undefined): boolean {
  return routing?.total === true && arms.size === routing.arms.length
}

/** A step is of use when its output leads to the answer or to an effect. Not told where the answer is unknown. */
function* checkUseful(view: IrView): Iterable<Finding> {
  const { ir, answer, at, entering } = view
  if (answer === undefined) return
  const ends = ir.nodes.filter((node) => node.alias === answer || isEffectful(node)).map(({ alias }) => alias)
  const useful = reachable(ends, (alias) => entering(alias).map(({ from }) => from))
  for (const { alias, kind } of ir.nodes) {
    if (useful.has(alias) || kind === 'trigger' || kind === 'inline') continue
    const message = `"${alias}" changes nothing, and neither the answer nor an effect depends on what it yields`
    yield { code: 'DAG208', message, location: at({ node: alias }) }
  }
}
