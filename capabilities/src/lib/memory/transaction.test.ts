import { expect, it } from 'vitest'
import type { PutWrite } from '../transaction/changes.ts'
import { memoryDedupeDriver } from './dedupe.ts'
import { memoryKvDriver } from './kv.ts'
import { memoryQueueDriver } from './queue.ts'

const transaction = 'memory:test'

it('a commit in memory that one of its stores refuses leaves all of them as they were', () => {
  const dedupe = memoryDedupeDriver({ transaction })
  const kv = memoryKvDriver({ transaction, maxBytes: 20 })
  const queue = memoryQueueDriver({ transaction })
  const version = kv.put('a', 'old', { expiresAt: Date.now() + 60_000 })
  kv.put('b', 'gone', {})
  const put = (key: string, value: string): PutWrite => ({
    kind: 'put',
    store: kv,
    key,
    value,
    version: 'v',
    expiresAt: undefined,
    metadata: undefined,
  })
  dedupe.begin('t:k', 'token', 1000, 'f', {})
  const record = { key: 't:k', token: 'token', result: '1', ttlMs: 1000 }
  const writes = [
    { kind: 'send', store: queue, bodies: ['1'], delayMs: 0 },
    { kind: 'delete', store: kv, key: 'b' },
    put('a', 'new'),
    put('c', 'c'),
    put('d', 'more than there is room for'),
  ] as const
  expect(() => dedupe.commit?.(record, { reads: [], writes }, {})).toThrow(/the store is full/)
  expect(kv.get('a', {})).toMatchObject({ value: 'old', version })
  expect(kv.get('b', {})).toMatchObject({ value: 'gone' })
  expect(kv.list?.({ prefix: '', limit: 10 })).toMatchObject({ keys: [{ key: 'a' }, { key: 'b' }] })
  expect(queue.receive(10, 1000, {})).toEqual([])
  expect(dedupe.begin('t:k', 'other', 1000, 'f', {})).toMatchObject({ state: 'in_flight' })
  // The bytes that were taken back are free again.
  expect(dedupe.commit?.(record, { reads: [], writes: [put('a', '0123456789')] }, {})).toBe('committed')
})
