/** The suite can fail: each lying driver breaks one promise, and the cases named for it refuse the driver. */
import { describe, expect, it } from 'vitest'
import { memoryQueueDriver } from '../memory/queue.ts'
import type { QueueDriver, StoredMessage } from '../queue/driver.ts'
import { createQueue } from '../queue/queue.ts'
import { runCase } from './conformance.ts'
import { LostAnswers } from './lost-answers.ts'
import type { ManualClock } from './manual-clock.ts'
import { openQueueSubject, queueCases, type QueueHarness } from './queue-conformance.ts'

type Lie = (honest: QueueDriver, clock: ManualClock) => Partial<QueueDriver>

const lost = new LostAnswers()

const lies: readonly { lie: string; caught: readonly string[]; as: Lie }[] = [
  {
    lie: 'hands out a message to everybody who asks at once',
    caught: [
      '32 receivers at once get each of 200 messages once',
      '32 receivers that race for one message: one gets it',
    ],
    as: () => {
      const messages: StoredMessage[] = []
      return {
        send: (bodies) =>
          bodies.map((body) => String(messages.push(stored(String(messages.length + 1), body)))),
        receive: async (limit) => {
          const taken = messages.slice(0, limit)
          await Promise.resolve()
          for (const message of taken) {
            const at = messages.indexOf(message)
            if (at >= 0) messages.splice(at, 1)
          }
          return taken
        },
      }
    },
  },
  {
    lie: 'delivers now and then twice',
    caught: [
      'messages come in the order they were sent',
      '32 receivers at once get each of 200 messages once',
    ],
    as: (honest) => {
      let last: StoredMessage | undefined
      let calls = 0
      return {
        receive: async (limit, leaseMs, call) => {
          const taken = await honest.receive(limit, leaseMs, call)
          calls += 1
          if (last !== undefined && calls % 3 === 0 && taken.length > 0)
            return [last, ...taken].slice(0, limit + 1)
          last = taken.at(-1) ?? last
          return taken
        },
      }
    },
  },
  {
    lie: 'hands out the newest first',
    caught: [
      'messages come in the order they were sent',
      'a thousand messages keep their order',
      'a batch larger than the store takes at once arrives all the same',
    ],
    as: (honest, clock) => {
      const newest = memoryQueueDriver({ clock, ordering: 'unordered' })
      return { ...bound(newest), info: honest.info }
    },
  },
  {
    lie: 'ignores delays',
    caught: [
      'a delayed message is not received before its time',
      'retry with a delay gives it back after that',
    ],
    as: (honest) => ({
      send: (bodies, _delayMs, call) => honest.send(bodies, 0, call),
      retry: (id, receipt, _delayMs, call) => honest.retry(id, receipt, 0, call),
    }),
  },
  {
    lie: 'ends leases and delays a millisecond late',
    caught: [
      'one millisecond before its time it is not there; at its time it is',
      'one millisecond before its end the lease holds; at its end the message is there again',
    ],
    as: (honest) => ({
      send: (bodies, delayMs, call) => honest.send(bodies, delayMs && delayMs + 1, call),
      receive: (limit, leaseMs, call) => honest.receive(limit, leaseMs + 1, call),
    }),
  },
  {
    lie: 'never gives back what was leased',
    caught: [
      'a message whose lease has ended comes again, as the next attempt, under another receipt',
      'every lease that ends is a chance for one receiver only',
    ],
    as: (honest) => ({ receive: (limit, _leaseMs, call) => honest.receive(limit, 1e12, call) }),
  },
  {
    lie: 'has no leases',
    caught: ['a message that is leased is not given to another receiver'],
    as: (honest) => ({
      receive: async (limit, leaseMs, call) => {
        const taken = await honest.receive(limit, leaseMs, call)
        for (const { id, receipt } of taken) await honest.retry(id, receipt, 0, call)
        return taken
      },
    }),
  },
  {
    lie: 'acks by id, whoever asks',
    caught: [
      'ack and retry are false once the lease has passed to another, and change nothing for it',
      'a receipt that was never given acks and retries nothing',
    ],
    as: (honest) => {
      const receipts = new Map<string, string>()
      return {
        receive: async (limit, leaseMs, call) => {
          const taken = await honest.receive(limit, leaseMs, call)
          for (const { id, receipt } of taken) receipts.set(id, receipt)
          return taken
        },
        ack: (id, receipt, call) => honest.ack(id, receipts.get(id) ?? receipt, call),
      }
    },
  },
  {
    lie: 'says yes to every ack and keeps the message',
    caught: [
      'a message that was acked does not come again',
      'a second ack is false, and so is retry after ack',
    ],
    as: () => ({ ack: () => true }),
  },
  {
    lie: 'counts every delivery as the first',
    caught: [
      'a message whose lease has ended comes again, as the next attempt, under another receipt',
      'retry gives the message back at once, as the next attempt',
    ],
    as: (honest) => ({
      receive: async (limit, leaseMs, call) =>
        (await honest.receive(limit, leaseMs, call)).map((message) => ({ ...message, attempt: 1 })),
    }),
  },
  {
    lie: 'uses one receipt for all deliveries of a message',
    caught: ['a message whose lease has ended comes again, as the next attempt, under another receipt'],
    as: (honest) => {
      const real = new Map<string, string>()
      return {
        receive: async (limit, leaseMs, call) =>
          (await honest.receive(limit, leaseMs, call)).map((message) => {
            real.set(message.id, message.receipt)
            return { ...message, receipt: message.id }
          }),
        ack: (id, _receipt, call) => honest.ack(id, real.get(id) ?? '', call),
        retry: (id, _receipt, delayMs, call) => honest.retry(id, real.get(id) ?? '', delayMs, call),
      }
    },
  },
  {
    lie: 'sends a retried message to the end of the queue',
    caught: ['a message that comes again comes in its old place'],
    as: (honest, clock) => {
      const live = new Map<string, { readonly message: StoredMessage; readonly endsAt: number }>()
      return {
        receive: async (limit, leaseMs, call) => {
          for (const [id, { message, endsAt }] of live) {
            if (endsAt > clock.monotonic()) continue
            live.delete(id)
            await honest.ack(id, message.receipt, call)
            await honest.send([message.body], 0, call)
          }
          const taken = await honest.receive(limit, 1e9, call)
          for (const message of taken) live.set(message.id, { message, endsAt: clock.monotonic() + leaseMs })
          return taken
        },
      }
    },
  },
  {
    lie: 'takes more than was asked for',
    caught: ['one message is taken unless more are asked for, and never more than there are'],
    as: (honest) => ({ receive: (limit, leaseMs, call) => honest.receive(limit + 1, leaseMs, call) }),
  },
  {
    lie: 'stores part of a batch',
    caught: ['a batch gives an id for each body, in order'],
    as: (honest) => ({ send: (bodies, delayMs, call) => honest.send(bodies.slice(0, 2), delayMs, call) }),
  },
  {
    lie: 'names the messages of a batch in the wrong order',
    caught: ['a batch gives an id for each body, in order'],
    as: (honest) => ({
      send: async (bodies, delayMs, call) => (await honest.send(bodies, delayMs, call)).toReversed(),
    }),
  },
  {
    lie: 'gives all messages of a batch one id',
    caught: ['every message has an id of its own'],
    as: (honest) => ({
      send: async (bodies, delayMs, call) => {
        const ids = await honest.send(bodies, delayMs, call)
        return ids.map(() => ids[0] ?? '')
      },
    }),
  },
  {
    lie: 'keeps bodies as ASCII',
    caught: ['any JSON value arrives as it was sent'],
    as: (honest) => ({
      send: (bodies, delayMs, call) =>
        honest.send(
          bodies.map((body) => body.replaceAll(/[^\x20-\x7e]/g, '?')),
          delayMs,
          call,
        ),
    }),
  },
  {
    lie: 'tells the time of delivery as that of sending',
    caught: ['a message tells when it was sent, also when it is received later'],
    as: (honest, clock) => ({
      receive: async (limit, leaseMs, call) =>
        (await honest.receive(limit, leaseMs, call)).map((message) => ({ ...message, sentAt: clock.now() })),
    }),
  },
  {
    lie: 'lets a delayed message hold up the others',
    caught: ['a delayed message does not hold up those after it'],
    as: (honest) => {
      let held = false
      return {
        send: (bodies, delayMs, call) => {
          held ||= delayMs > 0
          return honest.send(bodies, delayMs, call)
        },
        receive: (limit, leaseMs, call) => (held ? [] : honest.receive(limit, leaseMs, call)),
      }
    },
  },
  {
    lie: 'retries for ever',
    caught: [
      'a message retried past the attempts is set aside, as it was sent',
      'a message whose last lease ends is set aside',
      'a poisoned message does not hold up the others',
    ],
    as: (honest, clock) => ({ ...bound(memoryQueueDriver({ clock, maxAttempts: 1e9 })), info: honest.info }),
  },
  {
    lie: 'says that it renewed a lease, and does not',
    caught: ['renew extends the lease from now, under the same receipt and attempt'],
    as: () => ({ renew: () => true }),
  },
  {
    lie: 'renews for whoever asks',
    caught: ['renew is false for a message that was settled or went to another, and changes nothing for it'],
    as: (honest) => ({
      renew: async (id, receipt, leaseMs, call) => {
        await honest.renew?.(id, receipt, leaseMs, call)
        return true
      },
    }),
  },
  {
    lie: 'drops what is rejected',
    caught: ['a rejected message is set aside at once, as it was sent, and does not come back'],
    as: (honest) => ({ reject: honest.ack }),
  },
  {
    lie: 'rejects for whoever asks, whatever the receipt',
    caught: ['a rejected message is set aside at once, as it was sent, and does not come back'],
    as: (honest) => ({
      reject: async (id, receipt, call) => {
        await honest.reject?.(id, receipt, call)
        return true
      },
    }),
  },
  {
    lie: 'drops what failed too often',
    caught: ['a message retried past the attempts is set aside, as it was sent'],
    as: () => ({ deadLetters: () => [] }),
  },
  {
    lie: 'hands out dead letters newest first',
    caught: ['dead letters come oldest first, as many as asked for, and stay'],
    as: (honest) => ({
      deadLetters: async (limit, call) =>
        ((await honest.deadLetters?.(100, call)) ?? []).toReversed().slice(0, limit),
    }),
  },
  {
    lie: 'counts letters that it does not move',
    caught: ['calls at the same time move each letter once and count it once'],
    as: () => ({ redrive: () => 1 }),
  },
  {
    lie: 'forgets why messages failed',
    caught: ['dead letters are listed with time, attempts, error and size'],
    as: (honest) => ({ reject: (id, receipt) => honest.reject?.(id, receipt, {}) ?? false }),
  },
  {
    lie: 'states to be durable and loses everything when it is opened again',
    caught: ['a durable queue keeps messages, attempts and leases when it is opened again'],
    as: (honest) => ({ info: { ...honest.info, durability: 'durable' } }),
  },
  {
    lie: 'states to deliver at most once and does it again',
    caught: ['a queue that delivers at most once never hands out a message twice'],
    as: (honest) => ({ info: { ...honest.info, delivery: 'at_most_once' } }),
  },
  {
    lie: 'says that a message whose answer was lost was not applied',
    caught: ['a message whose answer is lost does not say that it was not applied'],
    as: (honest) => ({ send: (bodies, delayMs, call) => lost.of(honest.send(bodies, delayMs, call), 'no') }),
  },
]

