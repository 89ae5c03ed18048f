/** Turns what a host found wrong with its environment into diagnostics: CAP103, one per variable. */
import type { Provider } from '@flowport/capabilities'
import { type Diagnostic, diagnostic } from '../diagnostics/diagnostic.ts'

export interface EnvironmentIssue {
  readonly variable: string
  /** What is wrong, such as `is missing` or `must be a URL`. Never the value. */
  readonly problem: string
  /** What to do about it. Default: to set the variable. */
  readonly hint?: string
}

/** What presets lack to be opened: CAP103, one per preset. Asked with valid variables only. */
export function presetDiagnostics(
  profile: string,
  providers: readonly Provider[],
  values: Readonly<Record<string, unknown>>,
): readonly Diagnostic[] {
  return providers.flatMap((provider) => {
    const message = provider.check(values)
    if (message === null) return []
    const hint = 'set what is named, or give it to the preset as an option'
    const details = { preset: provider.preset }
    return diagnostic({ code: 'CAP103', message, location: { flow: '', profile }, hint, details })
  })
}

/** All faults at once, sorted by variable. */
export function environmentDiagnostics(
  profile: string,
  issues: readonly EnvironmentIssue[],
): readonly Diagnostic[] {
  const variables = [...new Set(issues.map(({ variable }) => variable))].toSorted()
  return variables.map((variable) => {
    const own = issues.filter((issue) => issue.variable === variable)
    const problems = [...new Set(own.map(({ problem }) => problem))]
    return diagnostic({
      code: 'CAP103',
      message: `${variable} ${problems.join('; ')}`,
      location: { flow: '', profile },
      hint: own.find(({ hint }) => hint !== undefined)?.hint ?? `set ${variable}`,
      details: { variable, problems },
    })
  })
}
