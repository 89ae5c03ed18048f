/** The owner file of every opened store, in its staging directory: how others tell whether the owner still lives. */
import fs from 'node:fs'
import { codeOf, fileMode } from './io.ts'
import type { Kernel } from './identity.ts'

export interface Owner extends Kernel {
  /** 16 hex digits, random; the names of all files the owner stages begin with them. */
  readonly id: string
  /** Whether the owner listens on its socket. The kernel closes a socket when its process ends, however it ends. */
  readonly listens: boolean
}

/** Pause between two signs of life, which change the times of the owner file. */
export const beatMs = 5_000
/** An owner without a sign of life for this long is stuck, and what it staged may be removed. */
export const stuckAfterMs = 30_000
/** Characters of an owner's id. */
const idLength = 16

/** The owner of a staged file or a claim, by its name. */
export function ownerOf(name: string): string {
  return name.slice(0, idLength)
}

export function ownerFile(staging: string, id: string): string {
  return `${staging}${id}.owner`
}

export function socketFile(staging: string, id: string): string {
  return `${staging}${id}.alive`
}

/** Writes the owner file, whole under its name at once. */
export function writeOwner(staging: string, owner: Owner): void {
  const draft = `${staging}${owner.id}-owner.tmp`
  fs.writeFileSync(draft, JSON.stringify(owner), { mode: fileMode })
  fs.renameSync(draft, ownerFile(staging, owner.id))
}

export interface SeenOwner {
  readonly owner: Owner
  /** Another text after every sign of life. */
  readonly stamp: string
}

/** The owner file of `id`; `null` when it is missing, or is something else. */
export function readOwner(staging: string, id: string): SeenOwner | null {
  const path = ownerFile(staging, id)
  try {
    const owner = parse(fs.readFileSync(path, 'utf8'))
    const { mtimeNs, ctimeNs } = fs.lstatSync(path, { bigint: true })
    return owner === null ? null : { owner, stamp: `${mtimeNs}-${ctimeNs}` }
  } catch (error) {
    if (codeOf(error) === 'ENOENT') return null
    throw error
  }
}

function parse(text: string): Owner | null {
  try {
    const owner = JSON.parse(text) as Partial<Owner> | null
    if (typeof owner?.id !== 'string' || typeof owner.boot !== 'string' || typeof owner.device !== 'string')
      return null
    return { id: owner.id, boot: owner.boot, device: owner.device, listens: owner.listens === true }
  } catch {
    return null
  }
}
