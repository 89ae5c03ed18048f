/** Lists keys in UTF-8 byte order, in pages and groups: by the service's own order where it has one, else by sorting a scan. */
import type { Metadata, Operator } from 'opendal'
import { compareUtf8, decodeCursor, encodeCursor, firstIndex } from '@flowport/capabilities'
import { native } from './native.ts'
import type { Names } from './names.ts'
import type { Place } from './place.ts'

export interface ListedKey {
  readonly key: string
  /** Metadata from the listing, often incomplete; `null` when the key comes from a kept scan. */
  readonly metadata: Metadata | null
}

export interface KeyPage {
  readonly keys: readonly ListedKey[]
  readonly prefixes: readonly string[]
  readonly cursor?: string
}

export interface ListKeys {
  readonly prefix: string
  readonly delimiter?: string | undefined
  readonly cursor?: string | undefined
  readonly limit: number
  readonly signal?: AbortSignal | undefined
}

export interface ListingContext {
  readonly operator: Operator
  readonly names: Names
  /** Whether paths are keys, so that the service lists keys in their order when it lists paths in theirs. */
  readonly pathsAreKeys: boolean
  /** Whether OpenDAL puts prefixes, starts and page tokens into the query as they are, where `&` would begin another. */
  readonly rawQuery?: boolean
  now(): number
}

/** Keys of a scan kept for its next page; beyond it, the next page scans again. */
const mostHeldKeys = 100_000
/** Milliseconds a scan is kept for its next page. */
const heldMs = 30_000
/** Most scans that are kept. */
const mostHeldScans = 4
/** Keys of a group stepped over one by one before the listing starts again after the group. */
const mostSteps = 200

/** A cursor's place is a key, or a group of keys that was reported as one prefix. */
const keyMark = 'k'
const groupMark = 'g'

/** The listings of one store. */
export class Listing {
  readonly #context: ListingContext
  readonly #held = new Map<string, { readonly keys: readonly string[]; readonly until: number }>()

  constructor(context: ListingContext) {
    this.#context = context
  }

  async page(list: ListKeys, where: Place): Promise<KeyPage> {
    const place = list.cursor === undefined ? undefined : decodeCursor(list.cursor)
    const { operator, pathsAreKeys } = this.#context
    const can = operator.capability()
    return pathsAreKeys && can.listWithStartAfter && can.listWithRecursive
      ? this.#inOrder(list, place, where)
      : this.#sorted(list, place, where)
  }

  /** A page of a service that lists in order and from any key on. */
  async #inOrder(list: ListKeys, place: string | undefined, where: Place): Promise<KeyPage> {
    const { prefix, delimiter, limit, signal } = list
    const { operator, names, rawQuery = false } = this.#context
    const keys: ListedKey[] = []
    const prefixes: string[] = []
    let last = place ?? ''
    let start = place === undefined ? undefined : afterPlace(place)
    for (;;) {
      const from = start === undefined ? undefined : this.#sent(start)
      const under = safePrefix(prefix, names)
      // A shortened prefix lists more than was asked for. OpenDAL leaves out the key it starts at.
      const exact = from === start && this.#sent(under) === under
      const asked = exact ? Math.min(1000, limit + (rawQuery ? 2 : 1)) : 1000
      const options = { recursive: true, limit: asked }
      const lister = await native(
        () =>
          operator.lister(this.#sent(under), from === undefined ? options : { ...options, startAfter: from }),
        where,
        signal,
      )
      let steps = 0
      let came = 0
      let moved = false
      for (;;) {
        // A new listing after what came, rather than the token of the next page.
        if (rawQuery && moved && came >= asked - 1) break
        const entry = await native(() => lister.next(), where, signal)
        if (entry === null) return { keys, prefixes }
        came += 1
        const metadata = entry.metadata()
        const key = metadata.isDirectory() ? null : names.toKey(entry.path())
        if (key === null || !key.startsWith(prefix)) continue
        if (last !== '' && !isAfter(key, last)) {
          steps += 1
          // A start that was cut leads to the same keys again.
          if (steps < mostSteps || !last.startsWith(groupMark) || from !== start) continue
          break
        }
        if (keys.length + prefixes.length === limit) return { keys, prefixes, cursor: encodeCursor(last) }
        const group = groupOf(key, prefix, delimiter)
        if (group === null) keys.push({ key, metadata })
        else prefixes.push(group)
        last = group === null ? `${keyMark}${key}` : `${groupMark}${group}`
        moved = true
      }
      start = afterPlace(last)
    }
  }

