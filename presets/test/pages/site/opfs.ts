/** The page of the OPFS tests: opens stores, and does what other code of the site would. */
import {
  type BlobStore,
  createBlobStore,
  type DedupeStore,
  isCapabilityError,
  type KeyValue,
  type Logger,
  type OpenedProvider,
  satisfies,
  silentLogger,
} from '@flowport/capabilities'
import { createStorage } from '@flowport/capabilities/storage'
import { systemClock } from '@flowport/capabilities/system'
import { opfsBrowser, type OpfsBrowserOptions, opfsExtras } from '@flowport/presets/opfs-browser'
import { opfsScheme } from '@flowport/presets/opfs-browser/storage'

type OpenOptions = OpfsBrowserOptions & { readonly isBare?: boolean }

export interface Opened {
  readonly blob: BlobStore
  readonly kv: KeyValue
  readonly dedupe: DedupeStore
  readonly warnings: readonly string[]
  close(): Promise<void>
}

async function open(options: OpenOptions = {}): Promise<Opened> {
  const { isBare = false, ...rest } = options
  const warnings: string[] = []
  const log: Logger = { ...silentLogger, warn: (_fields, message) => warnings.push(message) }
  const provider = opfsBrowser({ ...rest, ...(isBare ? { layers: () => [] } : {}) })
  const opened: OpenedProvider = await provider.open({ env: {}, bindings: {}, log, clock: systemClock })
  const resource = <T>(name: 'blob' | 'kv' | 'dedupe') => opened.resources.get(name) as unknown as T
  return {
    blob: resource('blob'),
    kv: resource('kv'),
    dedupe: resource('dedupe'),
    warnings,
    close: () => opened.close(),
  }
}

const kept = new Map<string, Opened>()

const tools = {
  open,
  async text(blob: BlobStore, key: string): Promise<string | null> {
    return (await (await blob.get(key))?.text()) ?? null
  },
  async keys(blob: BlobStore): Promise<string[]> {
    const keys: string[] = []
    for await (const { key } of blob.entries()) keys.push(key)
    return keys
  },
  /** What a call ended with: its value's kind of error, or `'done'`. */
  async outcome(call: Promise<unknown>): Promise<string> {
    try {
      await call
      return 'done'
    } catch (error) {
      return isCapabilityError(error) ? error.kind : String(error)
    }
  },
  async staged(root = ''): Promise<string[]> {
    let folder = await navigator.storage.getDirectory()
    for (const name of [...(root === '' ? [] : root.split('/')), '.flowport', 'staging'])
      folder = await folder.getDirectoryHandle(name)
    const names: string[] = []
    for await (const name of folder.keys()) names.push(name)
    return names
  },
  /** A stream of so many MiB; after `stopAfter` of them it calls back and hangs. */
  mebibytes(
    count: number,
    stopAfter = Infinity,
    onStop?: () => void,
  ): ReadableStream<Uint8Array<ArrayBuffer>> {
    let sent = 0
    return new ReadableStream<Uint8Array<ArrayBuffer>>(
      {
        pull(controller) {
          if (sent >= stopAfter) {
            onStop?.()
            return new Promise<void>(() => undefined)
          }
          sent += 1
          controller.enqueue(new Uint8Array(1024 * 1024).fill(sent))
          if (sent >= count) controller.close()
          return undefined
        },
      },
      { highWaterMark: 0 },
    )
  },
  /** Plain code of the site, without the store. */
  async writePlain(path: readonly string[], text: string): Promise<void> {
    let folder = await navigator.storage.getDirectory()
    for (const name of path.slice(0, -1)) folder = await folder.getDirectoryHandle(name, { create: true })
    const file = await folder.getFileHandle(path.at(-1) ?? '', { create: true })
    const writable = await file.createWritable()
    await writable.write(text)
    await writable.close()
  },
  async readPlain(path: readonly string[]): Promise<string> {
    let folder = await navigator.storage.getDirectory()
    for (const name of path.slice(0, -1)) folder = await folder.getDirectoryHandle(name)
    return (await (await folder.getFileHandle(path.at(-1) ?? '')).getFile()).text()
  },
  /** Asks a worker of the site, and waits for its answer. */
  ask(worker: Worker, message: unknown): Promise<unknown> {
    return new Promise((resolve, reject) => {
      worker.addEventListener('message', ({ data }) => resolve(data), { once: true })
      worker.addEventListener('error', ({ message: text }) => reject(new Error(text)), { once: true })
      // oxlint-disable-next-line unicorn/require-post-message-target-origin -- a worker takes no origin
      worker.postMessage(message)
    })
  },
  /** A store that stays open between calls of the test. */
  async keep(name: string, options: OpenOptions): Promise<void> {
    kept.set(name, await open(options))
  },
  kept(name: string): Opened {
    const opened = kept.get(name)
    if (opened === undefined) throw new Error(`no store "${name}" is open`)
    return opened
  },
  /** `opfs://` by URI, with what the storage says on the console and by `describe()`. */
  async byUri() {
    const told: string[] = []
    const { warn } = globalThis.console
    globalThis.console.warn = (message: string) => void told.push(message)
    try {
      const storage = createStorage({ schemes: [opfsScheme()] })
      await storage.write('opfs://a/b.txt', 'x')
      await storage.write('opfs://a/c.txt', 'x')
      const text = await storage.read('opfs://a/b.txt')
      return { text, told, described: storage.describe() }
    } finally {
      globalThis.console.warn = warn
    }
  },
  satisfies,
  createBlobStore,
  opfsExtras,
}

declare global {
  /** The tools of the page. */
  var opfs: typeof tools
}

globalThis.opfs = tools
