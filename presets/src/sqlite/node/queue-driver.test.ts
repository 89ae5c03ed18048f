import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { describe, expect, it } from 'vitest'
import { tempDirectory } from '../../../test/support/temp-directory.ts'
import { openSqliteDrivers } from './drivers.ts'

async function queues(maxAttempts: number) {
  const time = { now: 1_000 }
  const path = join(tempDirectory(), 'flowport.sqlite')
  const drivers = await openSqliteDrivers({
    path,
    synchronous: 'NORMAL',
    maxAttempts,
    clock: { now: () => time.now },
  })
  return { time, path, drivers, queue: drivers.queue('jobs') }
}

describe('a sqlite queue', () => {
  it('sets aside, after its last attempt, a message whose lease ended', async () => {
    const { time, drivers, queue } = await queues(2)
    queue.send(['1', '2'], 0)
    const [first] = queue.receive(1, 100)
    expect(queue.ack(first?.id ?? '', first?.receipt ?? '')).toBe(true)
    for (const attempt of [1, 2]) {
      expect(queue.receive(5, 100).map((message) => message.attempt)).toEqual([attempt])
      time.now += 100
    }
    queue.send(['3'], 0)
    expect(queue.receive(1, 100).map(({ body }) => body)).toEqual(['3'])
    expect(queue.deadLetters(5).map(({ body, attempt }) => [body, attempt])).toEqual([['2', 2]])
    drivers.close()
  })

  it('sets aside at once what is retried after its last attempt', async () => {
    const { drivers, queue } = await queues(1)
    queue.send(['1'], 0)
    const [message] = queue.receive(1, 1_000)
    expect(queue.retry(message?.id ?? '', message?.receipt ?? '', 500)).toBe(true)
    expect(queue.receive(1, 1_000)).toEqual([])
    expect(queue.deadLetters(5)).toHaveLength(1)
    drivers.close()
  })

  it('keeps queues apart by name', async () => {
    const { drivers, queue } = await queues(5)
    queue.send(['1'], 0)
    const other = drivers.queue('other')
    expect(other.receive(1, 100)).toEqual([])
    const [message] = queue.receive(1, 100)
    expect(other.ack(message?.id ?? '', message?.receipt ?? '')).toBe(false)
    drivers.close()
  })

  it('finds every message by an index, whatever else is in the table', async () => {
    const { drivers, path } = await queues(5)
    drivers.close()
    const db = new DatabaseSync(path)
    const plan = (sql: string) => JSON.stringify(db.prepare(`EXPLAIN QUERY PLAN ${sql}`).all())
    expect(plan("SELECT id FROM queue WHERE queue = 'q' AND state = 0 ORDER BY id LIMIT 1")).toContain(
      'queue_ready',
    )
    expect(plan("SELECT 1 FROM queue WHERE queue = 'q' AND state = 1 AND ready_at <= 5 LIMIT 1")).toContain(
      'queue_waiting',
    )
    expect(plan("SELECT id FROM queue WHERE queue = 'q' AND state = 2 ORDER BY id LIMIT 1")).toContain(
      'queue_dead',
    )
    expect(plan("SELECT id FROM queue WHERE queue = 'q' AND state = 0 ORDER BY id LIMIT 1")).not.toContain(
      'TEMP B-TREE',
    )
    db.close()
  })
})
