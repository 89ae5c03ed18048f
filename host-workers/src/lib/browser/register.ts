/** `registerServiceWorker` puts the service worker in charge of the page, and tells of its updates. */
import { CapabilityError } from '@flowport/capabilities'
import { systemClock } from '@flowport/capabilities/system'
import { claimMessage, skipWaitingMessage } from './scope.ts'

export interface RegisterOptions {
  /** Paths it is in charge of. Default: the folder of its script. */
  readonly scope?: string
  /** `'module'` when its script has imports. Default `'classic'`. */
  readonly type?: 'classic' | 'module'
  /** Milliseconds until it must control the page, else `Timeout`. Default 30 000. */
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

/** Resolves when the service worker controls the page: requests reach it from then on. */
export async function registerServiceWorker(
  url: string | URL,
  options: RegisterOptions = {},
): Promise<ServiceWorkerHandle> {
  const container = (navigator as { readonly serviceWorker?: ServiceWorkerContainer }).serviceWorker
  if (container === undefined) {
    throw new CapabilityError(
      'Unsupported',
      'there are no service workers here: they need https or localhost, and no private window of Firefox',
    )
  }
  const { scope, type = 'classic', timeoutMs = 30_000, onUpdate } = options
  const registration = await container.register(url, {
    type,
    updateViaCache: 'none',
    ...(scope === undefined ? {} : { scope }),
  })
  if (onUpdate !== undefined) watch(registration, container, onUpdate)
  await within(timeoutMs, () => controlled(container, registration))
  return {
    registration,
    get hasUpdate() {
      return registration.waiting !== null
    },
    async update() {
      const { waiting } = registration
      if (waiting === null) return
      await within(timeoutMs, () => {
        const changed = next(container, 'controllerchange')
        // oxlint-disable-next-line unicorn/require-post-message-target-origin -- a service worker takes none
        waiting.postMessage(skipWaitingMessage)
        return changed
      })
    },
  }
}

/** A page that was reloaded past its caches has no controller until the worker claims it again. */
async function controlled(
  container: ServiceWorkerContainer,
  registration: ServiceWorkerRegistration,
): Promise<void> {
  const coming = registration.installing
  const failed =
    coming === null || registration.active !== null
      ? undefined
      : new Promise<never>((_, reject) => {
          coming.addEventListener('statechange', () => {
            if (coming.state === 'redundant') reject(new CapabilityError('Unavailable', notInstalled))
          })
        })
  // Also a page that another service worker controls waits for this one.
  while (container.controller === null || container.controller !== registration.active) {
    const changed = next(container, 'controllerchange')
    registration.active?.postMessage(claimMessage)
    await (failed === undefined ? changed : Promise.race([changed, failed]))
  }
}

const notInstalled =
  'the service worker could not be installed: its own console says why, often a precached file the server does not have'

function watch(
  registration: ServiceWorkerRegistration,
  container: ServiceWorkerContainer,
  onUpdate: () => void,
): void {
  if (registration.waiting !== null && container.controller !== null) onUpdate()
  registration.addEventListener('updatefound', () => {
    const coming = registration.installing
    coming?.addEventListener('statechange', () => {
      if (coming.state === 'installed' && container.controller !== null) onUpdate()
    })
  })
}

function next(target: EventTarget, type: string): Promise<void> {
  return new Promise((resolve) => {
    target.addEventListener(type, () => resolve(), { once: true })
  })
}

async function within(timeoutMs: number, work: () => Promise<void>): Promise<void> {
  const done = new AbortController()
  const late = systemClock.sleep(timeoutMs, { signal: done.signal }).then(
    () =>
      Promise.reject(
        new CapabilityError('Timeout', `the service worker does not control the page after ${timeoutMs} ms`),
      ),
    () => undefined,
  )
  try {
    await Promise.race([work(), late])
  } finally {
    done.abort()
  }
}
