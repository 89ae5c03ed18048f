import { CapabilityError } from '@flowport/capabilities'
import { describe, expect, it } from 'vitest'
import { HeldCredentials, type S3Credentials } from './credentials.ts'

const minute = 60_000

/** A source whose credentials hold for an hour from when they were given out. */
function hourly() {
  const state = { now: 0, asked: 0, failing: false }
  const held = new HeldCredentials(async () => {
    state.asked += 1
    if (state.failing) throw new Error('the token service is away')
    return {
      accessKeyId: `key ${state.asked}`,
      secretAccessKey: 'secret',
      expiresAt: new Date(state.now + 60 * minute),
    }
  })
  const keyAt = async (now: number) => {
    state.now = now
    return (await held.current(now, undefined))?.accessKeyId
  }
  return { state, held, keyAt }
}

describe('HeldCredentials', () => {
  it('are asked for once, and again shortly before they expire', async () => {
    const { state, keyAt } = hourly()
    expect(await Promise.all([keyAt(0), keyAt(0), keyAt(0)])).toEqual(['key 1', 'key 1', 'key 1'])
    expect(await keyAt(54 * minute)).toBe('key 1')
    expect(await Promise.all([keyAt(56 * minute), keyAt(56 * minute)])).toEqual(['key 2', 'key 2'])
    expect(state.asked).toBe(2)
  })

  it('do while new ones cannot be had, until they have expired', async () => {
    const { state, keyAt } = hourly()
    await keyAt(0)
    state.failing = true
    expect(await keyAt(59 * minute)).toBe('key 1')
    await expect(keyAt(60 * minute)).rejects.toMatchObject({
      kind: 'Unauthenticated',
      retryable: 'temporary',
      message: expect.not.stringContaining('away'),
    })
    state.failing = false
    expect(await keyAt(61 * minute)).toBe('key 4')
  })

  it('are asked for anew when the store refuses them, unless somebody has them already', async () => {
    const { held, keyAt } = hourly()
    await keyAt(0)
    const old = await held.current(0, undefined)
    expect(held.refuse(old)).toBe(true)
    expect(await keyAt(0)).toBe('key 2')
    expect(held.refuse(old)).toBe(true)
    expect(await keyAt(0)).toBe('key 2')
    expect(new HeldCredentials({ accessKeyId: 'k', secretAccessKey: 's' }).refuse(old)).toBe(false)
  })

  it('are waited for by each caller with its own signal', async () => {
    let give: (credentials: S3Credentials) => void = () => undefined
    const held = new HeldCredentials(() => new Promise((resolve) => (give = resolve)))
    const controller = new AbortController()
    const leaving = held.current(0, controller.signal)
    const staying = held.current(0, undefined)
    controller.abort(new Error('the caller left'))
    await expect(leaving).rejects.toThrow('the caller left')
    give({ accessKeyId: 'k', secretAccessKey: 's' })
    expect(await staying).toMatchObject({ accessKeyId: 'k' })
  })

  it('keep the error of the function', async () => {
    const failure = new CapabilityError('Misconfigured', 'no role')
    const held = new HeldCredentials(() => Promise.reject(failure))
    await expect(held.current(0, undefined)).rejects.toBe(failure)
  })
})
