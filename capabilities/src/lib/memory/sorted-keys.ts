/** The keys of a map in UTF-8 byte order, sorted only when somebody lists, so that writing stays cheap. */
import { compareUtf8 } from '../byte-order.ts'

export class SortedKeys {
  readonly #keys: ReadonlyMap<string, unknown>
  /** Undefined until the first list: stores that are never listed pay nothing. */
  #sorted: readonly string[] | undefined
  readonly #added = new Set<string>()
  #removed = false

  constructor(keys: ReadonlyMap<string, unknown>) {
    this.#keys = keys
  }

  /** Call when a key that was not in the map has come. */
  add(key: string): void {
    if (this.#sorted !== undefined) this.#added.add(key)
  }

  /** Call when a key has gone. */
  remove(key: string): void {
    if (!this.#added.delete(key)) this.#removed = true
  }

  /** All keys of the map. The next call may return another array. */
  sorted(): readonly string[] {
    if (this.#sorted === undefined) {
      this.#sorted = [...this.#keys.keys()].sort(compareUtf8)
    } else if (this.#added.size > 0 || this.#removed) {
      const kept = this.#sorted.filter((key) => this.#keys.has(key) && !this.#added.has(key))
      const added = [...this.#added].sort(compareUtf8)
      // Two sorted runs: the engine's merge sort joins them in linear time.
      this.#sorted = added.length === 0 ? kept : [...kept, ...added].sort(compareUtf8)
    }
    this.#added.clear()
    this.#removed = false
    return this.#sorted
  }
}
