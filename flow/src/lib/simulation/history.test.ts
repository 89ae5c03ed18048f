import { CapabilityError } from '@flowport/capabilities'
import { ManualClock } from '@flowport/capabilities/testing'
import { describe, expect, it } from 'vitest'
import { History } from './history.ts'

function recorded() {
  const clock = new ManualClock()
  const history = new History(clock)
  const call = (operation: string, args: readonly unknown[], sender = 'process 1', store = 'kv') =>
    history.follow(store, operation, args, sender)
  return {
    clock,
    history,
    call,
    put: (value: string, version: string) => call('put', ['note', value, {}])?.answered(version),
    get: (value: string, version: string) => call('get', ['note', {}])?.answered({ value, version }),
  }
}

describe('the history of a key-value store', () => {
  it('shows a read that answers what was there before the last write', () => {
    const { history, put, get } = recorded()
    put('old', '1')
    put('new', '2')
    get('old', '1')
    expect(history.violation()).toMatch(/no order of these operations on "kv note".*put "t:new".*get/s)
  })

  it('lets a write whose answer was lost happen at any time, and one that was refused never', () => {
    const { history, call, put, get } = recorded()
    put('first', '1')
    call('put', ['note', 'late', {}], 'process 2')
    get('first', '1')
    get('late', '2')
    expect(history.violation()).toBeNull()
    const refused = call('put', ['note', 'refused', {}])
    refused?.failed(new CapabilityError('Unavailable', 'no connection', { applied: 'no' }))
    get('refused', '3')
    expect(history.violation()).toContain('refused')
  })

  it('sees bulk calls key by key, and refused conditions', () => {
    const { history, call } = recorded()
    const entry = { value: 'x', version: '1' }
    call('put', ['a', 'x', { ifAbsent: true }])?.answered('1')
    call('put', ['a', 'y', { ifAbsent: true }])?.failed(new CapabilityError('AlreadyExists', 'there'))
    call('getMany', [['a', 'b'], {}])?.answered(new Map([['a', entry]]))
    call('deleteMany', [['a'], {}])?.answered(undefined)
    expect(history.violation()).toBeNull()
    call('get', ['a', {}])?.answered(entry)
    expect(history.violation()).not.toBeNull()
  })

  it('judges no key that has an expiry', () => {
    const { history, call, get } = recorded()
    call('put', ['note', 'short', { expiresAt: 5 }])
    get('anything', '9')
    expect(history.violation()).toBeNull()
  })
})

describe('the history of a ledger', () => {
  const begin = (token: string) => ['key', token, 1000, 'print', { started: true }]

  it('shows a key with two holders', () => {
    const { history, call } = recorded()
    call('begin', begin('one'), 'process 1', 'dedupe')?.answered({ state: 'fresh', fence: 1 })
    call('begin', begin('two'), 'process 2', 'dedupe')?.answered({ state: 'fresh', fence: 2 })
    expect(history.violation()).toMatch(/on "dedupe key"/)
  })

  it('lets a repeated begin find the key that its first call took, and a copy arrive later', async () => {
    const { history, call, clock } = recorded()
    call('begin', begin('one'), 'process 1', 'dedupe')
    await clock.advance(50)
    const again = call('begin', begin('one'), 'process 1', 'dedupe')
    again?.copied()
    again?.answered({ state: 'fresh', fence: 1 })
    call('renew', ['key', 'one', 1000, {}], 'process 1', 'dedupe')?.answered(true)
    call('release', ['key', 'one'], 'process 1', 'dedupe')?.answered(true)
    // The copy has taken the key anew.
    const late = call('begin', begin('two'), 'process 2', 'dedupe')
    late?.answered({ state: 'in_flight', fingerprint: 'print', leaseEndsInMs: 900 })
    expect(history.violation()).toBeNull()
  })

  it('shows a result that was lost', () => {
    const { history, call } = recorded()
    call('begin', begin('one'), 'process 1', 'dedupe')?.answered({ state: 'fresh', fence: 1 })
    call('complete', ['key', 'one', '1', 60_000], 'process 1', 'dedupe')?.answered(true)
    call('begin', begin('two'), 'process 2', 'dedupe')?.answered({ state: 'fresh', fence: 2 })
    expect(history.violation()).not.toBeNull()
  })
})
