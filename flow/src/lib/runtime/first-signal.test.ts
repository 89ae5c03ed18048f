import { expect, it } from 'vitest'
import { firstSignal } from './first-signal.ts'

it.each([0, 1])('fires with the first of two signals and keeps its reason', (first) => {
  const sources = [new AbortController(), new AbortController()] as const
  const { signal } = firstSignal(sources[0].signal, sources[1].signal)
  expect(signal.aborted).toBe(false)
  sources[first === 0 ? 0 : 1].abort('the first')
  expect(signal.reason).toBe('the first')
  sources[first === 0 ? 1 : 0].abort('the second')
  expect(signal.reason).toBe('the first')
})

it.each([0, 1])('has fired when one of them has', (first) => {
  const sources = [new AbortController().signal, new AbortController().signal] as const
  const fired = AbortSignal.abort('before')
  const { signal } = first === 0 ? firstSignal(fired, sources[1]) : firstSignal(sources[0], fired)
  expect(signal.aborted).toBe(true)
  expect(signal.reason).toBe('before')
})

it('follows neither of them once it is released', () => {
  const sources = [new AbortController(), new AbortController()] as const
  const { signal, release } = firstSignal(sources[0].signal, sources[1].signal)
  release()
  for (const source of sources) source.abort()
  expect(signal.aborted).toBe(false)
})
