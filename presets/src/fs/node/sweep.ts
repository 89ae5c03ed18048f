/** Clears a staging directory of what processes that ended, or stand still, left in it. */
import { removeClaim } from './claim.ts'
import { codeOf, readdir, rmdir, unless, unlink } from './io.ts'
import type { Liveness } from './liveness.ts'
import { ownerOf } from './owner.ts'

/** Removes staged files, locks and owner files of owners that are gone; never those of this store. */
export async function sweepStaging(staging: string, self: string, others: Liveness): Promise<void> {
  const gone = new Map<string, boolean>()
  const isGone = async (name: string) => {
    const id = ownerOf(name)
    const known = gone.get(id) ?? (await others.isGone(id))
    gone.set(id, known)
    return known
  }
  const names = (await readdir(staging)).filter((name) => ownerOf(name) !== self)
  for (const name of names) {
    if (name.endsWith('.tmp') && (await isGone(name))) await removeClaim(staging + name)
    if (name.endsWith('.lock')) await sweepLock(staging + name, isGone)
  }
  // Last, so that a sweep that is itself cut short leaves the next one something to go by. Owner files before sockets: an
  // owner file whose socket is missing tells of a process that has exited.
  for (const kind of ['.owner', '.alive']) {
    for (const name of names) {
      if (name.endsWith(kind) && (await isGone(name))) await unless(unlink(staging + name), 'ENOENT')
    }
  }
  for (const [id, isRemoved] of gone) if (isRemoved) others.forget(id)
}

async function sweepLock(lock: string, isGone: (claim: string) => Promise<boolean>): Promise<void> {
  try {
    for (const claim of await readdir(lock)) if (await isGone(claim)) await removeClaim(`${lock}/${claim}`)
  } catch (error) {
    // Released meanwhile, or the lock file of an earlier version, which its key's next writer removes.
    if (codeOf(error) !== 'ENOENT' && codeOf(error) !== 'ENOTDIR') throw error
    return
  }
  // Free by now, unless somebody holds it: then it is not empty.
  await unless(rmdir(lock), 'ENOTEMPTY', 'EEXIST', 'ENOENT')
}
