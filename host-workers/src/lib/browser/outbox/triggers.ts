/**
 * Makes an outbox send automatically: at its start, for new entries, when the network returns, after a pause, and on Background
 * Sync.
 */
import type { Clock, Logger } from '@flowport/capabilities'
import type { Sender } from './sender.ts'

export interface TriggerParts {
  readonly tag: string
  readonly sender: Sender
  readonly clock: Clock
  readonly log: Logger
}

export interface Triggers {
  /** Soon sends the entries that may be sent. */
  kick(): void
  /** Asks the browser to wake the service worker when it is online, even after the page has closed. */
  registerSync(): void
  /** Stops all triggers. Resolves when no attempt is running. */
  stop(): Promise<void>
}

/** Longest sleep in milliseconds, because a timer may stand still while the machine sleeps. */
const longestSleepMs = 60_000
const pauseAfterErrorMs = 5_000

export function startTriggers({ tag, sender, clock, log }: TriggerParts): Triggers {
  const stopped = new AbortController()
  let pause = new AbortController()
  let running: Promise<void> | undefined
  let wanted: 'no' | 'yes' | 'hurry' = 'no'

  /** Runs the sender again until no further run was requested meanwhile. */
  async function work(): Promise<void> {
    while (wanted !== 'no' && !stopped.signal.aborted) {
      const hurry = wanted === 'hurry'
      wanted = 'no'
      // While offline, sending can only fail; the `online` event triggers the next run.
      if (navigator.onLine) await sender.run({ hurry, signal: stopped.signal })
    }
  }

  function kick(how: 'yes' | 'hurry' = 'yes'): void {
    if (wanted !== 'hurry') wanted = how
    running ??= work()
      .then(
        () => 0,
        (error: unknown) => {
          if (!stopped.signal.aborted) log.error({ err: error }, 'the outbox cannot send')
          return pauseAfterErrorMs
        },
      )
      .then((leastMs) => {
        running = undefined
        void sleep(leastMs)
      })
  }

  /** Sleeps until the first entry may be sent again. */
  async function sleep(leastMs: number): Promise<void> {
    pause.abort()
    pause = new AbortController()
    const { signal } = pause
    const wait = await sender.nextInMs().catch(() => null)
    if (wait === null || stopped.signal.aborted || signal.aborted || !navigator.onLine) return
    const left = Math.max(leastMs, wait)
    await clock.sleep(Math.min(left, longestSleepMs), { signal }).catch(() => undefined)
    if (!signal.aborted && !stopped.signal.aborted) kick()
  }

  const online = () => kick('hurry')
  globalThis.addEventListener('online', online)
  kick()
  return {
    kick: () => kick(),
    registerSync: () => void askForSync(tag),
    async stop() {
      stopped.abort()
      pause.abort()
      globalThis.removeEventListener('online', online)
      await running
    },
  }
}

/** Best effort: not all browsers support Background Sync, and it may be refused. The page sends in any case. */
async function askForSync(tag: string): Promise<void> {
  try {
    const { serviceWorker } = navigator as { readonly serviceWorker?: ServiceWorkerContainer }
    const registration = (await serviceWorker?.getRegistration()) as Syncing | undefined
    await registration?.sync?.register(tag)
  } catch {
    // Refused; the page's own triggers still send.
  }
}

interface Syncing {
  readonly sync?: { register(tag: string): Promise<void> }
}
