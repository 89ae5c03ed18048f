import { readFileSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import { codes, type Stage } from './codes.ts'
import { diagnostic, formatDiagnostic, hasErrors } from './diagnostic.ts'

const page = readFileSync(new URL('../../../../docs/reference/diagnostics.md', import.meta.url), 'utf8')
const stages: Readonly<Record<Stage, string>> = {
  D: 'definition',
  V: 'validation',
  P: 'preflight',
  R: 'run time',
}

interface Section {
  readonly code: string
  readonly severity: string
  readonly stages: string
  readonly text: string
}

const sections = page
  .split(/^### /m)
  .slice(1)
  .map((section): Section => {
    const [, code = '', severity = '', at = ''] = /^(\w+)\n\*(\w+), at ([a-z ]+):\*/.exec(section) ?? []
    return { code, severity, stages: at, text: section }
  })

/** Codes that nothing raises yet, and what they wait for. */
const reserved = {
  RUN030: 'buffered edges',
  RUN040: 'spilling',
  RUN050: 'memory budgets',
} satisfies Partial<Record<keyof typeof codes, string>>

describe('the reference page', () => {
  it('has every code once, with its severity and stages, and no other', () => {
    const written = sections.map(({ code, severity, stages }) => ({ code, severity, stages }))
    const registered = Object.entries(codes).map(([code, { severity, stages: at }]) => ({
      code,
      severity,
      stages: at.map((stage) => stages[stage]).join(' and '),
    }))
    const sorted = (list: readonly { readonly code: string }[]) =>
      list.toSorted((a, b) => (a.code < b.code ? -1 : 1))
    expect(sorted(written)).toEqual(sorted(registered))
  })

  it.each(sections.map(({ code, text }) => [code, text]))(
    '%s has a meaning, an example and a fix',
    (_, text) => {
      expect(text).toMatch(/:\* \S.{10,}\n/)
      expect(text).toMatch(/^```\w+\n[^`]+^```$/m)
      expect(text).toMatch(/^\*\*Fix:\*\* \S/m)
    },
  )

  it('says of which codes nothing raises them yet', () => {
    const told = sections.filter(({ text }) => text.includes('nothing raises it yet'))
    expect(told.map(({ code }) => code).toSorted()).toEqual(Object.keys(reserved).toSorted())
  })
})

describe('diagnostics', () => {
  const found = diagnostic({
    code: 'CAP101',
    message: 'not bound: kv',
    location: { flow: 'notes', node: 'save', profile: 'edge' },
  })

  it('take severity and hint from their code', () => {
    expect(found).toMatchObject({ severity: 'error', hint: codes.CAP101.hint })
    expect(hasErrors([found])).toBe(true)
    expect(hasErrors([diagnostic({ code: 'DAG208', message: '', location: { flow: 'f' } })])).toBe(false)
  })

  it('read as one line and a help', () => {
    expect(formatDiagnostic(found)).toBe(
      `error CAP101 notes/save [edge]: not bound: kv\n  help: ${codes.CAP101.hint}`,
    )
    const whole = diagnostic({
      code: 'CAP103',
      message: 'X is missing',
      location: { flow: '', profile: 's3' },
      hint: '',
    })
    expect(formatDiagnostic(whole)).toBe('error CAP103 [s3]: X is missing')
  })
})
