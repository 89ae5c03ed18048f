/** What makes an outbox send by itself: its start, new entries, the network's return, the end of a pause, Background Sync. */
import type { Clock, Logger } from '@flowport/capabilities'
import type { Sender } from './sender.ts'

export interface TriggerParts {
  readonly tag: string
  readonly sender: Sender
  readonly clock: Clock
  readonly log: Logger
}

export interface Triggers {
  /** Sends soon what may be sent. */
  kick(): void
  /** Asks the browser to wake the service worker when it is online, also after the page has gone. */
  registerSync(): void
  /** Resolves when nothing is under way. */
  stop(): Promise<void>
}

/** Longest sleep of a timer, so that one that stood still with the machine is not waited for. */
const longestSleepMs = 60_000
const pauseAfterErrorMs = 5_000

export function startTriggers({ tag, sender, clock, log }: TriggerParts): Triggers {
  const stopped = new AbortController()
  let pause = new AbortController()
  let running: Promise<void> | undefined
  let wanted: 'no' | 'yes' | 'hurry' = 'no'

  /** One after the other, until nobody has asked meanwhile. */
  async function work(): Promise<void> {
    while (wanted !== 'no' && !stopped.signal.aborted) {
      const hurry = wanted === 'hurry'
      wanted = 'no'
      // Offline, sending can only fail; the return of the network asks again.
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

  /** Until the first entry may be sent again. */
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

/** Best effort: not all browsers have it, and it may be refused. The page sends by itself anyway. */
async function askForSync(tag: string): Promise<void> {
  try {
    const { serviceWorker } = navigator as { readonly serviceWorker?: ServiceWorkerContainer }
    const registration = (await serviceWorker?.getRegistration()) as Syncing | undefined
    await registration?.sync?.register(tag)
  } catch {
    // Refused: nothing is lost.
  }
}

interface Syncing {
  readonly sync?: { register(tag: string): Promise<void> }
}
