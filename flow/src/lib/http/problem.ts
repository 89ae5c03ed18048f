/** Errors as RFC 9457 problems. What nobody foresaw is a bare 500: its text stays on the server. */
import { type CapabilityError, type ErrorKind, isCapabilityError } from '@flowport/capabilities'
import { type Diagnostic, DiagnosticsError } from '../diagnostics/diagnostic.ts'
import { UnknownProfileError } from '../open-profile.ts'
import { DeniedError, RunError } from '../runtime/errors.ts'
import { SchemaError } from '../schema.ts'
import { HttpProblem } from './http-problem.ts'
import { shownDetails, shownText } from './shown.ts'

export { HttpProblem, type ProblemOptions, problem } from './http-problem.ts'

/** The body of a problem answer. */
export interface ProblemBody {
  /** `urn:flowport:problem:` and the code in kebab case: stable. */
  readonly type: string
  readonly title: string
  readonly status: number
  readonly code: string
  readonly detail?: string
  /** The path of the request. */
  readonly instance?: string
  readonly requestId?: string
  readonly details?: Readonly<Record<string, unknown>>
}

/** The problem any error becomes. */
export function toProblem(error: unknown): HttpProblem {
  if (error instanceof HttpProblem) return error
  if (error instanceof RunError) return ofRun(error)
  if (error instanceof SchemaError) return ofSchema(error)
  if (error instanceof DeniedError) return ofDenied(error)
  if (isCapabilityError(error)) return ofCapability(error)
  if (error instanceof UnknownProfileError) return ofUnknownProfile(error)
  if (error instanceof DiagnosticsError) return ofDiagnostics(error)
  return internal()
}

/** The problem as the client reads it. */
export function problemBody(problem: HttpProblem, where: { path?: string; requestId?: string }): ProblemBody {
  return {
    type: `urn:flowport:problem:${problem.code.toLowerCase().replaceAll('_', '-')}`,
    title: problem.title,
    status: problem.status,
    code: problem.code,
    ...(problem.detail === undefined ? {} : { detail: problem.detail }),
    ...(where.path === undefined ? {} : { instance: where.path }),
    ...(where.requestId === undefined ? {} : { requestId: where.requestId }),
    ...(problem.details === undefined ? {} : { details: problem.details }),
  }
}

/** The body as JSON text. Nodes make the details: those that are not JSON are left out. */
export function problemText(problem: HttpProblem, where: { path?: string; requestId?: string }): string {
  const body = problemBody(problem, where)
  try {
    return JSON.stringify(body)
  } catch {
    return JSON.stringify({ ...body, details: undefined })
  }
}

function ofRun(error: RunError): HttpProblem {
  switch (error.failure) {
    case 'InvalidInput':
    case 'Denied':
      return toProblem(error.cause)
    case 'DeadlineExceeded':
      return new HttpProblem({
        status: 504,
        code: error.code,
        title: 'The deadline passed before there was an answer',
      })
    case 'Cancelled':
    case 'Draining':
      return new HttpProblem({
        status: 503,
        code: error.failure === 'Draining' ? 'DRAINING' : 'CANCELLED',
        title: 'The server is shutting down or gave the request up',
        headers: { 'retry-after': '1' },
      })
    case 'NodeFailed':
      return error.cause instanceof SchemaError || error.cause instanceof RunError
        ? internal()
        : toProblem(error.cause)
    case 'InvalidValue':
    case 'NoAnswer':
      return internal()
  }
}

function ofSchema({ issues }: SchemaError): HttpProblem {
  const wrong = issues.map(({ pointer }) => pointer || 'the whole input')
  return new HttpProblem({
    status: 422,
    code: 'INVALID_INPUT',
    title: 'The input does not fit its schema',
    detail: `See ${wrong.slice(0, 5).join(', ')}${wrong.length > 5 ? ' and more' : ''}`,
    details: { issues: issues.slice(0, 50) },
  })
}

function ofDenied({ status, code, message, headers }: DeniedError): HttpProblem {
  return new HttpProblem({ status, code, title: message, headers })
}

