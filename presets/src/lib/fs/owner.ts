/**
 * The owner file every opened store keeps in its staging directory: whose staged files and locks are whose, and whether
 * their process still lives. A lock is a hard link to it, so taking one is a single atomic call with its owner inside.
 */
import fs from 'node:fs'
import { hostname } from 'node:os'
import { join } from 'node:path'
import { codeOf } from './io.ts'

export interface Owner {
  /** 16 hex digits; staged files of the owner begin with them. */
  readonly id: string
  readonly pid: number
  readonly host: string
  /** When the process began, in milliseconds since the epoch: tells a process from a later one with its pid. */
  readonly startedAt: number
}

/** Silence after which a lock's owner counts as stuck, whatever its process does. */
export const stuckAfterMs = 30_000

/** Of this process, reckoned once: a clock that is set later must not make its owners strangers to each other. */
let startedAt: number | undefined

/** This process, as an owner. */
export function thisOwner(id: string): Owner {
  return {
    id,
    pid: process.pid,
    host: hostname(),
    startedAt: (startedAt ??= Math.round(Date.now() - process.uptime() * 1000)),
  }
}

export function ownerFile(staging: string, id: string): string {
  return join(staging, `${id}.owner`)
}

/** Writes the owner file, whole under its name at once. */
export function writeOwner(staging: string, owner: Owner): void {
  const draft = join(staging, `${owner.id}-owner.tmp`)
  fs.writeFileSync(draft, JSON.stringify(owner))
  fs.renameSync(draft, ownerFile(staging, owner.id))
}

export interface SeenOwner extends Owner {
  /** Its process is gone for certain. */
  readonly isDead: boolean
  /** It has taken and released no lock for `stuckAfterMs`. */
  readonly isSilent: boolean
}

/** The owner a lock or an owner file names; `null` when the file is gone, `'unreadable'` when it is something else. */
export function readOwner(path: string): SeenOwner | 'unreadable' | null {
  try {
    const owner = parse(fs.readFileSync(path, 'utf8'))
    if (owner === null) return 'unreadable'
    // Taking and releasing a lock changes the link count and with it the time of change.
    const isSilent = Date.now() - fs.statSync(path).ctimeMs > stuckAfterMs
    return { ...owner, isDead: isDead(owner), isSilent }
  } catch (error) {
    if (codeOf(error) === 'ENOENT') return null
    throw error
  }
}

function parse(text: string): Owner | null {
  try {
    const owner = JSON.parse(text) as Partial<Owner> | null
    if (typeof owner?.id !== 'string' || typeof owner.pid !== 'number') return null
    return { id: owner.id, pid: owner.pid, host: String(owner.host), startedAt: Number(owner.startedAt) }
  } catch {
    return null
  }
}

function isDead(owner: Owner): boolean {
  const me = thisOwner('')
  if (owner.host !== me.host) return false
  if (owner.pid === me.pid) return Math.abs(owner.startedAt - me.startedAt) > 5_000
  try {
    process.kill(owner.pid, 0)
    return false
  } catch (error) {
    return codeOf(error) === 'ESRCH'
  }
}
