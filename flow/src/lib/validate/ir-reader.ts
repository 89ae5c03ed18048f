/** Reads fields of unknown JSON, keeping a finding for each that is malformed. */
import type { DiagnosticCode } from '../diagnostics/codes.ts'
import type { Finding } from '../diagnostics/diagnostic.ts'

export type JsonRecord = Readonly<Record<string, unknown>>

export function isRecord(value: unknown): value is JsonRecord {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

export class IrReader {
  readonly findings: Finding[] = []
  readonly #flow: string

  constructor(flow: string) {
    this.#flow = flow
  }

  /** Notes that what is at `pointer` must be something else, and yields nothing in its place. */
  malformed(pointer: string, must: string, code: DiagnosticCode = 'DAG202'): readonly never[] {
    this.findings.push({
      code,
      message: `the IR is malformed: ${pointer === '' ? 'it' : pointer} ${must}`,
      location: { flow: this.#flow },
      hint: 'export it again, or correct the field named',
      details: { pointer },
    })
    return []
  }

  record(value: unknown, pointer: string): JsonRecord {
    if (isRecord(value)) return value
    this.malformed(pointer, 'must be an object')
    return {}
  }

  list(source: JsonRecord, key: string, at: string): readonly unknown[] {
    const value = source[key]
    if (value === undefined) return []
    if (Array.isArray(value)) return value
    return this.malformed(`${at}/${key}`, 'must be a list')
  }

  texts(source: JsonRecord, key: string, at: string): readonly string[] {
    const items = this.list(source, key, at)
    if (items.every((item) => typeof item === 'string')) return items
    return this.malformed(`${at}/${key}`, 'must be a list of texts')
  }

  text(source: JsonRecord, key: string, at: string): string {
    const value = source[key]
    if (typeof value === 'string' && value !== '') return value
    this.malformed(`${at}/${key}`, 'must be a non-empty text')
    return ''
  }

  optionalText(source: JsonRecord, key: string, at: string): string | undefined {
    const value = source[key]
    if (value === undefined || value === null) return undefined
    return this.text(source, key, at)
  }

  optionalNumber(source: JsonRecord, key: string, at: string): number | undefined {
    const value = source[key]
    if (value === undefined || value === null) return undefined
    if (typeof value === 'number' && Number.isFinite(value)) return value
    this.malformed(`${at}/${key}`, 'must be a number')
    return undefined
  }

  choice<const T extends string>(
    source: JsonRecord,
    key: string,
    choices: readonly T[],
    otherwise: T,
    at: string,
    required = false,
  ): T {
    const value = source[key]
    if (!required && (value === undefined || value === null)) return otherwise
    const found = choices.find((choice) => choice === value)
    if (found === undefined) this.malformed(`${at}/${key}`, `must be one of ${choices.join(', ')}`)
    return found ?? otherwise
  }
}
