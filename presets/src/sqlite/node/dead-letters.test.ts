import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { expect, it } from 'vitest'
import { tempDirectory } from '../../../test/support/temp-directory.ts'
import { openSqliteDrivers } from './drivers.ts'

it('lists and moves back letters that a version without their columns set aside', async () => {
  const path = join(tempDirectory(), 'flowport.sqlite')
  const options = { path, synchronous: 'NORMAL', clock: { now: () => 5_000 } } as const
  const before = await openSqliteDrivers(options)
  const queue = before.queue('jobs')
  queue.send(['"a"', '"b"'], 0)
  for (const { id, receipt } of queue.receive(2, 1_000)) queue.reject(id, receipt, { error: 'broken' })
  before.close()
  const db = new DatabaseSync(path)
  db.exec(
    'ALTER TABLE queue DROP COLUMN dead_at; ALTER TABLE queue DROP COLUMN error; PRAGMA user_version = 2',
  )
  db.close()

  const after = await openSqliteDrivers(options)
  const jobs = after.queue('jobs')
  expect(jobs.listDeadLetters(5)).toMatchObject([
    { body: '"a"', deadAt: null, error: null },
    { body: '"b"', deadAt: null, error: null },
  ])
  expect(jobs.redrive(['1', '-1', '1.0', 'x'])).toBe(1)
  expect(after.queue('others').redrive(null)).toBe(0)
  expect(jobs.redrive(null)).toBe(1)
  expect(jobs.receive(5, 1_000).map(({ attempt }) => attempt)).toEqual([1, 1])
  after.close()
})
