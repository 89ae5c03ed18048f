import { describe, expect, it } from 'vitest'
import { parseCron } from './cron-expression.ts'
import { cron, queue } from './trigger.ts'
import * as z from 'zod'

describe('parseCron', () => {
  it.each([
    ['* * * * *', '* * * * *'],
    ['  */5   *  * * * ', '*/5 * * * *'],
    ['0 3 * * mon-fri', '0 3 * * MON-FRI'],
    ['0,30 8-18/2 1,15 jan,Jul *', '0,30 8-18/2 1,15 JAN,JUL *'],
    ['59 23 31 12 *', '59 23 31 12 *'],
    ['0 0 * 1-6 SAT,SUN', '0 0 * 1-6 SAT,SUN'],
  ])('takes %j', (given, normal) => {
    expect(parseCron(given)).toBe(normal)
  })

  it.each([
    ['0 3 * * 1', 'hosts count weekdays differently'],
    ['0 3 * * 1-5', 'hosts count weekdays differently'],
    ['0 3 1 * MON', 'a day of the month together with a weekday'],
    ['0 3 L * *', '"L" is no day of the month'],
    ['0 3 15W * *', '"15W" is no day of the month'],
    ['0 3 * * MON#2', '"MON#2" is no weekday'],
    ['0 3 * * friL', '"FRIL" is no weekday'],
    ['0 3 ? * *', '"?" is no day of the month'],
    ['@daily', 'write the five fields instead of a nickname'],
    ['0 * * * * *', 'five fields'],
    ['* * * *', 'five fields'],
    ['', 'five fields'],
    ['60 * * * *', '"60" is no minute: use 0 to 59'],
    ['* 24 * * *', '"24" is no hour'],
    ['* * 0 * *', '"0" is no day of the month'],
    ['* * * 13 *', '"13" is no month'],
    ['* * * * FRI-MON', 'ends before it begins'],
    ['30-10 * * * *', 'ends before it begins'],
    ['5/10 * * * *', 'hosts differ on a step from one value'],
    ['*/0 * * * *', 'must be from 1 to 59'],
    ['*/60 * * * *', 'must be from 1 to 59'],
    ['1-2-3 * * * *', 'is no minute'],
    ['*-5 * * * *', 'is no minute'],
    ['1, * * * *', '"" is no minute'],
    ['-1 * * * *', '"" is no minute'],
    ['1e1 * * * *', '"1E1" is no minute'],
  ])('refuses %j', (given, why) => {
    expect(() => parseCron(given)).toThrow(TypeError)
    expect(() => parseCron(given)).toThrow(why)
  })
})

describe('triggers', () => {
  it('refuse settings that cannot be when they are made', () => {
    expect(() => cron('* * * * *', { timeZone: 'Europe/Nowhere' })).toThrow(
      '"Europe/Nowhere" is not a time zone',
    )
    const input = z.string()
    expect(() => queue('no spaces', { input })).toThrow('"no spaces" is not a queue name')
    expect(() => queue('a'.repeat(64), { input })).toThrow(TypeError)
    expect(() => queue('q', { input, maxAttempts: 0 })).toThrow(
      'maxAttempts must be a whole number from 1 to 1024, not 0',
    )
    expect(() => queue('q', { input, concurrency: 1.5 })).toThrow(
      'concurrency must be a whole number from 1 to 1024, not 1.5',
    )
    expect(() => queue('q', { input, backoff: '1 s' as never })).toThrow('is not a duration')
  })

  it('spell out their defaults', () => {
    const input = z.string()
    expect(queue('mails', { input })).toEqual({
      kind: 'queue',
      queue: 'mails',
      input,
      maxAttempts: undefined,
      backoffMs: 5_000,
      concurrency: 10,
      deadlineMs: undefined,
    })
    expect(cron('0 3 * * *', { deadline: '2m' })).toMatchObject({
      kind: 'cron',
      cron: '0 3 * * *',
      timeZone: 'UTC',
      deadlineMs: 120_000,
    })
  })
})
