/** A doubly linked list. Entries hold their own links, so adding and removing cost less than in a `Set`. */

/** What an entry carries. The list alone writes these fields. */
export interface Linked<T> {
  previous: T | undefined
  next: T | undefined
}

/**
 * Entries in the order they were added. An entry is in at most one list. A loop over the list may remove the entry it is at;
 * one that may remove others loops over `copy()`.
 */
export class LinkedList<T extends Linked<T>> implements Iterable<T> {
  #first: T | undefined
  #last: T | undefined
  #size = 0

  get size(): number {
    return this.#size
  }

  add(entry: T): void {
    if (this.has(entry)) return
    entry.previous = this.#last
    if (this.#last === undefined) this.#first = entry
    else this.#last.next = entry
    this.#last = entry
    this.#size++
  }

  /** Returns whether the entry was in the list. */
  remove(entry: T): boolean {
    if (!this.has(entry)) return false
    const { previous, next } = entry
    if (previous === undefined) this.#first = next
    else previous.next = next
    if (next === undefined) this.#last = previous
    else next.previous = previous
    entry.previous = undefined
    entry.next = undefined
    this.#size--
    return true
  }

  has(entry: T): boolean {
    return entry.previous !== undefined || entry === this.#first
  }

  /** The entries there are now, as an array. */
  copy(): readonly T[] {
    return Array.from(this)
  }

  *[Symbol.iterator](): Iterator<T> {
    let entry = this.#first
    while (entry !== undefined) {
      const { next } = entry
      yield entry
      entry = next
    }
  }
}
