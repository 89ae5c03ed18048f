/** The stores beside a ledger that commits with them, and the transactions that cases open over them. */
import { expect } from 'vitest'
import type { KeyValue } from '../../kv/contract.ts'
import type { QueuePublisher } from '../../queue/contract.ts'
import { controlOf } from '../../resource/resource.ts'
import { systemRng } from '../../system/rng.ts'
import { Transaction } from '../../transaction/transaction.ts'
import type { DedupeSubject } from './subject.ts'

/** What a node sends, and the messages that are there afterwards, where the stores have a queue. */
interface Messages {
  send(body: unknown): Promise<unknown>
  sendBatch(bodies: readonly unknown[]): Promise<unknown>
}

const noMessages: Messages = { send: async () => null, sendBatch: async () => null }

export function needsTransaction({ info, beside }: DedupeSubject): string | null {
  if (info.transaction === undefined) return `${info.provider} states no transaction`
  return beside === null ? 'the harness opens no stores beside the ledger' : null
}

/** The stores, and what opens a transaction over them. */
export function open({ beside }: DedupeSubject) {
  if (beside === null) return expect.fail('the case needs stores beside the ledger')
  const { kv, queue, partition } = beside
  const within = () => {
    const transaction = new Transaction(systemRng, { partition })
    return {
      transaction,
      kv: controlOf('kv', kv).view('write', { transaction }) as KeyValue,
      queue:
        queue === undefined
          ? noMessages
          : (controlOf('queue', queue).view('publish', { transaction }) as QueuePublisher),
    }
  }
  const receive = async () => (queue === undefined ? [] : queue.receive({ limit: 10 }))
  const expectMessages = async (bodies: readonly unknown[]) => {
    if (queue !== undefined) expect((await receive()).map(({ body }) => body)).toEqual(bodies)
  }
  return { kv, within, receive, expectMessages }
}
