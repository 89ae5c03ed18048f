/** `registerServiceWorker` lets a service worker control the page, and reports its updates. */
import { CapabilityError, checkNumbers, timerRule } from '@flowport/capabilities'
import { systemClock } from '@flowport/capabilities/system'
import { aliveMessage, areYouThereMessage, claimMessage, skipWaitingMessage } from './scope.ts'

export interface RegisterOptions {
  /** Path prefix that the service worker controls. Default: the folder of its script. */
  readonly scope?: string
  /** `'module'` if the script has imports. Default `'classic'`. */
  readonly type?: 'classic' | 'module'
  /**
   * Milliseconds within which the service worker must control the page, else `Timeout`. While a browser checks for a new
   * version it delays other registrations; a busy Chromium took a minute. Default 30 000.
   */
  readonly timeoutMs?: number
  /** Called when a new version is installed and waits for `update()`. */
  readonly onUpdate?: () => void
}

export interface ServiceWorkerHandle {
  readonly registration: ServiceWorkerRegistration
  /** Whether a new version waits. */
  readonly hasUpdate: boolean
  /** Lets the waiting version take over. Resolves when it controls the page; reload the page then. */
  update(): Promise<void>
}

/** A URL, or a `TrustedScriptURL` if the page requires Trusted Types. */
export type ScriptAddress = string | { toString(): string; toJSON(): string }

/** Registers a service worker. Resolves when it controls the page, so that requests reach it. */
export async function registerServiceWorker(
  url: ScriptAddress,
  options: RegisterOptions = {},
): Promise<ServiceWorkerHandle> {
  checkNumbers('registerServiceWorker', { ...options }, { timeoutMs: timerRule(1) })
  const container = containerHere()
  answerWhenAsked(container)
  const { scope, type = 'classic', timeoutMs = 30_000, onUpdate } = options
  let late = `the service worker is not registered after ${timeoutMs} ms: the browser has not answered`
  const registration = await within(
    timeoutMs,
    async () => {
      const registering = { type, updateViaCache: 'none', ...(scope === undefined ? {} : { scope }) } as const
      const registration = await registered(container, url, registering)
      late = notInCharge(timeoutMs)
      if (onUpdate !== undefined) watch(registration, container, onUpdate)
      await controlled(container, registration)
      return registration
    },
    () => late,
  )
  return {
    registration,
    get hasUpdate() {
      return registration.waiting !== null
    },
    async update() {
      const { waiting } = registration
      if (waiting === null) return
      await within(
        timeoutMs,
        async () => {
          const changed = next(container, 'controllerchange')
          // oxlint-disable-next-line unicorn/require-post-message-target-origin -- a service worker takes none
          waiting.postMessage(skipWaitingMessage)
          await changed
        },
        () => notInCharge(timeoutMs),
      )
    },
  }
}

/** Returns the page's container. Throws `Unsupported` without one; in a sandboxed frame the getter throws. */
function containerHere(): ServiceWorkerContainer {
  let cause: unknown
  try {
    const { serviceWorker } = navigator as { readonly serviceWorker?: ServiceWorkerContainer }
    if (serviceWorker !== undefined) return serviceWorker
  } catch (error) {
    cause = error
  }
  throw unsupported(cause)
}

function unsupported(cause: unknown): CapabilityError {
  const message =
    globalThis.origin === 'null'
      ? 'there are no service workers in a sandboxed frame: add allow-same-origin to the sandbox of the frame'
      : 'there are no service workers here: they need https or localhost, and do not work in a private window of Firefox'
  return new CapabilityError('Unsupported', message, { cause })
}

async function registered(
  container: ServiceWorkerContainer,
  url: ScriptAddress,
  options: RegistrationOptions,
): Promise<ServiceWorkerRegistration> {
  try {
    // A TrustedScriptURL must be passed unchanged, but the DOM types do not allow it.
    return await container.register(url as string | URL, options)
  } catch (cause) {
    if (globalThis.origin === 'null') throw unsupported(cause)
    // An error in the script itself is a TypeError too.
    const isTrusting = 'trustedTypes' in globalThis && !(url instanceof Object && !(url instanceof URL))
    if (!(cause instanceof TypeError) || !isTrusting || !/trusted|sink/i.test(cause.message)) throw cause
    const message =
      "the Content-Security-Policy of the page requires Trusted Types (require-trusted-types-for 'script'): give a TrustedScriptURL, made by a policy of the page"
    throw new CapabilityError('Misconfigured', message, { code: 'TRUSTED_TYPES', cause })
  }
}

const answering = new WeakSet<ServiceWorkerContainer>()

/**
 * Answers a streaming service worker's messages. Each answer is an event, without which the browser stops the service worker.
 */
function answerWhenAsked(container: ServiceWorkerContainer): void {
  if (answering.has(container)) return
  answering.add(container)
  container.addEventListener('message', ({ data, source }) => {
    if (data === areYouThereMessage) (source as ServiceWorker | null)?.postMessage(aliveMessage, [])
  })
  // Delivers messages even while the page is still loading.
  container.startMessages?.()
}

/**
 * Resolves when the service worker controls the page. A page after a forced reload has no controller until the worker claims it
 * again.
 */
async function controlled(
  container: ServiceWorkerContainer,
  registration: ServiceWorkerRegistration,
): Promise<void> {
  const failed = failedToInstall(registration)
  // A page that another service worker controls also waits for this one.
  while (container.controller === null || container.controller !== registration.active) {
    const changed = next(container, 'controllerchange')
    registration.active?.postMessage(claimMessage)
    await Promise.race([changed, failed])
  }
}

/**
 * Rejects when the first version of a service worker cannot be installed. A busy page may get the registration after the failed
 * attempt, when it contains no worker.
 */
function failedToInstall({ installing, waiting, active }: ServiceWorkerRegistration): Promise<never> {
  return new Promise((_, reject) => {
    const fail = () => reject(new CapabilityError('Unavailable', notInstalled))
    if (active !== null || waiting !== null) return
    if (installing === null) return fail()
    installing.addEventListener('statechange', () => {
      if (installing.state === 'redundant') fail()
    })
  })
}

const notInCharge = (timeoutMs: number) =>
  `the service worker does not control the page after ${timeoutMs} ms`

const notInstalled =
  'the service worker could not be installed: its own console says why, often a precached file the server does not have'

/**
 * Calls `onUpdate` for waiting and future versions. A version that was installing before the page asked emits no `updatefound`,
 * so it is followed directly.
 */
function watch(
  registration: ServiceWorkerRegistration,
  container: ServiceWorkerContainer,
  onUpdate: () => void,
): void {
  const watched = new WeakSet<ServiceWorker>()
  const follow = (coming: ServiceWorker | null) => {
    if (coming === null || watched.has(coming)) return
    watched.add(coming)
    coming.addEventListener('statechange', () => {
      if (coming.state === 'installed' && container.controller !== null) onUpdate()
    })
  }
  if (registration.waiting !== null && container.controller !== null) onUpdate()
  follow(registration.installing)
  registration.addEventListener('updatefound', () => follow(registration.installing))
}

function next(target: EventTarget, type: string): Promise<void> {
  return new Promise((resolve) => {
    target.addEventListener(type, () => resolve(), { once: true })
  })
}

async function within<T>(timeoutMs: number, work: () => Promise<T>, message: () => string): Promise<T> {
  const done = new AbortController()
  const late = systemClock
    .sleep(timeoutMs, { signal: done.signal })
    .then(() => Promise.reject(new CapabilityError('Timeout', message())))
  try {
    return await Promise.race([work(), late])
  } finally {
    done.abort()
  }
}
