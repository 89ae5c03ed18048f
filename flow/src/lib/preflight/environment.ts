/** Turns what a host found wrong with its environment into diagnostics: CAP103, one per variable. */
import { type Diagnostic, diagnostic } from '../diagnostics/diagnostic.ts'

export interface EnvironmentIssue {
  readonly variable: string
  /** What is wrong, such as `is missing` or `must be a URL`. Never the value. */
  readonly problem: string
  /** What to do about it. Default: to set the variable. */
  readonly hint?: string
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