  /** A page of a service that lists in any order and from the start only. */
  async #sorted(list: ListKeys, place: string | undefined, where: Place): Promise<KeyPage> {
    const { prefix, delimiter, limit, cursor } = list
    const { sorted, known } = await this.#scanned(list, cursor, where)
    const keys: ListedKey[] = []
    const prefixes: string[] = []
    let last = ''
    let i = firstIndex(sorted, (key) => place === undefined || isAfter(key, place))
    while (i < sorted.length) {
      if (keys.length + prefixes.length === limit) {
        const next = encodeCursor(last)
        this.#hold(scanName(next, list), sorted.slice(i))
        return { keys, prefixes, cursor: next }
      }
      const key = sorted[i] as string
      const group = groupOf(key, prefix, delimiter)
      if (group === null) {
        keys.push({ key, metadata: known.get(key) ?? null })
        last = `${keyMark}${key}`
        i += 1
      } else {
        prefixes.push(group)
        last = `${groupMark}${group}`
        const place = last
        i = firstIndex(sorted, (candidate) => isAfter(candidate, place))
      }
    }
    return { keys, prefixes }
  }

  /** The keys with the prefix, sorted: of the scan the page before was made of, or of a new one. */
  async #scanned(list: ListKeys, cursor: string | undefined, where: Place) {
    const held = cursor === undefined ? undefined : this.#take(scanName(cursor, list))
    const known = new Map<string, Metadata>()
    if (held !== undefined) return { sorted: held, known }
    const { operator, names } = this.#context
    const { prefix, signal } = list
    const entries = await native(
      () => operator.list(this.#sent(names.folderOf(prefix)), { recursive: true }),
      where,
      signal,
    )
    for (const entry of entries) {
      const metadata = entry.metadata()
      const key = metadata.isDirectory() ? null : names.toKey(entry.path())
      if (key?.startsWith(prefix) === true) known.set(key, metadata)
    }
    return { sorted: [...known.keys()].sort(compareUtf8), known }
  }

  /** The text as the query carries it, or a beginning of it: what is listed too much is left out here. */
  #sent(text: string): string {
    return this.#context.rawQuery === true ? (/^[\w.~/\u0080-\u{10ffff}-]*/u.exec(text)?.[0] ?? '') : text
  }

  #hold(name: string, keys: readonly string[]): void {
    if (keys.length > mostHeldKeys) return
    this.#held.set(name, { keys, until: this.#context.now() + heldMs })
    const [oldest] = this.#held.keys()
    if (this.#held.size > mostHeldScans && oldest !== undefined) this.#held.delete(oldest)
  }

  /** Takes the scan out: a second request for the same page scans again. */
  #take(name: string): readonly string[] | undefined {
    const held = this.#held.get(name)
    this.#held.delete(name)
    return held !== undefined && held.until > this.#context.now() ? held.keys : undefined
  }
}

function scanName(cursor: string, { prefix, delimiter }: ListKeys): string {
  return JSON.stringify([cursor, prefix, delimiter ?? null])
}

/** The prefix as OpenDAL takes it: it would cut space off its ends. The keys are compared with the whole of it anyway. */
function safePrefix(prefix: string, names: Names): string {
  return /^\p{White_Space}|\p{White_Space}$/u.test(prefix) || prefix.endsWith('/')
    ? names.folderOf(prefix)
    : prefix
}

function groupOf(key: string, prefix: string, delimiter: string | undefined): string | null {
  const cut = delimiter === undefined ? -1 : key.indexOf(delimiter, prefix.length)
  return delimiter === undefined || cut === -1 ? null : key.slice(0, cut + delimiter.length)
}

function isAfter(key: string, place: string): boolean {
  const mark = place.slice(1)
  return compareUtf8(key, mark) > 0 && !(place.startsWith(groupMark) && key.startsWith(mark))
}

/** Where a service is to start for what comes after the place; keys of the group with U+10FFFF are stepped over. */
function afterPlace(place: string): string {
  const mark = place.slice(1)
  return place.startsWith(groupMark) ? `${mark}\u{10ffff}` : mark
}
