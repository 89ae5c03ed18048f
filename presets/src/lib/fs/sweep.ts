/** Clears a staging directory of what processes that ended in mid-write left in it. */
import fs from 'node:fs'
import { join } from 'node:path'
import { ownerFile, readOwner, type SeenOwner } from './owner.ts'

/** Age at which a staged file without an owner file is nobody's. */
const orphanAfterMs = 3_600_000

/** Removes staged files, locks and owner files of dead owners, and old ones of unknown owners. Never this owner's. */
export function sweepStaging(staging: string, self: string): void {
  const owners = new Map<string, SeenOwner | 'unreadable' | null>()
  const ownerOf = (id: string) => {
    if (!owners.has(id)) owners.set(id, readOwner(ownerFile(staging, id)))
    return owners.get(id) ?? null
  }
  const names = fs.readdirSync(staging)
  for (const name of names) {
    const path = join(staging, name)
    if (name.startsWith(self)) continue
    if (name.endsWith('.tmp')) {
      const owner = ownerOf(name.slice(0, 16))
      if (isGone(owner) || (owner === null && isOld(path))) fs.rmSync(path, { force: true })
    } else if (isLock(name) && isGone(readOwner(path))) {
      fs.rmSync(path, { force: true })
    }
  }
  // Last, so that a sweep that is itself killed leaves the next one something to go by.
  for (const name of names) {
    if (name.endsWith('.owner') && !name.startsWith(self) && isGone(ownerOf(name.slice(0, 16)))) {
      fs.rmSync(join(staging, name), { force: true })
    }
  }
}

/** Removes every staged file of an owner: whatever it was about to publish, it no longer can. */
export function fence(staging: string, id: string): void {
  for (const name of fs.readdirSync(staging)) {
    if (name.startsWith(id) && name.endsWith('.tmp')) fs.rmSync(join(staging, name), { force: true })
  }
}

function isGone(owner: SeenOwner | 'unreadable' | null): boolean {
  return owner !== null && owner !== 'unreadable' && owner.isDead
}

function isLock(name: string): boolean {
  return name.endsWith('.lock') || name.endsWith('.break')
}

function isOld(path: string): boolean {
  const stat = fs.lstatSync(path, { throwIfNoEntry: false })
  return stat !== undefined && Date.now() - stat.mtimeMs > orphanAfterMs
}
