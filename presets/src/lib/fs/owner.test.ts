import { afterEach, expect, it, vi } from 'vitest'
import { thisOwner } from './owner.ts'

afterEach(() => vi.restoreAllMocks())

it('owners of one process began at one time, though the clock was set meanwhile', () => {
  const { startedAt } = thisOwner('a')
  const now = Date.now()
  vi.spyOn(Date, 'now').mockReturnValue(now + 3_600_000)
  expect(thisOwner('b').startedAt).toBe(startedAt)
})
