/** Checks of the surfaces that do not route: CTRL130–132, their concurrency (DAG005) and retries (RETRY010). */
import { countRule, longestLifeMs, numberFault } from '@flowport/capabilities'
import type { Finding } from '../diagnostics/diagnostic.ts'
import type { ControlSurfaceIr } from '../ir/ir.ts'
import { isRecord } from './ir-reader.ts'
import type { IrView } from './ir-view.ts'
import { isPointer } from './routing.ts'

type Config = ControlSurfaceIr['config']

/** What one kind of surface must say: faults of its config, the aliases and edges it names. */
interface Rule {
  readonly faults: (config: Config) => readonly (string | false)[]
  readonly aliases?: (config: Config) => readonly unknown[]
  readonly edges?: (config: Config) => readonly (readonly [unknown, unknown])[]
}

/** Of milliseconds, rates and counts alike. */
const limited = { min: 0, max: longestLifeMs, isWhole: false }
const positive = (value: unknown) => numberFault(value, { ...limited, isAbove: true }) === null
const notNegative = (value: unknown) => value === 0 || positive(value)
const optional = (value: unknown, test: (value: unknown) => boolean) =>
  value === undefined || value === null || test(value)
const edgeOf = (config: Config) => (isRecord(config['edge']) ? config['edge'] : {})
const scopeOf = (config: Config) => (isRecord(config['scope']) ? config['scope'] : {})
const scopeNodes = (config: Config): readonly unknown[] => {
  const { nodes } = scopeOf(config)
  return Array.isArray(nodes) ? nodes : []
}

const rules: Partial<Record<ControlSurfaceIr['kind'], Rule>> = {
  partition: {
    faults: ({ edge, key }) => [
      !isRecord(edge) && 'edge must be {from, to}',
      !(typeof key === 'string' && key !== '') && 'key must be a non-empty text',
    ],
    aliases: (config) => [edgeOf(config)['from'], edgeOf(config)['to']],
    edges: (config) => [[edgeOf(config)['from'], edgeOf(config)['to']]],
  },
  for_each: {
    faults: ({ items_pointer }) => [!isPointer(items_pointer) && 'items_pointer must be a JSON Pointer'],
    aliases: ({ source, body_entry }) => [source, body_entry],
    edges: ({ source, body_entry }) => [[source, body_entry]],
  },
  window: {
    faults: ({ event_time_pointer, size_ms, allowed_lateness_ms }) => [
      !isPointer(event_time_pointer) && 'event_time_pointer must be a JSON Pointer',
      !positive(size_ms) && 'size_ms must be positive',
      !optional(allowed_lateness_ms, notNegative) && 'allowed_lateness_ms must not be negative',
    ],
  },
  rate_limit: {
    faults: ({ qps, burst }) => [
      !positive(qps) && 'qps must be positive',
      !optional(burst, positive) && 'burst must be positive',
    ],
    aliases: ({ target }) => [target],
  },
  error_handler: {
    faults: (config) => [
      !Array.isArray(scopeOf(config)['nodes']) && 'scope.nodes must list aliases',
      !['retry', 'fail', 'continue'].includes(config['strategy'] as string) &&
        'strategy must be retry, fail or continue',
      !optional(config['max_retries'], notNegative) && 'max_retries must not be negative',
      !optional(config['backoff_ms'], notNegative) && 'backoff_ms must not be negative',
    ],
    aliases: scopeNodes,
  },
  loop: { faults: () => [] },
  timeout: { faults: () => [] },
}

export function* checkReserved(view: IrView): Iterable<Finding> {
  for (const surface of view.ir.control_surfaces) {
    const rule = rules[surface.kind]
    if (rule === undefined) continue
    yield* checkRule(view, surface, rule)
    yield* checkConcurrency(view, surface)
    yield* checkRetries(view, surface)
  }
}

function* checkRule(
  { nodes, leaving, at }: IrView,
  surface: ControlSurfaceIr,
  rule: Rule,
): Iterable<Finding> {
  const { id, kind, config, targets } = surface
  const report = (code: Finding['code'], what: string): Finding => ({
    code,
    message: `${kind} "${id}": ${what}`,
    location: at(),
    details: { surface: id },
  })
  for (const fault of [config['v'] !== 1 && 'v must be 1', ...rule.faults(config)]) {
    if (fault !== false) yield report('CTRL130', fault)
  }
  const isNode = (alias: unknown) => typeof alias === 'string' && nodes.has(alias)
  for (const alias of new Set([...(rule.aliases?.(config) ?? []), ...targets])) {
    if (!isNode(alias))
      yield report('CTRL131', `${JSON.stringify(alias) ?? 'a missing alias'} is no node of the flow`)
  }
  for (const [from, to] of rule.edges?.(config) ?? []) {
    if (!isNode(from) || !isNode(to) || leaving(from as string).some((edge) => edge.to === to)) continue
    yield report('CTRL132', `there is no edge from "${from}" to "${to}"`)
  }
}

function* checkConcurrency({ at }: IrView, { id, kind, config }: ControlSurfaceIr): Iterable<Finding> {
  const { concurrency } = config
  if (concurrency === undefined || isConcurrency(concurrency)) return
  yield {
    code: 'DAG005',
    message: `${kind} "${id}": concurrency is ${JSON.stringify(concurrency)}`,
    location: at(),
  }
}

export function isConcurrency(value: unknown): boolean {
  return numberFault(value, countRule(1, 1024)) === null
}

/** An error handler that retries a step which retries by itself multiplies the attempts. */
function* checkRetries({ nodes, at }: IrView, { id, kind, config }: ControlSurfaceIr): Iterable<Finding> {
  if (kind !== 'error_handler' || config['strategy'] !== 'retry') return
  for (const alias of scopeNodes(config)) {
    if (typeof alias !== 'string' || nodes.get(alias)?.retry === undefined) continue
    const message = `"${alias}" has a retry of its own, and the error handler "${id}" retries it again`
    yield { code: 'RETRY010', message, location: at({ node: alias }), hint: 'remove one of the two' }
  }
}
