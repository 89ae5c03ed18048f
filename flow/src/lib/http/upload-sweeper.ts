/**
 * Deletes what is of no use any more: files of uploads that a process could not finish before it ended, and recorded answers
 * whose time is over.
 */
import {
  type BlobStore,
  type Clock,
  type Logger,
  type ResourceBag,
  type ResourceName,
  lifeRule,
  numberFault,
} from '@flowport/capabilities'
import type { App } from '../app.ts'
import type { BlobBody, BodyBinding, MultipartBody } from '../body.ts'
import { storesOfAnswers } from './recorded/erase.ts'
import { expiredAnswers } from './recorded/expired.ts'
import { stagingPrefix } from './staging.ts'

const hourMs = 3_600_000

/** Pause between two sweeps, in milliseconds. */
export const sweepIntervalMs = hourMs

/** Most files that one sweep of a store looks at. */
const maxListed = 10_000

export interface SweepOption {
  /**
   * Milliseconds after which the files of an unfinished upload are deleted, counted from the newest of them. Must exceed the
   * longest upload of a single file. `false` keeps them. Default 86 400 000 (24 hours), at least 60 000.
   */
  readonly sweepUploadsAfterMs?: number | false
}

export interface UploadSweeper {
  /** Whether there is anything to sweep: flows that record answers, or take uploads that wait for their keys without `sweepUploadsAfterMs: false`. */
  readonly isNeeded: boolean
  /** Sweeps every store that takes forms or records answers. Never rejects: what goes wrong is logged. */
  sweep(signal?: AbortSignal): Promise<void>
  /** The same, at most once an hour; `undefined` when it is not due. For hosts that run only while they answer. */
  sweepIfDue(): Promise<void> | undefined
}

/** @throws RangeError for a time that is too short or not a number. Hosts call it when they start. */
export function checkSweepOption({ sweepUploadsAfterMs = 24 * hourMs }: SweepOption): number | false {
  if (sweepUploadsAfterMs === false) return false
  const fault = numberFault(sweepUploadsAfterMs, { ...lifeRule, isAbove: false, min: 60_000 })
  if (fault !== null) throw new RangeError(`sweepUploadsAfterMs ${fault}; false keeps the files`)
  return sweepUploadsAfterMs
}

export interface UploadSweeperParts {
  readonly app: Pick<App, 'flows'>
  readonly bag: ResourceBag
  readonly log: Logger
  readonly clock: Clock
}

export function createUploadSweeper(
  { app, bag, log, clock }: UploadSweeperParts,
  option: SweepOption = {},
): UploadSweeper {
  const afterMs = checkSweepOption(option)
  const forms = afterMs === false ? [] : storesOfForms(app)
  // A profile without the store records in the ledger only.
  const answers = storesOfAnswers(app).map((name) => ({ name, expired: expiredAnswers() }))
  const isNeeded = forms.length > 0 || answers.length > 0
  let lastAt: number | undefined

  async function sweep(signal?: AbortSignal): Promise<void> {
    lastAt = clock.now()
    for (const name of forms) {
      if (afterMs === false) continue
      const sweepForms = async (store: BlobStore) => {
        const keys = await abandoned(store, clock.now() - afterMs)
        await store.deleteMany(keys)
        if (keys.length > 0)
          log.info({ store: name, files: keys.length }, 'deleted the files of forms that were never finished')
      }
      await inStore(name, signal, sweepForms, 'staged uploads could not be swept')
    }
    for (const { name, expired } of answers) {
      if (!bag.has(name)) continue
      const sweepAnswers = async (store: BlobStore) => {
        const objects = await expired.delete(store, clock.now())
        if (objects > 0) log.info({ store: name, objects }, 'deleted recorded answers that had expired')
      }
      await inStore(name, signal, sweepAnswers, 'expired answers could not be swept')
    }
  }

  async function inStore(
    name: ResourceName<'blob'>,
    signal: AbortSignal | undefined,
    work: (store: BlobStore) => Promise<void>,
    failure: string,
  ): Promise<void> {
    try {
      const store = bag
        .control(name)
        .view('write', signal === undefined ? undefined : { signal }) as BlobStore
      if (store.info.features.list !== false) await work(store)
    } catch (error) {
      if (signal?.aborted !== true) log.warn({ err: error, store: name }, failure)
    }
  }

  return {
    isNeeded,
    sweep,
    sweepIfDue() {
      const now = clock.now()
      // A clock that was set back must not put the next sweep off.
      const isDue = lastAt === undefined || Math.abs(now - lastAt) >= sweepIntervalMs
      return isDue && isNeeded ? sweep() : undefined
    },
  }
}

function storesOfForms({ flows }: Pick<App, 'flows'>): readonly ResourceName<'blob'>[] {
  const bodies = flows.flatMap(({ trigger }) => (trigger.kind === 'http' ? [trigger.body] : []))
  return [...new Set(bodies.flatMap((body) => (waitsForKey(body) ? [body.store] : [])))]
}

/** Whether what a route stores waits until its key is known, so that a process that ends meanwhile leaves it behind. */
export function waitsForKey(body: BodyBinding | null): body is MultipartBody | BlobBody {
  if (body?.kind === 'multipart') return true
  return body?.kind === 'blob' && typeof body.key !== 'function' && body.key.isByContent
}

/** Keys of uploads whose newest file is older than `before`: one that still takes files is not touched. */
async function abandoned(store: BlobStore, before: number): Promise<readonly string[]> {
  const keys: string[] = []
  let upload = { id: '', keys: [] as string[], newest: 0 }
  let listed = 0
  for await (const { key, lastModified } of store.entries({ prefix: stagingPrefix })) {
    // An upload that is listed in part is left to the next sweep.
    if (++listed > maxListed) return keys
    const id = key.slice(stagingPrefix.length).split('/', 1)[0] ?? ''
    if (id !== upload.id) {
      if (upload.newest < before) keys.push(...upload.keys)
      upload = { id, keys: [], newest: 0 }
    }
    upload.keys.push(key)
    upload.newest = Math.max(upload.newest, lastModified.getTime())
  }
  if (upload.newest < before) keys.push(...upload.keys)
  return keys
}
