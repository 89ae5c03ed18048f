/** `validateIr` and `validateFlow` collect everything that is wrong with a flow. */
import { type Diagnostic, diagnostic } from '../diagnostics/diagnostic.ts'
import type { AnyFlow } from '../flow.ts'
import { toIr } from '../ir/export.ts'
import { checkAnswer } from './answer.ts'
import { checkControl } from './control.ts'
import { checkEffects } from './effects.ts'
import { checkBundle, checkGraph, type NodeLookup } from './graph.ts'
import { checkIdempotency } from './idempotency.ts'
import { viewOf } from './ir-view.ts'
import { readIr } from './read-ir.ts'
import { checkSpill } from './spill.ts'

export interface ValidateContext {
  /** The nodes of the app by identifier; gives BUNDLE101. Default: not checked. */
  readonly nodes?: NodeLookup
}

/**
 * Every finding about Flow IR, errors and warnings. Takes any JSON and never throws: malformed parts are reported
 * (DAG202 with a JSON Pointer; CTRL110, CTRL120 or CTRL130 for surfaces) and the rest is checked without them.
 */
export function validateIr(ir: unknown, { nodes }: ValidateContext = {}): readonly Diagnostic[] {
  const { ir: read, findings } = readIr(ir)
  const view = viewOf(read)
  return [
    ...findings,
    ...checkGraph(view),
    ...checkAnswer(view),
    ...checkEffects(view),
    ...checkControl(view),
    ...checkIdempotency(view),
    ...checkSpill(view),
    ...(nodes === undefined ? [] : checkBundle(view, nodes)),
  ].map(diagnostic)
}

/** Every finding about a flow. */
export function validateFlow(flow: AnyFlow): readonly Diagnostic[] {
  return validateIr(toIr(flow))
}
