/** `registerServiceWorker` puts the service worker in charge of the page, and tells of its updates. */
import { CapabilityError, checkNumbers, timerRule } from '@flowport/capabilities'
import { systemClock } from '@flowport/capabilities/system'
import { aliveMessage, areYouThereMessage, claimMessage, skipWaitingMessage } from './scope.ts'

export interface RegisterOptions {
  /** Paths it is in charge of. Default: the folder of its script. */
  readonly scope?: string
  /** `'module'` when its script has imports. Default `'classic'`. */
  readonly type?: 'classic' | 'module'
  /**
   * Milliseconds until it must control the page, else `Timeout`. Default 30 000. A browser that is itself looking for a new
   * version of it registers nothing else meanwhile: a busy Chromium took a minute.
   */
  readonly timeoutMs?: number
  /** Called when a new version has been installed and waits for `update()`. */
  readonly onUpdate?: () => void
}

export interface ServiceWorkerHandle {
  readonly registration: ServiceWorkerRegistration
  /** Whether a new version waits. */
  readonly hasUpdate: boolean
  /** Lets the version that waits take over. Resolves when it controls the page; load the page again then. */
  update(): Promise<void>
}

/** An address, or a `TrustedScriptURL` where the page requires Trusted Types. */
export type ScriptAddress = string | { toString(): string; toJSON(): string }

/** Resolves when the service worker controls the page: requests reach it from then on. */
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

/** The page's container. `Unsupported` where there is none: the getter of a sandboxed frame throws. */
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
      : 'there are no service workers here: they need https or localhost, and no private window of Firefox'
  return new CapabilityError('Unsupported', message, { cause })
}

async function registered(
  container: ServiceWorkerContainer,
  url: ScriptAddress,
  options: RegistrationOptions,
): Promise<ServiceWorkerRegistration> {
  try {
    // A TrustedScriptURL has to arrive as it is; the types of the DOM do not know it.
    return await container.register(url as string | URL, options)
  } catch (cause) {
    if (globalThis.origin === 'null') throw unsupported(cause)
    // What is wrong with the script itself is a TypeError, too.
    const isTrusting = 'trustedTypes' in globalThis && !(url instanceof Object && !(url instanceof URL))
    if (!(cause instanceof TypeError) || !isTrusting || !/trusted|sink/i.test(cause.message)) throw cause
    const message =
      "the Content-Security-Policy of the page requires Trusted Types (require-trusted-types-for 'script'): give a TrustedScriptURL, made by a policy of the page"
    throw new CapabilityError('Misconfigured', message, { code: 'TRUSTED_TYPES', cause })
  }
}

const answering = new WeakSet<ServiceWorkerContainer>()

/** Keeps service workers alive while they stream: each answer is an event, without which the browser stops them. */
function answerWhenAsked(container: ServiceWorkerContainer): void {
  if (answering.has(container)) return
  answering.add(container)
  container.addEventListener('message', ({ data, source }) => {
    if (data === areYouThereMessage) (source as ServiceWorker | null)?.postMessage(aliveMessage, [])
  })
  // Also while the page is still being loaded.
  container.startMessages?.()
}

/** A page that was reloaded past its caches has no controller until the worker claims it again. */
async function controlled(
  container: ServiceWorkerContainer,
  registration: ServiceWorkerRegistration,
): Promise<void> {
  const failed = failedToInstall(registration)
  // Also a page that another service worker controls waits for this one.
  while (container.controller === null || container.controller !== registration.active) {
    const changed = next(container, 'controllerchange')
    registration.active?.postMessage(claimMessage)
    await Promise.race([changed, failed])
  }
}

/**
 * Rejects when the first version of a service worker cannot be installed. A page that was busy hears of its registration
 * after the attempt, and finds no worker in it.
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

/** Tells of versions that wait, come, or were coming already when the page asked: of those no event is sent any more. */
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