/** Statuses of what the caller can mend; every other kind is the server's own trouble. */
const statuses: Partial<Record<ErrorKind, readonly [status: number, title: string]>> = {
  NotFound: [404, 'There is nothing there'],
  AlreadyExists: [409, 'It exists already'],
  ConditionNotMatch: [412, 'It has changed in the meantime'],
  InvalidInput: [400, 'The request is not valid'],
  LimitExceeded: [413, 'The request is larger than allowed'],
  RateLimited: [429, 'Too many requests'],
  RangeNotSatisfied: [416, 'There are no bytes in that range'],
  Unavailable: [503, 'A service this request needs is not available'],
  Timeout: [504, 'A service this request needs did not answer in time'],
  Cancelled: [503, 'The request was given up'],
}

const special: Readonly<Record<string, readonly [status: number, title: string]>> = {
  IDEM099: [422, 'The idempotency key was used with another request'],
  BODY_TIMEOUT: [408, 'The body did not arrive in time'],
  BODY_TOO_SLOW: [408, 'The body arrives too slowly'],
  TOO_MANY_BODIES: [503, 'The server is receiving more bodies than it can keep'],
  IDEM_IN_FLIGHT: [409, 'The same request is being worked on'],
  IDEM_LEASE_LOST: [409, 'The same request is being worked on'],
  IDEM_FENCED: [409, 'The same request is being worked on'],
  IDEM_TAKEN: [409, 'Another caller has used this key'],
  IDEM_UNKNOWN: [409, 'This began before, and nobody can know whether it was done'],
  IDEM_RESULT_LOST: [409, 'This was done before, and its result was not kept'],
  CAP101: [503, 'A capability this request needs is not bound'],
  CAP102: [503, 'A capability this request needs is too weak here'],
}

function ofCapability(error: CapabilityError): HttpProblem {
  // Its name, and that it is missing, are nobody's business outside.
  if (error.capability === 'secrets') return internal()
  const [status, title] = special[error.code] ??
    (aboutName(error) ? [400, 'The request is not valid'] : statuses[error.kind]) ?? [500, '']
  if (status === 500) return internal()
  const details = shownDetails(error.details)
  const retryAfter = error.retryAfterMs ?? (status === 503 || status === 429 ? 1_000 : undefined)
  return new HttpProblem({
    status,
    title,
    code: error.code,
    ...(status < 500 ? { detail: shownText(error.reason) } : {}),
    ...(status < 500 && details !== undefined ? { details } : {}),
    headers:
      retryAfter === undefined ? {} : { 'retry-after': String(Math.max(1, Math.ceil(retryAfter / 1_000))) },
  })
}

/** A profile that cannot be opened: every finding, by name and never with a value. */
/** The first line says which profiles there are; the findings, what else is wrong. */
function ofUnknownProfile({ message, diagnostics }: UnknownProfileError): HttpProblem {
  const [first = ''] = message.split('\n')
  return notSetUp('UNKNOWN_PROFILE', first, { findings: shownFindings(diagnostics) })
}

function shownFindings(diagnostics: readonly Diagnostic[]) {
  const errors = diagnostics.filter(({ severity }) => severity === 'error')
  return errors.map(({ code, message, location }) => ({ code, message, location }))
}

function ofDiagnostics({ diagnostics }: DiagnosticsError): HttpProblem {
  const errors = diagnostics.filter(({ severity }) => severity === 'error')
  const findings = shownFindings(diagnostics)
  return notSetUp(errors[0]?.code ?? 'INTERNAL', errors.map(({ message }) => message).join('; '), {
    findings,
  })
}

function notSetUp(code: string, detail: string, details?: Readonly<Record<string, unknown>>): HttpProblem {
  return new HttpProblem({
    status: 503,
    code,
    title: 'This server is not set up for the flows it serves',
    detail: detail.slice(0, 2_000),
    ...(details === undefined ? {} : { details }),
    headers: { 'retry-after': '60' },
  })
}

/** A key that is too long is a bad name, not a large body. */
function aboutName({ kind, details }: CapabilityError): boolean {
  return kind === 'LimitExceeded' && details?.['limit'] === 'maxKeyBytes'
}

function internal(): HttpProblem {
  return new HttpProblem({ status: 500, code: 'INTERNAL', title: 'Something went wrong on the server' })
}
