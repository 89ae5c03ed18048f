/** The suite can fail: each lying driver breaks one promise, and the cases named for it refuse the driver. */
import { describe, expect, it } from 'vitest'
import { createDedupeStore } from '../dedupe/dedupe-store.ts'
import type { DedupeDriver } from '../dedupe/driver.ts'
import { createKeyValue } from '../kv/key-value.ts'
import { memoryDedupeDriver } from '../memory/dedupe.ts'
import { memoryKvDriver } from '../memory/kv.ts'
import { memoryQueueDriver } from '../memory/queue.ts'
import { createQueue } from '../queue/queue.ts'
import type { Changes } from '../transaction/changes.ts'
import { runCase } from './conformance.ts'
import { dedupeCases, type DedupeHarness, openDedupeSubject } from './dedupe-conformance.ts'
import { LostAnswers } from './lost-answers.ts'
import type { ManualClock } from './manual-clock.ts'

type Lie = (honest: DedupeDriver, clock: ManualClock) => Partial<DedupeDriver>

const lost = new LostAnswers()

const lies: readonly { lie: string; caught: readonly string[]; as: Lie }[] = [
  {
    lie: 'looks first and writes later',
    caught: [
      'of 64 callers at once exactly one gets the key',
      'of 64 callers at once on 8 keys exactly one gets each key',
      'of 64 callers at once exactly one is fresh, the others find the key in flight',
      'a released key is fresh again, for one of 32 callers',
    ],
    as: () => {
      const records = new Set<string>()
      const takeSlowly = async (key: string) => {
        const free = !records.has(key)
        await Promise.resolve()
        records.add(key)
        return free
      }
      return {
        reserve: takeSlowly,
        begin: async (key, _token, _leaseMs, fingerprint) =>
          (await takeSlowly(key))
            ? { state: 'fresh', fence: 1 }
            : { state: 'in_flight', fingerprint, leaseEndsInMs: 1 },
        release: (key) => records.delete(key),
      }
    },
  },
  {
    lie: 'lets two of many take over an ended lease',
    caught: ['of 32 callers after the lease exactly one takes over'],
    as: (honest, clock) => {
      const ends = new Map<string, number>()
      let extra = 0
      return {
        begin: (key, token, leaseMs, fingerprint, call) => {
          const late = (ends.get(key) ?? Infinity) <= clock.monotonic()
          if (!late) ends.set(key, ends.get(key) ?? clock.monotonic() + leaseMs)
          else if (extra++ === 1) return { state: 'fresh', fence: 1 }
          return honest.begin(key, token, leaseMs, fingerprint, call)
        },
      }
    },
  },
  {
    lie: 'does not check tokens on complete',
    caught: [
      'a late complete is refused once another holds the key, and its result is not kept',
      'a token that is not the holder’s completes, renews and releases nothing',
      'forget ends a holder: its token is refused, the key is fresh',
    ],
    as: (honest) => {
      const holders = new Map<string, string>()
      return {
        begin: async (key, token, leaseMs, fingerprint, call) => {
          const begun = await honest.begin(key, token, leaseMs, fingerprint, call)
          if (begun.state === 'fresh') holders.set(key, token)
          return begun
        },
        complete: (key, token, result, ttlMs, call) =>
          honest.complete(key, holders.get(key) ?? token, result, ttlMs, call),
      }
    },
  },
  {
    lie: 'does not check tokens on release',
    caught: [
      'a late release or renew is refused once another holds the key, and frees nothing',
      'a token that is not the holder’s completes, renews and releases nothing',
    ],
    as: (honest) => ({
      release: async (key, _token, call) => {
        await honest.forget(key, call)
        return true
      },
    }),
  },
  {
    lie: 'says yes to every renewal and does nothing',
    caught: [
      'renew moves the end of the lease, counted from now',
      'a key nobody holds cannot be completed, renewed or released',
      'what is done is neither released nor renewed',
    ],
    as: () => ({ renew: () => true }),
  },
  {
    lie: 'adds a renewal to the lease instead of counting from now',
    caught: ['renew can shorten a lease'],
    as: (honest) => ({
      renew: (key, token, leaseMs, call) => honest.renew(key, token, leaseMs + 3_600_000, call),
    }),
  },
  {
    lie: 'keeps everything for ever',
    caught: [
      'after the time to live exactly one of 64 callers gets the key again',
      'a lease that has ended hands the key to a second holder',
      'a result is kept for its time to live, and then the key is fresh',
    ],
    as: (honest) => ({
      reserve: (key, token, _ttlMs, call) => honest.reserve(key, token, 1e12, call),
      begin: (key, token, _leaseMs, fingerprint, call) => honest.begin(key, token, 1e12, fingerprint, call),
      complete: (key, token, result, _ttlMs, call) => honest.complete(key, token, result, 1e12, call),
    }),
  },
  {
    lie: 'keeps results only as long as the lease',
    caught: ['a result outlives the lease it was made under'],
    as: (honest) => {
      const leases = new Map<string, number>()
      return {
        begin: (key, token, leaseMs, fingerprint, call) => {
          leases.set(key, leases.get(key) ?? leaseMs)
          return honest.begin(key, token, leaseMs, fingerprint, call)
        },
        complete: (key, token, result, ttlMs, call) =>
          honest.complete(key, token, result, Math.min(ttlMs, leases.get(key) ?? ttlMs), call),
      }
    },
  },
  {
    lie: 'ends records a millisecond late',
    caught: [
      'one millisecond before its end the key is taken; at its end it is free',
      'one millisecond before its end the lease holds; at its end it does not',
    ],
    as: (honest) => ({
      reserve: (key, token, ttlMs, call) => honest.reserve(key, token, ttlMs + 1, call),
      begin: (key, token, leaseMs, fingerprint, call) =>
        honest.begin(key, token, leaseMs + 1, fingerprint, call),
    }),
  },
  {
    lie: 'drops a holder as soon as its lease ends',
    caught: ['a late complete counts as long as nobody else has taken the key'],
    as: (honest, clock) => {
      const ends = new Map<string, number>()
      return {
        begin: (key, token, leaseMs, fingerprint, call) => {
          if ((ends.get(token) ?? 0) === 0) ends.set(token, clock.monotonic() + leaseMs)
          return honest.begin(key, token, leaseMs, fingerprint, call)
        },
        complete: (key, token, result, ttlMs, call) =>
          (ends.get(token) ?? Infinity) <= clock.monotonic()
            ? false
            : honest.complete(key, token, result, ttlMs, call),
      }
    },
  },
  {
    lie: 'extends the end for a caller who does not get the key',
    caught: ['a caller that does not get the key changes nothing about its end'],
    as: (honest) => ({
      reserve: async (key, token, ttlMs, call) => {
        if (await honest.reserve(key, token, ttlMs, call)) return true
        await honest.forget(key, call)
        await honest.reserve(key, token, ttlMs, call)
        return false
      },
    }),
  },
  {
    lie: 'forgets fingerprints',
    caught: [
      'another request under a key in flight is ConditionNotMatch with code IDEM099',
      'another request under a key that is done is ConditionNotMatch with code IDEM099',
    ],
    as: (honest) => ({
      begin: (key, token, leaseMs, _fingerprint, call) => honest.begin(key, token, leaseMs, '', call),
    }),
  },
  {
    lie: 'keeps the fingerprint of whoever takes an unknown key over',
    caught: [
      'whoever takes an unknown key over inherits the doubt and the request',
      'a key keeps its owner over takeovers, until another request takes it',
    ],
    as: (honest) => {
      const prints = new Map<string, string>()
      return {
        begin: async (key, token, leaseMs, fingerprint, call) => {
          const begun = await honest.begin(key, token, leaseMs, fingerprint, call)
          if (begun.state === 'fresh') prints.set(key, fingerprint)
          return begun.state === 'fresh' ? begun : { ...begun, fingerprint: prints.get(key) ?? fingerprint }
        },
      }
    },
  },
  {
    lie: 'loses the fingerprint when a key is taken over',
    caught: ['look shows the owner of a key, also after takeOver and when it is done'],
    as: (honest) => {
      const lostOf = new Set<string>()
      return {
        takeOver: async (key, token, leaseMs, over, call) => {
          const fence = (await honest.takeOver?.(key, token, leaseMs, over, call)) ?? null
          if (fence !== null) lostOf.add(key)
          return fence
        },
        look: async (key, call) => {
          const found = (await honest.look?.(key, call)) ?? { state: 'free' }
          return found.state === 'free' || !lostOf.has(key) ? found : { ...found, fingerprint: '' }
        },
      }
    },
  },
  {
    lie: 'cuts fingerprints after 16 characters',
    caught: ['fingerprints differ by case and space, and may hold any text'],
    as: (honest) => ({
      begin: async (key, token, leaseMs, fingerprint, call) => {
        const begun = await honest.begin(key, token, leaseMs, fingerprint.slice(0, 16), call)
        return begun.state === 'fresh' || !fingerprint.startsWith(begun.fingerprint)
          ? begun
          : { ...begun, fingerprint }
      },
    }),
  },
  {
    lie: 'compares fingerprints without regard to space and case',
    caught: ['fingerprints differ by case and space, and may hold any text'],
    as: (honest) => ({
      begin: async (key, token, leaseMs, fingerprint, call) => {
        const begun = await honest.begin(key, token, leaseMs, fingerprint, call)
        if (begun.state === 'fresh' || begun.fingerprint.trim() !== fingerprint.trim()) return begun
        return { ...begun, fingerprint }
      },
    }),
  },
  {
    lie: 'keeps the first request of a key for ever',
    caught: ['a key whose lease has ended takes another request, which is then the one it stands for'],
    as: (honest) => {
      const first = new Map<string, string>()
      return {
        begin: (key, token, leaseMs, fingerprint, call) => {
          first.set(key, first.get(key) ?? fingerprint)
          return honest.begin(key, token, leaseMs, first.get(key) ?? fingerprint, call)
        },
      }
    },
  },
  {
    lie: 'tells bytes and texts by the same name',
    caught: ['a text and its bytes are two keys'],
    as: (honest) => {
      const same = (key: string) =>
        key.startsWith('b:') ? `t:${atob(key.slice(2).replaceAll('-', '+').replaceAll('_', '/'))}` : key
      return { reserve: (key, token, ttlMs, call) => honest.reserve(same(key), token, ttlMs, call) }
    },
  },
  {
    lie: 'folds the case of keys',
    caught: ['keys that look alike, or that some store would change, are each their own'],
    as: (honest) => ({
      reserve: (key, token, ttlMs, call) => honest.reserve(key.toLowerCase(), token, ttlMs, call),
    }),
  },
  {
    lie: 'forgets by prefix',
    caught: ['forget frees the key, and only that one'],
    as: (honest) => {
      const keys = new Set<string>()
      return {
        reserve: (key, token, ttlMs, call) => {
          keys.add(key)
          return honest.reserve(key, token, ttlMs, call)
        },
        forget: async (key, call) => {
          for (const other of keys) if (other.startsWith(key)) await honest.forget(other, call)
        },
      }
    },
  },
  {
    lie: 'keeps results as ASCII',
    caught: ['any JSON value is found as it was recorded'],
    as: (honest) => ({
      complete: (key, token, result, ttlMs, call) =>
        honest.complete(key, token, result.replaceAll(/[^\x20-\x7e]/g, '?'), ttlMs, call),
    }),
  },
  {
    lie: 'cuts long results',
    caught: [
      'a result as large as the limit is kept; one byte more is LimitExceeded and leaves the key in flight',
    ],
    as: (honest) => ({
      complete: (key, token, result, ttlMs, call) =>
        honest.complete(key, token, result.length > 1000 ? `${result.slice(0, 1000)}"` : result, ttlMs, call),
    }),
  },
  {
    lie: 'lets a holder complete once only',
    caught: ['completing twice with the same token is true twice'],
    as: (honest) => {
      const completed = new Set<string>()
      return {
        complete: (key, token, result, ttlMs, call) => {
          if (completed.has(token)) return false
          completed.add(token)
          return honest.complete(key, token, result, ttlMs, call)
        },
      }
    },
  },
  {
    lie: 'reserves keys that are in flight',
    caught: ['a key that is being worked on, or done, cannot be reserved'],
    as: (honest) => {
      const reserved = memoryDedupeDriver()
      return {
        reserve: reserved.reserve.bind(reserved),
        forget: (key, call) =>
          Promise.all([honest.forget(key, call), reserved.forget(key, call)]).then(() => undefined),
      }
    },
  },
  {
    lie: 'suggests to wait for an hour after the lease',
    caught: ['one millisecond before its end the lease holds; at its end it does not'],
    as: (honest) => ({
      begin: async (key, token, leaseMs, fingerprint, call) => {
        const begun = await honest.begin(key, token, leaseMs, fingerprint, call)
        return begun.state === 'in_flight'
          ? { ...begun, leaseEndsInMs: begun.leaseEndsInMs + 3_600_000 }
          : begun
      },
    }),
  },
  {
    lie: 'states to be atomic over an eventually consistent store',
    caught: ['atomic reservations come with strong consistency'],
    as: (honest) => ({ info: { ...honest.info, consistency: 'eventual' } }),
  },
  {
    lie: 'frees every key when its lease ends',
    caught: [
      'a started key whose lease has ended is unknown to everybody, with the fence of its holder',
      'the effect may begin later: renew with started makes the key unknown when its lease ends',
    ],
    as: (honest) => ({
      begin: (key, token, leaseMs, fingerprint, call) =>
        honest.begin(key, token, leaseMs, fingerprint, { ...call, started: false }),
      renew: (key, token, leaseMs) => honest.renew(key, token, leaseMs, {}),
    }),
  },
  {
    lie: 'hands an unknown key to whoever names any fence',
    caught: ['a fence that is not the last holder’s takes nothing over'],
    as: (honest) => {
      const fences = new Map<string, number>()
      return {
        begin: async (key, token, leaseMs, fingerprint, call) => {
          const over = call.over === undefined ? {} : { over: fences.get(key) ?? call.over }
          const begun = await honest.begin(key, token, leaseMs, fingerprint, { ...call, ...over })
          if (begun.state === 'fresh') fences.set(key, begun.fence)
          return begun
        },
      }
    },
  },
  {
    lie: 'forgets that an effect began when the key is taken over',
    caught: ['whoever takes an unknown key over inherits the doubt and the request'],
    as: (honest) => ({
      begin: async (key, token, leaseMs, fingerprint, call) => {
        const begun = await honest.begin(key, token, leaseMs, fingerprint, call)
        if (call.over === undefined || begun.state !== 'fresh') return begun
        await honest.forget(key, call)
        const again = await honest.begin(key, token, leaseMs, fingerprint, { started: false })
        return again.state === 'fresh' ? { ...again, fence: begun.fence } : again
      },
    }),
  },
  {
    lie: 'counts fences from 1 for every key that is new to it',
    caught: ['fences grow with every holder, over takeover, release, forget and expiry'],
    as: (honest) => {
      const fences = new Map<string, number>()
      return {
        begin: async (key, token, leaseMs, fingerprint, call) => {
          const begun = await honest.begin(key, token, leaseMs, fingerprint, call)
          if (begun.state !== 'fresh') return begun
          fences.set(key, (fences.get(key) ?? 0) + 1)
          return { ...begun, fence: fences.get(key) ?? 1 }
        },
        release: (key, token, call) => {
          fences.delete(key)
          return honest.release(key, token, call)
        },
      }
    },
  },
  {
    lie: 'drops unknown keys after a day',
    caught: ['unknown keys are kept however long nobody settles them, among many that expire'],
    as: (honest, clock) => {
      const ends = new Map<string, number>()
      return {
        begin: async (key, token, leaseMs, fingerprint, call) => {
          if ((ends.get(key) ?? Infinity) + 86_400_000 < clock.monotonic()) await honest.forget(key, call)
          const begun = await honest.begin(key, token, leaseMs, fingerprint, call)
          if (begun.state === 'fresh') ends.set(key, clock.monotonic() + leaseMs)
          return begun
        },
      }
    },
  },
  {
    lie: 'lists every key in flight as unknown',
    caught: ['unknowns lists exactly the unknown keys, texts and bytes, a page at a time'],
    as: (honest) => {
      const begun = new Map<string, number>()
      return {
        begin: async (key, token, leaseMs, fingerprint, call) => {
          const found = await honest.begin(key, token, leaseMs, fingerprint, call)
          if (found.state === 'fresh') begun.set(key, found.fence)
          return found
        },
        unknowns: (cursor, limit) => {
          const from = cursor === null ? 0 : Number(cursor)
          const page = [...begun].slice(from, from + limit)
          const keys = page.map(([key, fence]) => ({ key, fence, sinceMs: 0 }))
          return { keys, cursor: from + limit < begun.size ? String(from + limit) : null }
        },
      }
    },
  },
  {
    lie: 'hands over an unknown key whatever fence was seen',
    caught: ['takeOver leaves a key that is free, in flight, done, or has another fence, as it is'],
    as: (honest) => ({
      takeOver: async (key, token, leaseMs, over, call) => {
        const found = await honest.look?.(key, call)
        const seen = found?.state === 'unknown' ? found.fence : over
        return (await honest.takeOver?.(key, token, leaseMs, seen, call)) ?? null
      },
    }),
  },
  {
    lie: 'takes a free key when asked to take one over',
    caught: ['takeOver leaves a key that is free, in flight, done, or has another fence, as it is'],
    as: (honest) => ({
      takeOver: async (key, token, leaseMs, over, call) => {
        const begun = await honest.begin(key, token, leaseMs, 'f', { ...call, started: true, over })
        return begun.state === 'fresh' ? begun.fence : null
      },
    }),
  },
  {
    lie: 'shows unknown keys as in flight',
    caught: ['look shows a key that is free, in flight, unknown or done, and takes nothing'],
    as: (honest) => ({
      look: async (key, call) => {
        const found = (await honest.look?.(key, call)) ?? { state: 'free' }
        if (found.state !== 'unknown') return found
        const { fingerprint, fence } = found
        return { state: 'in_flight', fingerprint, fence, leaseEndsInMs: 1 }
      },
    }),
  },
  {
    lie: 'states to be durable and loses everything when it is opened again',
    caught: ['a durable store keeps reservations, holders and results when it is opened again'],
    as: (honest) => ({ info: { ...honest.info, durability: 'durable' } }),
  },
  {
    lie: 'says that a reservation whose answer was lost was not applied',
    caught: ['a step whose answer is lost does not say that it was not applied'],
    as: (honest) => ({
      reserve: (key, token, ttlMs, call) => lost.of(honest.reserve(key, token, ttlMs, call), 'no'),
    }),
  },
  {
    lie: 'says that a result whose answer was lost was not applied',
    caught: ['a step whose answer is lost does not say that it was not applied'],
    as: (honest) => ({
      complete: (key, token, result, ttlMs, call) =>
        lost.of(honest.complete(key, token, result, ttlMs, call), 'no'),
    }),
  },
  {
    lie: 'says that a holder whose answer was lost was not applied',
    caught: ['a step whose answer is lost does not say that it was not applied'],
    as: (honest) => ({
      begin: (key, token, leaseMs, fingerprint, call) =>
        lost.of(honest.begin(key, token, leaseMs, fingerprint, call), 'no'),
    }),
  },
  {
    lie: 'commits without looking at what was read',
    caught: [
      'a commit is refused when an entry or a page that was read has changed, and writes nothing',
      '24 transactions that count up one entry at once lose no count',
    ],
    as: (honest) => ({
      commit: (record, { writes }, call) => honestly(honest).commit(record, { reads: [], writes }, call),
    }),
  },
  {
    lie: 'checks the entries that were read and not the pages',
    caught: ['a commit is refused when an entry or a page that was read has changed, and writes nothing'],
    as: (honest) => ({
      commit: (record, { reads, writes }, call) => {
        const entries = reads.filter(({ kind }) => kind === 'entry')
        return honestly(honest).commit(record, { reads: entries, writes }, call)
      },
    }),
  },
  {
    lie: 'checks what was read a moment before it writes',
    caught: ['24 transactions that count up one entry at once lose no count'],
    as: (honest) => ({
      commit: async (record, { reads, writes }, call) => {
        for (const read of reads)
          if (
            read.kind === 'entry' &&
            ((await read.store.get(read.key, {}))?.version ?? null) !== read.version
          )
            return 'conflict'
        await Promise.resolve()
        return honestly(honest).commit(record, { reads: [], writes }, call)
      },
    }),
  },
  {
    lie: 'writes before it looks whether the token is the holder’s',
    caught: [
      'a commit is refused once another holds the key, and writes nothing',
      'a commit is refused when an entry or a page that was read has changed, and writes nothing',
      'a second commit with the same token changes nothing and is confirmed',
    ],
    as: (honest) => ({
      commit: async (record, changes, call) => {
        await writeByItself(changes)
        return honestly(honest).commit(record, { ...changes, writes: [] }, call)
      },
    }),
  },
  {
    lie: 'records the result and leaves the messages out',
    caught: [
      'a commit writes the record, the entries and the messages; before it nobody sees any of them',
      'a second commit with the same token changes nothing and is confirmed',
    ],
    as: (honest) => ({
      commit: (record, { reads, writes }, call) => {
        const entries = writes.filter(({ kind }) => kind !== 'send')
        return honestly(honest).commit(record, { reads, writes: entries }, call)
      },
    }),
  },
  {
    lie: 'records the begin of an effect and makes its writes after it, whoever holds the key',
    caught: ['a start is refused once another holds the key or it is done, and writes nothing'],
    as: (honest) => ({
      start: async (record, changes, call) => {
        const { state } = await starting(honest)(record, { ...changes, writes: [] }, call)
        if (state !== 'conflict') await writeByItself(changes)
        return state === 'started' ? starting(honest)(record, nothing, call) : { state }
      },
    }),
  },
  {
    lie: 'records the begin of an effect though its condition does not hold',
    caught: ['a start whose condition does not hold writes nothing and records no begin'],
    as: (honest) => ({
      start: async (record, changes, call) => {
        const { key, token, leaseMs } = record
        const outcome = await starting(honest)(record, changes, call)
        if (outcome.state === 'conflict') await honest.renew(key, token, leaseMs, { started: true })
        return outcome
      },
    }),
  },
  {
    lie: 'makes the writes and does not record the begin of the effect',
    caught: ['a start records the begin with the entries and the messages, whose ids it gives'],
    as: (honest) => ({
      start: async (record, changes, call) => {
        const { key, token, leaseMs } = record
        if (!(await honest.renew(key, token, leaseMs, call))) return { state: 'fenced' }
        const outcome = await starting(honest)(record, { ...changes, writes: [] }, call)
        if (outcome.state === 'started') await writeByItself(changes)
        return outcome
      },
    }),
  },
  {
    lie: 'makes the writes and leaves the record out',
    caught: [
      'a commit writes the record, the entries and the messages; before it nobody sees any of them',
      'a second commit with the same token changes nothing and is confirmed',
    ],
    as: () => ({
      commit: async (_record, changes) => {
        await writeByItself(changes)
        return 'committed' as const
      },
    }),
  },
  {
    lie: 'writes entries under versions of its own',
    caught: ['a commit writes the record, the entries and the messages; before it nobody sees any of them'],
    as: (honest) => ({
      commit: (record, { reads, writes }, call) => {
        const others = writes.map((write, index) =>
          write.kind === 'put' ? { ...write, version: `other-${index}` } : write,
        )
        return honestly(honest).commit(record, { reads, writes: others }, call)
      },
    }),
  },
]