describe('queueConformance', () => {
  it('has no case that refuses an honest driver', async () => {
    expect(await failures(() => ({}))).toEqual([])
  })

  it.each(lies)('refuses a driver that $lie', async ({ as, caught }) => {
    expect(await failures(as)).toEqual(expect.arrayContaining([...caught]))
  })

  it('has at least 25 cases, each under a name of its own', () => {
    const names = queueCases.flatMap(({ cases }) => cases.map(({ name }) => name))
    expect(new Set(names).size).toBe(names.length)
    expect(names.length).toBeGreaterThanOrEqual(25)
  })
})

/** Names of the cases that refuse the driver. */
async function failures(as: Lie): Promise<string[]> {
  const open = (clock: ManualClock) => {
    const honest = memoryQueueDriver({ clock })
    return createQueue({ ...bound(honest), ...as(honest, clock) })
  }
  const failed: string[] = []
  for (const one of queueCases.flatMap(({ cases }) => cases)) {
    const harness = (clock: ManualClock): QueueHarness => ({
      clock: 'manual',
      loseAnswers: lost.loseAnswers,
      open: () => ({ queue: open(clock), reopen: () => open(clock) }),
    })
    await runCase(one, (clock) => openQueueSubject(harness(clock), clock)).catch(() => failed.push(one.name))
  }
  return failed
}

function bound(driver: QueueDriver): QueueDriver {
  return {
    info: driver.info,
    send: driver.send.bind(driver),
    receive: driver.receive.bind(driver),
    ack: driver.ack.bind(driver),
    retry: driver.retry.bind(driver),
    renew: (id, receipt, leaseMs, call) => driver.renew?.(id, receipt, leaseMs, call) ?? false,
    reject: (id, receipt, call) => driver.reject?.(id, receipt, call) ?? false,
    deadLetters: (limit, call) => driver.deadLetters?.(limit, call) ?? [],
    listDeadLetters: (limit, after, call) => driver.listDeadLetters?.(limit, after, call) ?? [],
    redrive: (ids, call) => driver.redrive?.(ids, call) ?? 0,
  }
}

function stored(id: string, body: string): StoredMessage {
  return { id, body, attempt: 1, sentAt: 0, receipt: id }
}
