/** Assembles the report from the tried faults, the verdicts, and the findings about the flow itself. */
import {
  type AnyFlow,
  type App,
  type Diagnostic,
  diagnostic,
  hasErrors,
  type NodeEffects,
  preflightProfile,
  validateApp,
} from '@flowport/flow'
import { hostDomains } from '../profile.ts'
import { nodesOf } from './declared.ts'
import { judge } from './judge.ts'
import type { BoundResource, Difference } from './messages.ts'
import type { Settings } from './options.ts'
import { type Certification, certifiedEffects, stableBindings, vectorsOf } from './report.ts'
import type { Results } from './try-faults.ts'

/** The flow to certify, with its app, profile and settings. */
export interface Subject {
  readonly app: App
  readonly flow: AnyFlow
  readonly profile: string
  readonly derived: readonly NodeEffects[]
  readonly settings: Settings
  readonly bindings: readonly BoundResource[]
}

export function reportOf(
  { app, flow, profile, derived, settings, bindings }: Subject,
  { tried, skipped, differences }: Results,
): Certification {
  const isComparable = nodesOf(flow).every(
    ({ node }) => node.idempotency?.kind === 'keyed' || node.determinism === 'strict',
  )
  const judged = judge(tried, derived, isComparable)
  const effects = certifiedEffects(derived, tried, judged)
  const callers = [...judged.callers].toSorted()
  const findings = [
    ...validateApp(app).filter(({ location }) => location.flow === flow.name),
    ...preflightProfile([flow], app.profiles[profile] ?? [], hostDomains, { profile }),
    ...differences.map((difference) => differenceFound(flow, difference)),
  ]
  const { timeLimitMs: _, ...shown } = settings
  return {
    schemaVersion: 1,
    flow: { name: flow.name, version: flow.version },
    profile,
    ok:
      effects.every((each) => each.verdict === each.derived) && callers.length === 0 && !hasErrors(findings),
    settings: shown,
    bindings: stableBindings(bindings),
    effects,
    callers,
    vectors: vectorsOf(tried, derived, isComparable),
    skipped,
    diagnostics: findings.map(({ hint: _hint, ...finding }) => finding),
  }
}

function differenceFound(flow: AnyFlow, { node, determinism, pointer, call }: Difference): Diagnostic {
  const place = pointer === '' ? 'its output' : `its output at ${pointer}`
  const message =
    call === null
      ? `"${node}" ran twice with one payload under a fixed clock and fixed randomness, and ${place} differs`
      : `"${node}" ran twice with one payload under a fixed clock and fixed randomness, and made a different call of ${call} the second time`
  return diagnostic({
    code: 'DET310',
    message,
    location: { flow: flow.name, node },
    details: { determinism, pointer, call },
  })
}
