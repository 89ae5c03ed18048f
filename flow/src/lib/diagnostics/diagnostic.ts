/** A finding about a flow: code, severity, what, where, and what to do. */
import { codes, type DiagnosticCode, type Severity } from './codes.ts'

export interface Location {
  /** Empty where it concerns a profile as a whole. */
  readonly flow: string
  /** Alias of the node. */
  readonly node?: string
  /** `from -> to`, as aliases. */
  readonly edge?: string
  readonly profile?: string
  /** Name of the flow file, where it came from one and the loader was told. */
  readonly file?: string
  /** In the flow file, from 1. */
  readonly line?: number
  /** From 1. */
  readonly column?: number
}

export interface Diagnostic {
  readonly code: DiagnosticCode
  readonly severity: Severity
  readonly message: string
  readonly location: Location
  readonly hint: string
  /** Facts for programs. */
  readonly details?: Readonly<Record<string, unknown>>
}

export interface Finding {
  readonly code: DiagnosticCode
  readonly message: string
  readonly location: Location
  /** Default: the code's own. */
  readonly hint?: string
  readonly details?: Readonly<Record<string, unknown>>
}

/** A finding with the severity and, where it has none, the hint of its code. */
export function diagnostic({ code, message, location, hint, details }: Finding): Diagnostic {
  const { severity, hint: usual } = codes[code]
  return {
    code,
    severity,
    message,
    location,
    hint: hint ?? usual,
    ...(details === undefined ? {} : { details }),
  }
}

export function hasErrors(diagnostics: readonly Diagnostic[]): boolean {
  return diagnostics.some(({ severity }) => severity === 'error')
}

/** One line for people: `error CAP101 orders/charge: …`, then the hint. */
export function formatDiagnostic({ code, severity, message, location, hint }: Diagnostic): string {
  const { file, line, column } = location
  const place =
    line === undefined ? file : `${file ?? 'line '}${file === undefined ? '' : ':'}${line}:${column ?? 1}`
  const part = [location.flow, location.node ?? location.edge].filter(Boolean).join('/')
  const where = [place, part].filter(Boolean).join(' ')
  const profile = location.profile === undefined ? '' : ` [${location.profile}]`
  return `${severity} ${code}${where === '' ? '' : ` ${where}`}${profile}: ${message}${hint === '' ? '' : `\n  help: ${hint}`}`
}

/** A flow that cannot be defined. */
export class FlowDefinitionError extends Error {
  readonly diagnostics: readonly Diagnostic[]

  constructor(finding: Finding) {
    const full = diagnostic(finding)
    super(formatDiagnostic(full))
    this.name = 'FlowDefinitionError'
    this.diagnostics = [full]
  }
}

/** Flows or profiles that must not start. Holds every finding, not the first. */
export class DiagnosticsError extends Error {
  readonly diagnostics: readonly Diagnostic[]

  constructor(what: string, diagnostics: readonly Diagnostic[]) {
    super(`${what}\n${diagnostics.map(formatDiagnostic).join('\n')}`)
    this.name = 'DiagnosticsError'
    this.diagnostics = diagnostics
  }
}
