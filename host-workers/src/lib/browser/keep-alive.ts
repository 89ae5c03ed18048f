/**
 * Keeps a service worker alive while it works. Browsers stop a service worker that has had no event for a while, Firefox after
 * a minute, and its stream then ends as if it were complete. To prevent this, the service worker sends its pages messages, and
 * each reply is an event.
 */
import { CapabilityError } from '@flowport/capabilities'
import { areYouThereMessage, type ServiceWorkerScope } from './scope.ts'

export interface KeepAliveOptions {
  /** Milliseconds between two messages to the pages. */
  readonly everyMs: number
  /** Milliseconds without an event after which streams fail. `null` in a browser that keeps streams alive without events. */
  readonly patienceMs: number | null
}

export class KeepAlive {
  readonly #scope: Pick<ServiceWorkerScope, 'clients' | 'registration'>
  readonly #options: KeepAliveOptions
  readonly #held = new Set<object>()
  readonly #streams = new Set<(error: unknown) => void>()
  #timer: ReturnType<typeof setTimeout> | undefined
  #heardAt = 0

  constructor(scope: Pick<ServiceWorkerScope, 'clients' | 'registration'>, options: KeepAliveOptions) {
    this.#scope = scope
    this.#options = options
  }

  /** Records that an event has arrived. */
  heard(): void {
    this.#heardAt = performance.now()
  }

  /** Messages the pages until `work` has settled. */
  async during(work: Promise<unknown>): Promise<void> {
    const one = {}
    this.#held.add(one)
    this.#timer ??= setTimeout(() => this.#ask(), this.#options.everyMs)
    try {
      await work
    } finally {
      this.#held.delete(one)
      if (this.#held.size === 0) {
        clearTimeout(this.#timer)
        this.#timer = undefined
      }
    }
  }

  /**
   * Registers a stream: `fail` must end it with an error before the browser would end it without one. Returns a function that
   * unregisters it.
   */
  streaming(fail: (error: unknown) => void): () => void {
    this.#streams.add(fail)
    return () => void this.#streams.delete(fail)
  }

  #ask(): void {
    const { everyMs, patienceMs } = this.#options
    this.#timer = setTimeout(() => this.#ask(), everyMs)
    if (patienceMs !== null && performance.now() - this.#heardAt >= patienceMs) {
      const error = new CapabilityError('Unavailable', unanswered)
      for (const fail of this.#streams) fail(error)
      this.#streams.clear()
    }
    this.#post().catch(() => undefined)
  }

  async #post(): Promise<void> {
    const pages = await this.#scope.clients.matchAll({ includeUncontrolled: true, type: 'window' })
    for (const page of pages)
      if (page.url.startsWith(this.#scope.registration.scope)) page.postMessage(areYouThereMessage, [])
  }
}

const unanswered =
  'no page keeps the service worker alive, so the browser is about to stop it in the middle of a stream: register it with registerServiceWorker'

/** Chromium keeps a service worker alive while it streams. Any other browser is assumed not to. */
export function patienceOf(navigator: object): number | null {
  return 'userAgentData' in navigator ? null : 45_000
}