/** The honest driver, which has a commit. */
function honestly(driver: DedupeDriver): DedupeDriver & Required<Pick<DedupeDriver, 'commit'>> {
  if (driver.commit === undefined) throw new TypeError('the honest driver states a transaction')
  return Object.assign(driver, { commit: driver.commit })
}

/** Makes the writes one by one, outside any transaction. */
function starting({ start }: DedupeDriver): NonNullable<DedupeDriver['start']> {
  return start ?? expect.fail('the memory driver records begins with writes')
}

const nothing: Changes = { reads: [], writes: [] }

async function writeByItself({ writes }: Changes): Promise<void> {
  for (const write of writes) {
    if (write.kind === 'send') await write.store.send(write.bodies, write.delayMs, {})
    else if (write.kind === 'put') await write.store.put(write.key, write.value, {})
    else await write.store.delete(write.key, {})
  }
}

describe('dedupeConformance', () => {
  it('has no case that refuses an honest driver', async () => {
    expect(await failures(() => ({}))).toEqual([])
  })

  it.each(lies)('refuses a driver that $lie', async ({ as, caught }) => {
    expect(await failures(as)).toEqual(expect.arrayContaining([...caught]))
  })

  it('has at least 25 cases, each under a name of its own', () => {
    const names = dedupeCases.flatMap(({ cases }) => cases.map(({ name }) => name))
    expect(new Set(names).size).toBe(names.length)
    expect(names.length).toBeGreaterThanOrEqual(25)
  })
})

