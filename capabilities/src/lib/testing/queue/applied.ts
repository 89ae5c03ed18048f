/** Queue cases: what errors say of messages that were sent, by `applied`. */
import { expect } from 'vitest'
import { lostAnswer, needsLostAnswers, refusedUnapplied } from '../applied.ts'
import type { ConformanceGroup } from '../conformance.ts'
import { type QueueSubject, receiveAll } from './subject.ts'

export const applied: ConformanceGroup<QueueSubject> = {
  name: 'applied',
  cases: [
    {
      name: 'a message that is refused before it is sent says that it was not applied',
      async run({ queue }) {
        const signal = AbortSignal.abort()
        await refusedUnapplied(queue.send(undefined), 'InvalidInput')
        await refusedUnapplied(queue.send('x', { delayMs: -1 }), 'InvalidInput')
        await refusedUnapplied(queue.send('x', { signal }), 'Cancelled')
        await refusedUnapplied(queue.sendBatch(['x', 'y'], { signal }), 'Cancelled')
        expect(await receiveAll(queue)).toEqual([])
      },
    },
    {
      name: 'a message whose answer is lost does not say that it was not applied',
      skip: needsLostAnswers,
      async run(subject) {
        const { queue } = subject
        const isThere = async () => (await receiveAll(queue)).length > 0
        await lostAnswer(subject, () => queue.send('one'), isThere)
        await receiveAll(queue)
        await lostAnswer(subject, () => queue.sendBatch(['one', 'two']), isThere)
      },
    },
  ],
}
