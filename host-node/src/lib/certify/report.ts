/** The report of a certification: the same run gives the same text, so that it can be committed with the code and compared. */
import type { Diagnostic, EffectVerdict, NodeEffects } from '@flowport/flow'
import { table } from '../table.ts'
import { type Judged, type Violation, violationsOf } from './judge.ts'
import type { BoundResource, Outcome } from './messages.ts'
import type { Fault, Settings } from './options.ts'
import type { Tried } from './vectors.ts'

/** Its JSON Schema is published as `@flowport/host-node/certification.schema.json`. */
export interface Certification {
  readonly schemaVersion: 1
  readonly flow: { readonly name: string; readonly version: string }
  readonly profile: string
  /** Whether every effect was counted and every promise held. */
  readonly ok: boolean
  readonly settings: Omit<Settings, 'timeLimitMs'>
  readonly bindings: readonly BoundResource[]
  readonly effects: readonly CertifiedEffect[]
  /** Broken promises to callers. */
  readonly callers: readonly Violation[]
  readonly vectors: readonly Vector[]
  /** Faults that do not apply to the flow, with the reason. */
  readonly skipped: readonly { readonly fault: Fault; readonly reason: string }[]
  readonly diagnostics: readonly Omit<Diagnostic, 'hint'>[]
}

export interface CertifiedEffect {
  readonly node: string
  /** The verdict that `flowport check` derives. */
  readonly derived: EffectVerdict
  readonly because: string
  /** The derived verdict if it held; otherwise `violated`, or `not observed` when no effect was counted. */
  readonly verdict: EffectVerdict | 'violated' | 'not observed'
  readonly violations: readonly Violation[]
}

/** All attempts of a fault, at one point if the fault has points. */
export interface Vector {
  readonly fault: Fault
  readonly point: string | null
  /**
   * How calls ended: `done`, `problem CODE` or the code of an error. Consecutive calls are joined, as in `IDEM_UNKNOWN >
   * IDEM_LEASE_LOST > done`. Without duplicates.
   */
  readonly outcomes: readonly string[]
  /** The distinct numbers of effects counted for a key, by node. Empty without a count. */
  readonly effects: Readonly<Record<string, readonly number[]>>
  readonly violations: readonly Violation[]
}

export function vectorsOf(
  tried: readonly Tried[],
  derived: readonly NodeEffects[],
  isComparable: boolean,
): readonly Vector[] {
  const groups = new Map<string, Tried[]>()
  for (const one of tried) {
    const id = `${one.fault} ${one.point ?? ''}`
    groups.set(id, [...(groups.get(id) ?? []), one])
  }
  return [...groups.values()].flatMap((group): readonly Vector[] => {
    const [first] = group
    if (first === undefined) return []
    return [
      {
        fault: first.fault,
        point: first.point,
        outcomes: sorted(group.flatMap(outcomesOf)),
        effects: Object.fromEntries(
          derived.flatMap(({ node }) => {
            const counts = group.flatMap(({ counted }) => counted?.[node] ?? [])
            return counts.length === 0 ? [] : [[node, sorted(counts)]]
          }),
        ),
        violations: sorted(group.flatMap((one) => violationsOf(one, derived, isComparable))),
      },
    ]
  })
}

export function certifiedEffects(
  derived: readonly NodeEffects[],
  tried: readonly Tried[],
  { effects }: Judged,
): readonly CertifiedEffect[] {
  return derived.map(({ node, verdict, because }) => {
    const violations = sorted([...(effects.get(node) ?? [])])
    // If no effect was ever counted, the payload may not reach this node.
    const isObserved = tried.some(({ counted }) => (counted?.[node] ?? 0) > 0)
    const held = isObserved ? verdict : 'not observed'
    return { node, derived: verdict, because, verdict: violations.length > 0 ? 'violated' : held, violations }
  })
}

/** Returns the bindings' info without the parts that differ between runs: database identities and provider extensions. */
export function stableBindings(bindings: readonly BoundResource[]): readonly BoundResource[] {
  return bindings
    .map(({ binding, provider, info }) => {
      if (typeof info !== 'object' || info === null) return { binding, provider, info: null }
      const { extensions: _, transaction, ...rest } = info as Readonly<Record<string, unknown>>
      return { binding, provider, info: { ...rest, transaction: transaction !== undefined } }
    })
    .toSorted((a, b) => (a.binding < b.binding ? -1 : 1))
}

/** Formats the report as JSON with sorted keys, two-space indentation and a final newline. */
export function certificationText(report: Certification): string {
  return `${JSON.stringify(withSortedKeys(report), null, 2)}\n`
}

function withSortedKeys(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(withSortedKeys)
  if (typeof value !== 'object' || value === null) return value
  const entries = Object.entries(value).toSorted(([a], [b]) => (a < b ? -1 : 1))
  return Object.fromEntries(entries.map(([name, field]) => [name, withSortedKeys(field)]))
}

/** Formats the report as a table for people. */
export function formatCertification(report: Certification): string {
  const { flow, profile, effects, vectors, callers, skipped, diagnostics, ok } = report
  const counts = ({ effects: counted }: Vector) =>
    Object.entries(counted)
      .map(([node, numbers]) => `${node} ${numbers.join('|')}`)
      .join(', ') || 'not counted'
  const parts = [
    `${flow.name} ${flow.version}, profile ${profile}\n`,
    table(
      ['FAULT', 'AT', 'CALLS ENDED', 'EFFECTS', 'VIOLATED'],
      vectors.map((vector) => [
        vector.fault,
        vector.point ?? '-',
        vector.outcomes.join(', '),
        counts(vector),
        vector.violations.join(', ') || '-',
      ]),
    ),
    ...skipped.map(({ fault, reason }) => `skipped ${fault}: ${reason}\n`),
    ...diagnostics.map(
      ({ severity, code, message, location }) =>
        `${severity}[${code}] ${[location.flow, location.node].filter(Boolean).join(' / ')}: ${message}\n`,
    ),
    ...effects.map(({ node, verdict, derived, violations }) =>
      verdict === derived
        ? `${node}: ${verdict}\n`
        : `${node}: ${[verdict, ...violations].join(', ')} (derived: ${derived})\n`,
    ),
    ...callers.map((violation) => `callers: ${violation}\n`),
    ok ? 'certified\n' : 'not certified\n',
  ]
  return parts.join('')
}

/** Labels the outcomes. Sequential calls are joined in order, without repeats; concurrent calls have no order. */
function outcomesOf({ fault, outcomes }: Tried): readonly string[] {
  const labels = outcomes.map(labelOf)
  if (fault === 'storm') return labels
  return [labels.filter((label, index) => label !== labels[index - 1]).join(' > ')]
}

function labelOf({ kind, text }: Outcome): string {
  if (kind === 'done') return 'done'
  return kind === 'problem' ? `problem ${text}` : text
}

function sorted<T extends string | number>(values: readonly T[]): readonly T[] {
  return [...new Set(values)].toSorted((a, b) => (a < b ? -1 : 1))
}
