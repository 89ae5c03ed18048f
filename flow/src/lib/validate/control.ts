/** Checks of edges' limits and of routing surfaces: CTRL101, 102, 110–112, 120–122. */
import { countRule, lifeRule, numberFault } from '@flowport/capabilities'
import type { DiagnosticCode } from '../diagnostics/codes.ts'
import type { Finding } from '../diagnostics/diagnostic.ts'
import type { ControlSurfaceIr } from '../ir/ir.ts'
import type { IrView } from './ir-view.ts'
import { type Routing, routingOf } from './routing.ts'
import { checkReserved } from './reserved.ts'

export function checkControl(view: IrView): readonly Finding[] {
  return [...checkEdges(view), ...checkRouting(view), ...checkReserved(view)]
}

function* checkEdges({ ir, at }: IrView): Iterable<Finding> {
  for (const edge of ir.edges) {
    const { timeout_ms: timeout, buffer } = edge
    if (timeout !== undefined && numberFault(timeout, lifeRule) !== null) {
      yield { code: 'CTRL101', message: `the timeout is ${timeout} ms`, location: at({ edge }) }
    }
    const { max_items: items, spill_threshold_bytes: threshold } = buffer
    if (items !== undefined && numberFault(items, countRule()) !== null) {
      yield { code: 'CTRL102', message: `max_items is ${items}`, location: at({ edge }) }
    }
    if (threshold !== undefined && numberFault(threshold, countRule(0)) !== null) {
      yield { code: 'CTRL102', message: `spill_threshold_bytes is ${threshold}`, location: at({ edge }) }
    }
  }
}

const routingCodes = {
  switch: { config: 'CTRL110', edge: 'CTRL111', source: 'CTRL112' },
  if: { config: 'CTRL120', edge: 'CTRL121', source: 'CTRL122' },
} as const satisfies Record<string, Record<string, DiagnosticCode>>

function* checkRouting(view: IrView): Iterable<Finding> {
  const routed = new Map<string, ControlSurfaceIr>()
  for (const surface of view.ir.control_surfaces) {
    if (surface.kind !== 'if' && surface.kind !== 'switch') continue
    const codes = routingCodes[surface.kind]
    const routing = routingOf(surface)
    const report = (code: DiagnosticCode, what: string, node?: string): Finding => ({
      code,
      message: `${surface.kind} "${surface.id}": ${what}`,
      location: view.at(node === undefined ? {} : { node }),
      details: { surface: surface.id },
    })
    if (routing === null || typeof routing === 'string') {
      yield report(codes.config, routing ?? 'the config cannot be read')
      continue
    }
    const { source } = routing
    for (const what of faultsOf(view, routing)) yield report(codes.config, what, source)
    for (const target of missingEdges(view, routing)) {
      yield report(codes.edge, `there is no edge from "${source}" to "${target}"`, source)
    }
    const first = routed.get(source)
    if (first === undefined) routed.set(source, surface)
    else yield report(codes.source, `"${first.id}" routes on "${source}" already`, source)
  }
}

function faultsOf({ nodes }: IrView, { surface, source, arms }: Routing): readonly string[] {
  const named = new Set(arms.map(({ target }) => target))
  const unknown = [...new Set([source, ...named])].filter((alias) => !nodes.has(alias))
  const missing = [...named].filter((alias) => !surface.targets.includes(alias))
  const extra = surface.targets.filter((alias) => !named.has(alias))
  return [
    ...unknown.map((alias) => `"${alias}" is no node of the flow`),
    ...missing.map((alias) => `targets lacks "${alias}"`),
    ...extra.map((alias) => `targets has "${alias}", which no arm leads to`),
  ]
}

function missingEdges({ nodes, leaving }: IrView, { source, arms }: Routing): readonly string[] {
  const linked = new Set(leaving(source).map(({ to }) => to))
  const targets = [...new Set(arms.map(({ target }) => target))]
  return targets.filter((target) => nodes.has(source) && nodes.has(target) && !linked.has(target))
}
