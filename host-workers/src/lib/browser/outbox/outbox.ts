/** `createOutbox` stores requests on disk while there is no network, and sends each under its idempotency key when there is. */
import { asyncDispose, CapabilityError, checkNumbers } from '@flowport/capabilities'
import { systemClock } from '@flowport/capabilities/system'
import { consoleLogger } from '../../console-logger.ts'
import type { EnqueueOptions, Outbox, OutboxRequest, OutboxState } from './contract.ts'
import { type OutboxOptions, outboxNumbers } from './options.ts'
import { isSame, type Kept, type KeptRequest, kept } from './request.ts'
import { createSender } from './sender.ts'
import { OutboxStore } from './store.ts'
import { shown, shownFailed, type StoredEntry } from './stored.ts'
import { startTriggers } from './triggers.ts'

/**
 * Creates an outbox. Pages and the service worker of an origin that use the same name share it. Close it when it is no longer
 * needed; a page that unloads need not.
 */
export function createOutbox(options: OutboxOptions = {}): Outbox {
  checkNumbers('outbox', { ...options }, outboxNumbers)
  const { name = 'default', maxBodyBytes = 10 * 1024 * 1024, maxEntries = 1000, mayKeep = [] } = options
  const { auto = 'document' in globalThis, clock = systemClock, log = consoleLogger('warn') } = options
  checkBrowser()
  const tag = `flowport-outbox:${name}`
  const store = new OutboxStore(name)
  const channel = new BroadcastChannel(tag)
  const listeners = new Set<(state: OutboxState) => void>()
  const sender = createSender({ store, lock: tag, clock, log, changed: tell }, options)
  const triggers = auto ? startTriggers({ tag, sender, clock, log }) : undefined
  const stopped = new AbortController()

  async function show(): Promise<void> {
    if (listeners.size === 0 || stopped.signal.aborted) return
    const state = { ...(await store.counts()), sending: sender.isSending }
    for (const listener of listeners) listener(state)
  }

  function showing(): void {
    show().catch((error: unknown) => log.error({ err: error }, 'the state of the outbox cannot be read'))
  }

  function post(what: 'changed' | 'waiting'): void {
    // oxlint-disable-next-line unicorn/require-post-message-target-origin -- a channel reaches its own origin only
    if (!stopped.signal.aborted) channel.postMessage(what)
  }

  /** Notifies listeners in this page and other pages. */
  function tell(): void {
    post('changed')
    showing()
  }

  /** Like `tell`, when there is something new to send. */
  function wake(): void {
    post('waiting')
    showing()
    triggers?.kick()
    triggers?.registerSync()
  }

  channel.addEventListener('message', ({ data }: MessageEvent<unknown>) => {
    showing()
    // Waits for the lock behind the page that sends: if that page dies, this one continues.
    if (data === 'waiting') triggers?.kick()
  })

  async function enqueue(request: Request | OutboxRequest, given: EnqueueOptions = {}): Promise<string> {
    const randomKey = () => crypto.randomUUID()
    const read = await kept(request, { ...given, maxBodyBytes, mayKeep, randomKey })
    const { id } = await store.add(fresh(read.part, clock.now()), maxEntries, (known) => merged(known, read))
    wake()
    return id
  }

  async function close(): Promise<void> {
    if (stopped.signal.aborted) return
    stopped.abort()
    listeners.clear()
    await triggers?.stop()
    channel.close()
    await store.close()
  }

  return {
    name,
    tag,
    enqueue,
    async pending() {
      return (await store.list('pending')).map(shown)
    },
    async failed() {
      return (await store.list('failed')).map(shownFailed)
    },
    async retry(id) {
      const found = await store.update(id, (entry) => (entry.state === 'failed' ? again(entry) : undefined))
      if (found) wake()
      return found
    },
    async discard(id) {
      const found = await store.update(id, () => null)
      if (found) tell()
      return found
    },
    flush({ signal } = {}) {
      const signals = signal === undefined ? stopped.signal : AbortSignal.any([signal, stopped.signal])
      return sender.run({ hurry: true, signal: signals })
    },
    subscribe(listener) {
      listeners.add(listener)
      showing()
      return () => void listeners.delete(listener)
    },
    close,
    [asyncDispose]: close,
  }
}

function fresh(part: Kept, now: number): StoredEntry {
  return {
    ...part,
    id: crypto.randomUUID(),
    createdAt: now,
    state: 'pending',
    attempts: 0,
    refusals: 0,
    nextAt: 0,
    isAsked: false,
    problem: null,
    failedAt: null,
    answer: null,
  }
}

function again(entry: StoredEntry): StoredEntry {
  return { ...entry, state: 'pending', refusals: 0, nextAt: 0, isAsked: false, failedAt: null, answer: null }
}

function merged(known: StoredEntry, read: KeptRequest): StoredEntry {
  if (isSame(known, read)) return known.state === 'failed' ? again(known) : known
  const { part } = read
  throw new CapabilityError(
    'AlreadyExists',
    `another request to ${part.url.replace(/\?.*$/s, '')} is queued under the key "${part.key}", with other content or another content type: use a key per effect`,
  )
}

function checkBrowser(): void {
  if (globalThis.origin === 'null')
    throw new CapabilityError(
      'Unsupported',
      'an outbox cannot store requests in a sandboxed frame: add allow-same-origin to the sandbox of the frame',
    )
  const missing = [
    ...('indexedDB' in globalThis ? [] : ['IndexedDB']),
    ...('locks' in navigator ? [] : ['Web Locks']),
    ...('BroadcastChannel' in globalThis ? [] : ['BroadcastChannel']),
  ]
  if (missing.length === 0) return
  throw new CapabilityError(
    'Unsupported',
    `an outbox needs ${missing.join(', ')}: serve the page over https or from localhost`,
  )
}
