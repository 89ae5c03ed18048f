/** Stores on OPFS for the suites: a folder of its own for each, opened again and removed at the end. */
import {
  type BlobStore,
  type DedupeStore,
  type KeyValue,
  type ResourceName,
  silentLogger,
} from '@flowport/capabilities'
import type { ManualClock } from '@flowport/capabilities/testing'
import { opfsBrowser } from '@flowport/presets/opfs-browser'

export interface SuiteStore {
  readonly blob: BlobStore
  readonly kv: KeyValue
  readonly dedupe: DedupeStore
  close(): Promise<void>
  /** Closes the store and opens it again. */
  reopen(): Promise<SuiteStore>
}

export interface Way {
  readonly access: 'direct' | 'worker'
  readonly isBare: boolean
}

/**
 * The ways the suites run: the layers do not know how files are written, so each browser runs both ways of writing, one
 * bare and one layered, and the other browser the other two.
 */
export const ways: readonly Way[] = navigator.userAgent.includes('Firefox')
  ? [
      { access: 'direct', isBare: false },
      { access: 'worker', isBare: true },
    ]
  : [
      { access: 'direct', isBare: true },
      { access: 'worker', isBare: false },
    ]

export function nameOf({ access, isBare }: Way): string {
  return `${access === 'worker' ? 'through the worker' : 'through createWritable'}, ${isBare ? 'bare' : 'layered'}`
}

export function openSuiteStore(clock: ManualClock, way: Way): Promise<SuiteStore> {
  return openIn(`suite-${crypto.randomUUID()}`, clock, way)
}

async function openIn(root: string, clock: ManualClock, { access, isBare }: Way): Promise<SuiteStore> {
  const provider = opfsBrowser({
    root,
    access,
    fallback: 'none',
    ...(isBare ? { layers: () => [] } : {}),
  })
  const opened = await provider.open({ env: {}, bindings: {}, log: silentLogger, clock })
  const resource = <T>(name: ResourceName) => opened.resources.get(name) as unknown as T
  return {
    blob: resource<BlobStore>('blob'),
    kv: resource<KeyValue>('kv'),
    dedupe: resource<DedupeStore>('dedupe'),
    async close() {
      await opened.close()
      const top = await navigator.storage.getDirectory()
      await top.removeEntry(root, { recursive: true })
    },
    async reopen() {
      await opened.close()
      return openIn(root, clock, { access, isBare })
    },
  }
}
