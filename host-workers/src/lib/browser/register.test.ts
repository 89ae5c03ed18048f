/**
 * Rare browser behaviour, with a fake container: registrations that hang, and versions that appeared or failed before the page
 * asked.
 */
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { registerServiceWorker } from './register.ts'

class FakeWorker extends EventTarget {
  state = 'installing'

  postMessage() {}

  become(state: string) {
    this.state = state
    this.dispatchEvent(new Event('statechange'))
  }
}

class FakeRegistration extends EventTarget {
  installing: FakeWorker | null = null
  waiting: FakeWorker | null = null
  active: FakeWorker | null = null
}

class FakeContainer extends EventTarget {
  controller: FakeWorker | null = null
  readonly answer = Promise.withResolvers<FakeRegistration>()

  register = () => this.answer.promise
}

let container: FakeContainer

beforeEach(() => {
  vi.useFakeTimers()
  container = new FakeContainer()
  vi.stubGlobal('navigator', { serviceWorker: container })
})
afterEach(() => {
  vi.useRealTimers()
  vi.unstubAllGlobals()
})

/** Creates a registration whose version 1 controls the page. */
function inCharge(): FakeRegistration {
  const registration = new FakeRegistration()
  registration.active = container.controller = new FakeWorker()
  return registration
}

describe('registering a service worker', () => {
  it('times out when the browser does not answer', async () => {
    const registered = registerServiceWorker('/sw.js', { timeoutMs: 500 })
    const outcome = expect(registered).rejects.toMatchObject({
      kind: 'Timeout',
      message: expect.stringContaining('is not registered after 500 ms') as string,
    })
    await vi.advanceTimersByTimeAsync(500)
    await outcome
  })

  it('has one deadline for registration and control', async () => {
    const registered = registerServiceWorker('/sw.js', { timeoutMs: 500 })
    const outcome = expect(registered).rejects.toMatchObject({
      kind: 'Timeout',
      message: expect.stringContaining('does not control the page after 500 ms') as string,
    })
    await vi.advanceTimersByTimeAsync(400)
    const registration = new FakeRegistration()
    registration.active = new FakeWorker()
    container.answer.resolve(registration)
    await vi.advanceTimersByTimeAsync(100)
    await outcome
  })

  it('rethrows the browser’s refusal', async () => {
    const registered = registerServiceWorker('/sw.js')
    container.answer.reject(new TypeError('bad MIME type'))
    await expect(registered).rejects.toThrow('bad MIME type')
    expect(vi.getTimerCount()).toBe(0)
  })

  it('rejects when the version failed before the page asked, or while it waits', async () => {
    const early = registerServiceWorker('/sw.js')
    container.answer.resolve(new FakeRegistration())
    await expect(early).rejects.toMatchObject({ kind: 'Unavailable' })

    container = new FakeContainer()
    vi.stubGlobal('navigator', { serviceWorker: container })
    const registration = new FakeRegistration()
    const coming = (registration.installing = new FakeWorker())
    const late = registerServiceWorker('/sw.js')
    const outcome = expect(late).rejects.toMatchObject({ kind: 'Unavailable' })
    container.answer.resolve(registration)
    await vi.advanceTimersByTimeAsync(0)
    coming.become('redundant')
    await outcome
  })

  it('reports a version that was installing before the page asked, only one time', async () => {
    const registration = inCharge()
    const coming = (registration.installing = new FakeWorker())
    const onUpdate = vi.fn<() => void>()
    container.answer.resolve(registration)
    await registerServiceWorker('/sw.js', { onUpdate })
    registration.dispatchEvent(new Event('updatefound'))
    expect(onUpdate).not.toHaveBeenCalled()
    coming.become('installed')
    expect(onUpdate).toHaveBeenCalledOnce()
  })

  it('reports a waiting version, and the next one', async () => {
    const registration = inCharge()
    registration.waiting = new FakeWorker()
    const onUpdate = vi.fn<() => void>()
    container.answer.resolve(registration)
    await registerServiceWorker('/sw.js', { onUpdate })
    expect(onUpdate).toHaveBeenCalledOnce()
    const next = (registration.installing = new FakeWorker())
    registration.dispatchEvent(new Event('updatefound'))
    next.become('installed')
    expect(onUpdate).toHaveBeenCalledTimes(2)
  })
})
