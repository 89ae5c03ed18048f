/** What the registry knows of a diagnostic code. */

export type Severity = 'error' | 'warning' | 'info'
/** Definition, validation, preflight, run time. */
export type Stage = 'D' | 'V' | 'P' | 'R'

export interface CodeEntry {
  readonly severity: Severity
  readonly stages: readonly Stage[]
  readonly title: string
  readonly hint: string
}

/** `stages` are letters of `Stage`, such as `'VP'`. */
export function entry(severity: Severity, stages: string, title: string, hint: string): CodeEntry {
  return { severity, stages: [...stages] as Stage[], title, hint }
}
