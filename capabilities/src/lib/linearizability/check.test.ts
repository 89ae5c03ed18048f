import { describe, expect, it } from 'vitest'
import { checkLinearizable } from './check.ts'
import { type KvInput, kvModel, type KvOperation, type KvOutput } from './kv-model.ts'

/** An operation on one key, over the events from `calledAt` to `returnedAt`. */
function operation(
  calledAt: number,
  returnedAt: number,
  input: KvInput,
  output: KvOutput | null,
  key = 'key',
): KvOperation {
  return { client: 0, key, input, output, calledAt, returnedAt, startMs: calledAt, endMs: returnedAt }
}

const put = (calledAt: number, returnedAt: number, value: string, key?: string) =>
  operation(calledAt, returnedAt, { call: 'put', value }, { answer: 'written', version: value }, key)
const lostPut = (calledAt: number, value: string) =>
  operation(calledAt, Infinity, { call: 'put', value }, null)
const create = (calledAt: number, returnedAt: number, value: string, output: KvOutput) =>
  operation(calledAt, returnedAt, { call: 'put', value, ifAbsent: true }, output)
const get = (calledAt: number, returnedAt: number, value: string | null, key?: string) =>
  operation(calledAt, returnedAt, { call: 'get' }, { answer: 'value', value, version: value }, key)
const written = (version: string): KvOutput => ({ answer: 'written', version })

function verdict(...history: readonly KvOperation[]): string {
  return checkLinearizable(kvModel, history).verdict
}

describe('checkLinearizable', () => {
  it('accepts an order that the calls and answers allow', () => {
    expect(verdict()).toBe('linearizable')
    expect(verdict(put(1, 2, 'a'), get(3, 4, 'a'))).toBe('linearizable')
    // Both puts overlap the read: either may come last.
    expect(verdict(put(1, 9, 'a'), put(2, 8, 'b'), get(3, 4, 'b'), get(5, 6, 'a'))).toBe('linearizable')
  })

  it('refuses a read of a value that was overwritten before the read began', () => {
    expect(verdict(put(1, 2, 'a'), put(3, 4, 'b'), get(5, 6, 'a'))).toBe('violation')
  })

  it('refuses two reads that see two overlapping writes in turn, and then the first again', () => {
    const history = [put(1, 20, 'a'), put(2, 21, 'b'), get(3, 4, 'a'), get(5, 6, 'b'), get(7, 8, 'a')]
    expect(verdict(...history)).toBe('violation')
  })

  it('refuses two winners of ifAbsent', () => {
    const won = [create(1, 4, 'a', written('a')), create(2, 3, 'b', written('b'))]
    expect(verdict(...won)).toBe('violation')
    expect(verdict(create(1, 4, 'a', written('a')), create(2, 3, 'b', { answer: 'refused' }))).toBe(
      'linearizable',
    )
  })

  it('lets a write whose answer was lost happen late, or never, but only once', () => {
    expect(verdict(lostPut(1, 'a'), get(2, 3, null))).toBe('linearizable')
    expect(verdict(lostPut(1, 'a'), get(2, 3, null), get(4, 5, 'a'))).toBe('linearizable')
    expect(verdict(lostPut(1, 'a'), get(2, 3, 'a'), put(4, 5, 'b'), get(6, 7, 'a'))).toBe('violation')
    expect(verdict(lostPut(4, 'a'), get(1, 2, 'a'))).toBe('violation')
  })

  it('checks keys apart from each other', () => {
    expect(verdict(put(1, 2, 'a', 'one'), get(3, 4, null, 'two'))).toBe('linearizable')
    const found = checkLinearizable(kvModel, [put(1, 2, 'a', 'one'), get(3, 4, 'a', 'two')])
    expect(found).toMatchObject({ verdict: 'violation', key: 'two' })
  })

  it('shows only the operations that prove the violation, and how they overlap', () => {
    const before = Array.from({ length: 40 }, (_, i) => put(i * 2 + 1, i * 2 + 2, `old ${i}`))
    const after = Array.from({ length: 40 }, (_, i) => get(i * 2 + 201, i * 2 + 202, 'b'))
    const wrong = [put(101, 102, 'a'), put(104, 105, 'b'), get(107, 108, 'a')]
    const found = checkLinearizable(kvModel, [...before, ...wrong, ...after])
    expect(found).toMatchObject({ verdict: 'violation' })
    if (found.verdict !== 'violation') return
    expect(found.operations).toEqual([put(104, 105, 'b'), get(107, 108, 'a')])
    expect(found.text).toBe(
      [
        'no order of these operations on "key" explains their answers:',
        '  caller 0, events 1 to 2: put "b" → written, version "b"',
        '  caller 0, events 3 to 4: get → "a", version "a"',
      ].join('\n'),
    )
  })

  it('says so when a history is too concurrent to decide within its steps', () => {
    const puts = Array.from({ length: 24 }, (_, i) => put(i + 1, 1000 + i, `value ${i}`))
    const found = checkLinearizable(kvModel, [...puts, get(2000, 2001, 'never written')], { maxSteps: 5_000 })
    expect(found).toMatchObject({ verdict: 'undecided', key: 'key' })
    if (found.verdict === 'undecided')
      expect(found.text).toMatch(/too concurrent.*25 operations, up to 24 at once/)
  })
})
