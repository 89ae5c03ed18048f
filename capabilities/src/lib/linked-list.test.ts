import { describe, expect, it } from 'vitest'
import { type Linked, LinkedList } from './linked-list.ts'

interface Entry extends Linked<Entry> {
  readonly name: string
}

const entry = (name: string): Entry => ({ name, previous: undefined, next: undefined })
const namesOf = (list: LinkedList<Entry>) => [...list].map(({ name }) => name).join('')

describe('LinkedList', () => {
  it('keeps entries in the order they were added', () => {
    const list = new LinkedList<Entry>()
    for (const name of 'abc') list.add(entry(name))
    expect([namesOf(list), list.size]).toEqual(['abc', 3])
  })

  it.each([
    ['a', 'bc'],
    ['b', 'ac'],
    ['c', 'ab'],
  ])('removes %s of abc', (name, rest) => {
    const list = new LinkedList<Entry>()
    const entries = [...'abc'].map(entry)
    for (const each of entries) list.add(each)
    const removed = entries.find((each) => each.name === name) ?? entry('x')
    expect([list.has(removed), list.remove(removed), list.has(removed)]).toEqual([true, true, false])
    expect([namesOf(list), list.size]).toEqual([rest, 2])
    list.add(removed)
    expect(namesOf(list)).toBe(rest + name)
  })

  it('takes an entry once, and removes it once', () => {
    const list = new LinkedList<Entry>()
    const one = entry('a')
    list.add(one)
    list.add(one)
    expect([namesOf(list), list.size]).toEqual(['a', 1])
    expect([list.remove(one), list.remove(one), list.size, namesOf(list)]).toEqual([true, false, 0, ''])
  })

  it('lets a loop remove the entry it is at', () => {
    const list = new LinkedList<Entry>()
    for (const name of 'abc') list.add(entry(name))
    const seen: string[] = []
    for (const each of list) {
      seen.push(each.name)
      list.remove(each)
    }
    expect([seen.join(''), list.size]).toEqual(['abc', 0])
  })

  it('holds what a Set holds after any additions and removals', () => {
    const list = new LinkedList<Entry>()
    const set = new Set<Entry>()
    const entries = [...'abcdef'].map(entry)
    let state = 1
    for (let step = 0; step < 2_000; step++) {
      state = (state * 48_271) % 2_147_483_647
      const one = entries[state % entries.length] ?? entry('x')
      if (state % 7 < 3) {
        list.add(one)
        set.add(one)
      } else expect(list.remove(one)).toBe(set.delete(one))
      expect(list.copy()).toEqual([...set])
      expect(list.size).toBe(set.size)
    }
  })
})
