import { isCapabilityError } from '@flowport/capabilities'
import type { BodyLimits } from '@flowport/flow/http'
import { IncomingMessage } from 'node:http'
import { Socket } from 'node:net'
import { describe, expect, it } from 'vitest'
import { collect } from './collect.ts'
import { RequestBodies } from './request-bodies.ts'

/** Sets up bodies with a manual clock, and with a socket whose byte count the test sets. */
function setUp(limits: BodyLimits) {
  let now = 0
  const bodies = new RequestBodies(limits, () => now)
  const begin = (kind: 'json' | 'upload' = 'upload') => {
    const socket = new Socket()
    let read = 0
    Object.defineProperty(socket, 'bytesRead', { get: () => read })
    const raw = new IncomingMessage(socket)
    const refused: string[] = []
    const refuse = (error: Error) => void refused.push(isCapabilityError(error) ? error.code : error.message)
    const entry = bodies.begin({ raw, kind, held: 0, refuse })
    bodies.sweep()
    const receives = (bytes: number) => void (read += bytes)
    return { entry, raw, refused, receives }
  }
  const pass = (ms: number, perSecond: () => void = () => undefined) => {
    for (let left = ms; left > 0; left -= 1_000) {
      perSecond()
      now += 1_000
      bodies.sweep()
    }
  }
  return { bodies, begin, pass }
}

describe('a body that arrives', () => {
  it('too slowly is refused after the first window', () => {
    const { begin, pass } = setUp({ minBytesPerSecond: 100, rateWindowMs: 10_000 })
    const { refused, receives } = begin()
    pass(9_000, () => receives(99))
    expect(refused).toEqual([])
    pass(1_000, () => receives(99))
    expect(refused).toEqual(['BODY_TOO_SLOW'])
    pass(60_000)
    expect(refused).toHaveLength(1)
  })

  it('fast and then not at all is refused within two windows', () => {
    const { begin, pass } = setUp({ minBytesPerSecond: 100, rateWindowMs: 10_000 })
    const { refused, receives } = begin()
    receives(1_000_000_000)
    pass(19_000)
    expect(refused).toEqual([])
    pass(1_000)
    expect(refused).toEqual(['BODY_TOO_SLOW'])
  })

  it('at the minimum rate is accepted until its time limit', () => {
    const { begin, pass } = setUp({
      minBytesPerSecond: 100,
      uploadTimeoutMs: 3_600_000,
      jsonTimeoutMs: 30_000,
    })
    const upload = begin('upload')
    const json = begin('json')
    pass(29_000, () => [upload, json].forEach(({ receives }) => receives(100)))
    expect(json.refused).toEqual([])
    pass(3_570_000, () => upload.receives(100))
    expect([json.refused, upload.refused]).toEqual([['BODY_TIMEOUT'], []])
    pass(1_000, () => upload.receives(100))
    expect(upload.refused).toEqual(['BODY_TIMEOUT'])
  })

  it('is not refused while it waits for a slow store', () => {
    const { begin, pass } = setUp({ minBytesPerSecond: 100, uploadTimeoutMs: 20_000 })
    const { raw, refused } = begin()
    raw.push(Buffer.alloc(10))
    pass(600_000)
    expect(refused).toEqual([])
    raw.read()
    pass(10_000)
    expect(refused).toEqual(['BODY_TOO_SLOW'])
  })

  it('at any rate is accepted when the minimum rate is 0', () => {
    const { begin, pass } = setUp({ minBytesPerSecond: 0 })
    const { refused } = begin()
    pass(3_600_000)
    expect(refused).toEqual([])
  })
})

describe('the memory for unfinished bodies', () => {
  it('stays within its limit by refusing the oldest unfinished body', () => {
    const { bodies, begin } = setUp({ maxHeldBytes: 1_000 })
    const [first, second, third] = [begin('json'), begin('json'), begin('json')]
    bodies.hold(first.entry, 400)
    bodies.hold(second.entry, 600)
    expect([first.refused, bodies.heldBytes]).toEqual([[], 1_000])
    bodies.hold(third.entry, 1)
    expect([first.refused, second.refused, third.refused]).toEqual([['TOO_MANY_BODIES'], [], []])
    expect(bodies.heldBytes).toBe(601)
    bodies.ended(second.entry)
    bodies.ended(second.entry)
    expect(bodies.heldBytes).toBe(1)
  })

  it('does not refuse uploads, which are not held in memory', () => {
    const { bodies, begin } = setUp({ maxHeldBytes: 10 })
    const [upload, json] = [begin('upload'), begin('json')]
    bodies.hold(json.entry, 11)
    expect([upload.refused, json.refused]).toEqual([[], ['TOO_MANY_BODIES']])
  })

  it('counts the real memory of one-byte chunks, at most twice their bytes', async () => {
    const bodies = new RequestBodies({ maxHeldBytes: 1 << 20 })
    const raw = new IncomingMessage(new Socket())
    raw.headers['transfer-encoding'] = 'chunked'
    const text = collect(raw, raw, 1 << 20, bodies)
    let most = 0
    for (let at = 0; at < 100_000; at++) {
      raw.push(Buffer.of(97))
      raw.read(0)
      if (at % 1_000 === 0) await new Promise(setImmediate)
      most = Math.max(most, bodies.heldBytes)
    }
    raw.push(null)
    expect(Buffer.from(await text).toString()).toBe('a'.repeat(100_000))
    expect(most).toBeLessThanOrEqual(200_000)
    expect(bodies.heldBytes).toBe(0)
  })
})

it.each([
  [{ jsonTimeoutMs: 0 }, /bodies\.jsonTimeoutMs.* not 0/],
  [{ uploadTimeoutMs: Number.NaN }, /bodies\.uploadTimeoutMs.* not NaN/],
  [{ minBytesPerSecond: -1 }, /bodies\.minBytesPerSecond.* not -1/],
  [{ rateWindowMs: Infinity }, /bodies\.rateWindowMs.* not Infinity/],
  [{ maxHeldBytes: '1' as never }, /bodies\.maxHeldBytes.* not string/],
])('a limit outside its range is refused: %o', (limits, message) => {
  expect(() => new RequestBodies(limits)).toThrow(message)
})
