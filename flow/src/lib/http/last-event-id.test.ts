import { expect, it } from 'vitest'
import { lastEventIdOf } from './last-event-id.ts'

const idOf = (sent: string | undefined) => lastEventIdOf({ header: () => sent })

it('is the id that the client has, also one that a server hands on a character per byte', () => {
  expect(idOf(undefined)).toBeUndefined()
  expect(idOf('')).toBe('')
  expect(idOf('17')).toBe('17')
  expect(idOf(Buffer.from('größe-日').toString('latin1'))).toBe('größe-日')
  expect(idOf('größe-日')).toBe('größe-日')
  // No UTF-8: it stays as it came.
  expect(idOf('\u00e4')).toBe('\u00e4')
})

it('is not looked at when it is longer than 1024 characters', () => {
  expect(idOf('x'.repeat(1_024))).toHaveLength(1_024)
  expect(idOf('x'.repeat(1_025))).toBeUndefined()
})
