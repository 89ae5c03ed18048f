/** A mapping of a flow file, read key by key: what is missing, malformed or unknown is collected. */
import type { Findings } from './findings.ts'
import { didYouMean } from './nearest.ts'
import { type Located, type LocatedEntry, type LocatedMap, plain } from './source.ts'

export class Section {
  readonly at: number
  readonly findings: Findings
  /** How it is called in messages, such as `the node "read"`. */
  readonly what: string
  readonly node: string | undefined
  readonly #entries: ReadonlyMap<string, LocatedEntry>

  constructor(map: LocatedMap, findings: Findings, what: string, node?: string) {
    this.at = map.at
    this.findings = findings
    this.what = what
    this.node = node
    this.#entries = map.entries
  }

  /** The section under a value that must be a mapping; `null` where it is none. */
  static of(value: Located, findings: Findings, what: string, node?: string): Section | null {
    if (value.kind === 'map') return new Section(value, findings, what, node)
    findings.add('FILE004', value.at, `${what} must be a mapping of keys to values`, where(node))
    return null
  }

  /** Reports every key but these. */
  only(keys: readonly string[]): void {
    for (const [key, { keyAt }] of this.#entries) {
      if (keys.includes(key)) continue
      this.report(
        'FILE003',
        keyAt,
        `${this.what} has no key "${key}"${didYouMean(key, keys)}`,
        `use one of ${keys.join(', ')}`,
      )
    }
  }

  entries(): ReadonlyMap<string, LocatedEntry> {
    return this.#entries
  }

  value(key: string): Located | undefined {
    const value = this.#entries.get(key)?.value
    return value?.kind === 'scalar' && value.value === null ? undefined : value
  }

  /** One value under either of two spellings of its key. */
  either(key: string, other: string): Located | undefined {
    const second = this.#entries.get(other)
    if (this.#entries.has(key) && second !== undefined)
      this.report(
        'FILE004',
        second.keyAt,
        `${this.what} has both "${key}" and "${other}", which mean the same`,
      )
    return this.value(key) ?? this.value(other)
  }

  text(key: string): string | undefined {
    return this.textOf(this.value(key), key)
  }

  textOf(value: Located | undefined, key: string): string | undefined {
    if (value === undefined) return undefined
    if (value.kind === 'scalar' && typeof value.value === 'string') return value.value
    const isScalar = value.kind === 'scalar'
    this.report(
      'FILE004',
      value.at,
      `"${key}" of ${this.what} must be text${isScalar ? `: quote it, as in "${String(value.value)}"` : ''}`,
    )
    return undefined
  }

  number(key: string): number | undefined {
    const value = this.value(key)
    if (value === undefined) return undefined
    if (value.kind === 'scalar' && typeof value.value === 'number') return value.value
    this.report('FILE004', value.at, `"${key}" of ${this.what} must be a number`)
    return undefined
  }

  /** A duration, as a text or a number of milliseconds. */
  duration(key: string): string | number | undefined {
    const value = this.value(key)
    return value?.kind === 'scalar' && typeof value.value === 'number' ? value.value : this.text(key)
  }

  flag(key: string): boolean | undefined {
    const value = this.value(key)
    if (value === undefined) return undefined
    if (value.kind === 'scalar' && typeof value.value === 'boolean') return value.value
    this.report('FILE004', value.at, `"${key}" of ${this.what} must be true or false`)
    return undefined
  }

  list(key: string): readonly Located[] {
    const value = this.value(key)
    if (value === undefined) return []
    if (value.kind === 'list') return value.items
    this.report('FILE004', value.at, `"${key}" of ${this.what} must be a list`)
    return []
  }

  section(key: string, what: string): Section | null {
    const value = this.value(key)
    return value === undefined ? null : Section.of(value, this.findings, what, this.node)
  }

  json(key: string): unknown {
    const value = this.#entries.get(key)?.value
    return value === undefined ? undefined : plain(value)
  }

  /** Offset of the value of a key, or of the section. */
  placeOf(key: string): number {
    return this.#entries.get(key)?.value.at ?? this.at
  }

  report(
    code: 'FILE003' | 'FILE004' | 'FILE006' | 'FILE007' | 'FILE008',
    at: number,
    message: string,
    hint?: string,
  ): void {
    this.findings.add(code, at, message, { ...where(this.node), ...(hint === undefined ? {} : { hint }) })
  }
}

function where(node: string | undefined): { node?: string } {
  return node === undefined ? {} : { node }
}

/** Names of nodes, states and inputs. */
export function isName(name: string): boolean {
  return /^[a-z][\w-]*$/i.test(name) && name !== 'constructor' && name !== 'prototype'
}
