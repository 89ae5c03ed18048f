/** Reads the text of a flow file into plain values that know where they stand. The text is not trusted. */
import {
  type Alias,
  isAlias,
  isMap,
  isNode,
  isScalar,
  isSeq,
  LineCounter,
  type Node,
  parseDocument,
} from 'yaml'
import { checkDocument, maxDepth, offsetOf } from './document.ts'
import { Findings } from './findings.ts'

/** A value of the file, and the offset it stands at. */
export type Located = LocatedScalar | LocatedList | LocatedMap

export interface LocatedScalar {
  readonly kind: 'scalar'
  readonly at: number
  readonly value: string | number | boolean | null
}

export interface LocatedList {
  readonly kind: 'list'
  readonly at: number
  readonly items: readonly Located[]
}

export interface LocatedMap {
  readonly kind: 'map'
  readonly at: number
  readonly entries: ReadonlyMap<string, LocatedEntry>
}

export interface LocatedEntry {
  readonly keyAt: number
  readonly value: Located
}

export interface SourceOptions {
  readonly file: string | undefined
  readonly maxBytes: number
}

/** Values in the file, those that aliases repeat counted again. */
const maxValues = 10_000

/** The file's value, `null` where it cannot be read, and the findings so far. */
export function readSource(
  text: string,
  { file, maxBytes }: SourceOptions,
): { readonly root: Located | null; readonly findings: Findings } {
  const lines = new LineCounter()
  const findings = new Findings(file, lines)
  if (typeof text !== 'string') {
    findings.add('FILE001', 0, 'loadFlow takes the text of the file, as a string', {
      hint: "read the file with its encoding, as in readFile(path, 'utf8')",
    })
    return { root: null, findings }
  }
  const size = new TextEncoder().encode(text).byteLength
  if (size > maxBytes) {
    findings.add('FILE002', 0, `the file has ${size} bytes, and may have ${maxBytes}`, {
      hint: 'split the flow, or raise maxBytes',
    })
    return { root: null, findings }
  }
  // The parser calls itself for every level: what is too deep must not reach it.
  if (openBrackets(text) > maxDepth * 2 || /(?:[-?:][ \t]+){64}/.test(text)) {
    findings.add('FILE002', 0, `the file is nested deeper than ${maxDepth} levels`)
    return { root: null, findings }
  }
  const document = parseDocument(text, {
    lineCounter: lines,
    prettyErrors: false,
    // 'silent' would pass over a second document.
    logLevel: 'error',
    schema: 'core',
    merge: false,
    customTags: null,
    resolveKnownTags: false,
    // Looked for below: the parser compares every key with every other.
    uniqueKeys: false,
  })
  const anchored = checkDocument(document, findings)
  if (findings.any || document.contents === null) {
    if (!findings.any) findings.add('FILE001', 0, 'the file is empty')
    return { root: null, findings }
  }
  const root = new Reading(anchored, findings).value(document.contents, 0)
  return { root: findings.any ? null : root, findings }
}

class Reading {
  readonly #targets: ReadonlyMap<Alias, Node>
  readonly #findings: Findings
  #values = 0
  #stopped = false

  constructor(targets: ReadonlyMap<Alias, Node>, findings: Findings) {
    this.#targets = targets
    this.#findings = findings
  }

  value(node: Node | null, depth: number, where?: number): Located {
    const at = where ?? offsetOf(node)
    const nothing: Located = { kind: 'scalar', at, value: null }
    if (this.#stopped || node === null) return nothing
    this.#values++
    if (this.#values > maxValues)
      return this.#stop(at, `the file comes to more than ${maxValues} values when its aliases are followed`)
    if (depth > maxDepth)
      return this.#stop(at, `the file is nested deeper than ${maxDepth} levels, or an alias holds itself`)
    if (isAlias(node)) {
      const target = this.#targets.get(node)
      // What an alias repeats is told where it stands, not where it was written.
      return target === undefined
        ? this.#stop(at, 'the alias names no anchor')
        : this.value(target, depth + 1)
    }
    if (isMap(node)) return this.#map(node.items, at, depth)
    if (isSeq(node))
      return {
        kind: 'list',
        at,
        items: node.items.map((item) => this.value(isNode(item) ? item : null, depth + 1)),
      }
    return isScalar(node) ? this.#scalar(node.value, node.source, at) : nothing
  }

  #map(
    pairs: readonly { readonly key: unknown; readonly value: unknown }[],
    at: number,
    depth: number,
  ): Located {
    const entries = new Map<string, LocatedEntry>()
    for (const { key, value } of pairs) {
      const keyAt = offsetOf(key, at)
      const name: unknown = isScalar(key) ? key.value : undefined
      if (typeof name !== 'string') this.#findings.add('FILE002', keyAt, 'a key is not text: quote it')
      else if (entries.has(name)) this.#findings.add('FILE001', keyAt, `the key "${name}" is there twice`)
      else if (name === '__proto__') this.#findings.add('FILE002', keyAt, '"__proto__" is no key')
      else
        entries.set(name, {
          keyAt,
          value: this.value(isNode(value) ? value : null, depth + 1, isNode(value) ? undefined : keyAt),
        })
    }
    return { kind: 'map', at, entries }
  }

  #scalar(value: unknown, source: string | undefined, at: number): Located {
    if (Number.isInteger(value) && !Number.isSafeInteger(value) && /^[-+]?\d+$/.test(source ?? ''))
      this.#findings.add('FILE002', at, `the number ${source ?? ''} would lose digits: quote it`)
    const isPlain =
      typeof value === 'string' ||
      typeof value === 'boolean' ||
      value === null ||
      (typeof value === 'number' && Number.isFinite(value))
    if (isPlain) return { kind: 'scalar', at, value }
    this.#findings.add('FILE002', at, 'the value is none that JSON has')
    return { kind: 'scalar', at, value: null }
  }

  #stop(at: number, message: string): Located {
    if (!this.#stopped) this.#findings.add('FILE002', at, message)
    this.#stopped = true
    return { kind: 'scalar', at, value: null }
  }
}

/** Most brackets open at once, whatever stands in quotes: never less than the depth of what the parser sees. */
function openBrackets(text: string): number {
  let depth = 0
  let most = 0
  for (const character of text) {
    if (character === '[' || character === '{') most = Math.max(most, ++depth)
    else if (character === ']' || character === '}') depth = Math.max(0, depth - 1)
  }
  return most
}

/** A value of the file as JSON. */
export function plain(value: Located): unknown {
  if (value.kind === 'scalar') return value.value
  if (value.kind === 'list') return value.items.map(plain)
  return Object.fromEntries([...value.entries].map(([name, entry]) => [name, plain(entry.value)]))
}