/** Names of the cases that refuse the driver. */
async function failures(as: Lie): Promise<string[]> {
  const transaction = 'memory:test'
  const open = (clock: ManualClock) => {
    const honest = memoryDedupeDriver({ clock, transaction })
    return createDedupeStore({ ...bound(honest), ...as(honest, clock) })
  }
  const failed: string[] = []
  for (const one of dedupeCases.flatMap(({ cases }) => cases)) {
    const harness = (clock: ManualClock): DedupeHarness => ({
      clock: 'manual',
      loseAnswers: lost.loseAnswers,
      open: () => ({
        dedupe: open(clock),
        beside: {
          kv: createKeyValue(memoryKvDriver({ clock, transaction }), { clock }),
          queue: createQueue(memoryQueueDriver({ clock, transaction })),
        },
        reopen: () => open(clock),
      }),
    })
    await runCase(one, (clock) => openDedupeSubject(harness(clock), clock)).catch(() => failed.push(one.name))
  }
  return failed
}

function bound(driver: DedupeDriver): DedupeDriver {
  return {
    info: driver.info,
    reserve: driver.reserve.bind(driver),
    begin: driver.begin.bind(driver),
    complete: driver.complete.bind(driver),
    release: driver.release.bind(driver),
    renew: driver.renew.bind(driver),
    forget: driver.forget.bind(driver),
    ...(driver.unknowns && { unknowns: driver.unknowns.bind(driver) }),
    ...(driver.look && { look: driver.look.bind(driver) }),
    ...(driver.takeOver && { takeOver: driver.takeOver.bind(driver) }),
    ...(driver.commit && { commit: driver.commit.bind(driver) }),
    ...(driver.start && { start: driver.start.bind(driver) }),
  }
}
