/** The folder of unfinished objects on file systems, and the removal of the ones that dead processes left. */
import type { Operator } from 'opendal'
import { native } from './native.ts'
import type { Place } from './place.ts'
import { removeObject } from './remove.ts'
import { statOf } from './stat.ts'

/** Where unfinished objects of a file system are; no key is there. */
export const stagingFolder = '.flowport-staging/'

/** Milliseconds after which an unfinished object counts as abandoned. */
const abandonedMs = 86_400_000
/** Most objects of one look. */
const mostLookedAt = 1000

/** Removes unfinished objects that were not written to for a day, by the clock of the file system, which may differ from the clock of
 * the process. */
export async function removeAbandoned(operator: Operator): Promise<void> {
  const where: Place = { capability: 'blob', operation: 'put' }
  const probe = `${stagingFolder}${crypto.randomUUID()}`
  const writtenAt = async (path: string) =>
    Date.parse((await statOf(operator, path, where, undefined))?.lastModified ?? '')
  await native(() => operator.write(probe, Buffer.alloc(0)), where, undefined)
  const now = await writtenAt(probe)
  await removeObject(operator, probe, where, undefined)
  const entries = await native(() => operator.list(stagingFolder), where, undefined)
  for (const entry of entries.slice(0, mostLookedAt)) {
    const path = entry.path()
    if (!path.startsWith(stagingFolder) || path.endsWith('/')) continue
    // A missing time compares as false: an object without a date stays.
    if ((await writtenAt(path)) + abandonedMs < now) await removeObject(operator, path, where, undefined)
  }
}
