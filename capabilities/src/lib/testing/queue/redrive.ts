/** Queue cases: dead letters are listed with their errors, and moved back. */
import { expect } from 'vitest'
import type { Queue } from '../../queue/contract.ts'
import { type ConformanceGroup, refused } from '../conformance.ts'
import { type QueueSubject, receiveAll, receiveOne } from './subject.ts'

function needsRedrive({ info }: QueueSubject): string | null {
  return info.features.redrive === true ? null : `${info.provider} does not state features.redrive`
}

/** Sends the bodies and sets each aside. Resolves their ids. */
async function bury(queue: Queue, bodies: readonly unknown[], error = 'it broke'): Promise<string[]> {
  const ids: string[] = []
  for (const body of bodies) {
    const { id } = await queue.send(body)
    expect(await queue.reject(await receiveOne(queue), { error })).toBe(true)
    ids.push(id)
  }
  return ids
}

export const redrive: ConformanceGroup<QueueSubject> = {
  name: 'redrive',
  cases: [
    {
      name: 'dead letters are listed with time, attempts, error and size',
      skip: needsRedrive,
      async run({ queue, maxAttempts }) {
        const [first] = await bury(queue, [{ n: 1 }])
        await queue.send('x')
        for (let attempt = 1; attempt <= maxAttempts; attempt++)
          await queue.retry(await receiveOne(queue), { error: `failure ${attempt}` })
        const { letters, cursor } = await queue.listDeadLetters()
        expect(letters).toMatchObject([
          { id: first, body: { n: 1 }, attempt: 1, error: 'it broke', bytes: 7 },
          { body: 'x', attempt: maxAttempts, error: `failure ${maxAttempts}`, bytes: 3 },
        ])
        for (const { sentAt, deadAt } of letters) {
          expect(sentAt).toBeInstanceOf(Date)
          expect(deadAt?.getTime()).toBeGreaterThanOrEqual(sentAt.getTime())
        }
        expect(cursor).toBe(null)
      },
    },
    {
      name: 'pages of dead letters follow each other without gaps or repeats',
      skip: needsRedrive,
      async run({ queue }) {
        const ids = await bury(queue, [1, 2, 3])
        const first = await queue.listDeadLetters({ limit: 1 })
        expect(first.letters.map(({ id }) => id)).toEqual(ids.slice(0, 1))
        expect(await queue.redrive({ ids: ids.slice(0, 1) })).toEqual({ moved: 1 })
        const rest: string[] = []
        for (let { cursor } = first; cursor !== null; ) {
          const page = await queue.listDeadLetters({ limit: 1, cursor })
          rest.push(...page.letters.map(({ id }) => id))
          cursor = page.cursor
        }
        expect(rest).toEqual(ids.slice(1))
      },
    },
    {
      name: 'a redriven message is delivered again, with its id and from the first attempt',
      skip: needsRedrive,
      async run({ queue, maxAttempts }) {
        const [first = '', second] = await bury(queue, ['a', 'b'])
        expect(await queue.redrive({ ids: [first, first, 'no such id'] })).toEqual({ moved: 1 })
        expect((await queue.listDeadLetters()).letters).toMatchObject([{ id: second }])
        const message = await receiveOne(queue)
        expect(message).toMatchObject({ id: first, body: 'a', attempt: 1 })
        expect(await queue.retry(message)).toBe(true)
        for (let attempt = 2; attempt <= maxAttempts; attempt++)
          await queue.retry(await receiveOne(queue), { error: 'again' })
        expect((await queue.listDeadLetters()).letters).toMatchObject([
          { id: first, error: 'again' },
          { id: second },
        ])
      },
    },
    {
      name: 'calls at the same time move each letter once and count it once',
      skip: needsRedrive,
      async run({ queue }) {
        const ids = await bury(queue, [1, 2, 3])
        const calls = [ids, 'all', ids, 'all'] as const
        const counts = await Promise.all(calls.map((each) => queue.redrive({ ids: each })))
        expect(counts.reduce((sum, { moved }) => sum + moved, 0)).toBe(3)
        expect((await queue.listDeadLetters()).letters).toEqual([])
        expect((await receiveAll(queue)).map(({ id }) => id).toSorted()).toEqual(ids.toSorted())
        expect(await queue.redrive({ ids: 'all' })).toEqual({ moved: 0 })
      },
    },
    {
      name: 'a message that is not dead is never redriven',
      skip: needsRedrive,
      async run({ queue }) {
        const { id } = await queue.send('live')
        const held = await receiveOne(queue)
        expect(await queue.redrive({ ids: [id] })).toEqual({ moved: 0 })
        expect(await queue.redrive({ ids: 'all' })).toEqual({ moved: 0 })
        expect(await queue.receive()).toEqual([])
        expect(await queue.ack(held)).toBe(true)
      },
    },
    {
      name: 'listing and redriving are Unsupported without the feature',
      skip: ({ info }) => (info.features.redrive === true ? 'the queue states features.redrive: true' : null),
      async run({ queue }) {
        await refused(queue.listDeadLetters(), 'Unsupported')
        await refused(queue.redrive({ ids: 'all' }), 'Unsupported')
      },
    },
  ],
}
