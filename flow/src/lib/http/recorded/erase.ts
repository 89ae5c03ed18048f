/** Erases what was recorded for one caller: `await eraseAnswers(server.flowport, 'user-17')`. */
import { type BlobStore, CapabilityError, type DedupeStore, type ResourceName } from '@flowport/capabilities'
import type { App } from '../../app.ts'
import type { Runtime } from '../../runtime/runtime.ts'
import { folderNameOf, ledgerKey } from './identity.ts'
import { callerFolder, placeOf } from './place.ts'

export interface EraseAnswersParts {
  readonly app: Pick<App, 'flows'>
  readonly runtime: Pick<Runtime, 'bag' | 'digest'>
}

export interface ErasedAnswers {
  /** Answers that are not replayed any more. */
  readonly answers: number
  /** Objects deleted from blob stores. */
  readonly objects: number
}

/**
 * Removes the recorded answers of a principal, from the ledger and from every store that a flow records in. The answer of a
 * request that is under way is not recorded. Callers are found by what the blob store lists.
 * @throws CapabilityError `Misconfigured` where a flow records answers and its store is not bound or cannot list.
 */
export async function eraseAnswers(
  { app, runtime }: EraseAnswersParts,
  principal: string,
): Promise<ErasedAnswers> {
  const { bag, digest } = runtime
  const folder = callerFolder(await folderNameOf({ principal }, digest))
  const names = new Set<string>()
  let objects = 0
  for (const resource of storesOfAnswers(app)) {
    const store = bag.has(resource)
      ? (bag.control(resource).view('write', undefined) as BlobStore)
      : undefined
    if (store === undefined || store.info.features.list === false) throw cannotList(resource)
    const keys: string[] = []
    for await (const { key } of store.entries({ prefix: folder })) keys.push(key)
    for (const key of keys) {
      const place = placeOf(key)
      if (place !== null) names.add(place.name)
    }
    // The ledger first: without a record nothing replays what is still there.
    await forget(bag.control('dedupe').view('write', undefined) as DedupeStore, names)
    await store.deleteMany(keys)
    objects += keys.length
  }
  return { answers: names.size, objects }
}

/** The stores that flows of the app record answers in. */
export function storesOfAnswers({ flows }: Pick<App, 'flows'>): readonly ResourceName<'blob'>[] {
  const stores = flows.flatMap(({ trigger }) => (trigger.kind === 'http' ? [trigger.idempotency?.store] : []))
  return [...new Set(stores.filter((store) => store !== undefined))]
}

async function forget(ledger: DedupeStore, names: Iterable<string>): Promise<void> {
  for (const name of names) await ledger.forget(ledgerKey(name))
}

function cannotList(resource: string): CapabilityError {
  return new CapabilityError(
    'Misconfigured',
    `${resource} is not bound or cannot list its keys, so that the answers of one caller cannot be found; they expire by themselves`,
    { capability: resource, operation: 'list' },
  )
}
