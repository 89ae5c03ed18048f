/** A binary heap: the smallest item first, in logarithmic time. */
export class Heap<T> {
  #items: T[] = []
  readonly #before: (a: T, b: T) => boolean

  /** @param before Whether `a` comes out before `b`. */
  constructor(before: (a: T, b: T) => boolean) {
    this.#before = before
  }

  get size(): number {
    return this.#items.length
  }

  peek(): T | undefined {
    return this.#items[0]
  }

  push(item: T): void {
    let index = this.#items.push(item) - 1
    while (index > 0) {
      const parent = (index - 1) >> 1
      if (!this.#before(item, this.#at(parent))) break
      this.#items[index] = this.#at(parent)
      index = parent
    }
    this.#items[index] = item
  }

  pop(): T | undefined {
    const first = this.#items[0]
    const last = this.#items.pop()
    if (last === undefined || this.#items.length === 0) return first
    let index = 0
    for (;;) {
      let child = index * 2 + 1
      if (child >= this.#items.length) break
      if (child + 1 < this.#items.length && this.#before(this.#at(child + 1), this.#at(child))) child += 1
      if (!this.#before(this.#at(child), last)) break
      this.#items[index] = this.#at(child)
      index = child
    }
    this.#items[index] = last
    return first
  }

  /** Drops every item that `keep` refuses. */
  retain(keep: (item: T) => boolean): void {
    const kept = this.#items.filter(keep)
    this.#items = []
    for (const item of kept) this.push(item)
  }

  #at(index: number): T {
    return this.#items[index] as T
  }
}
