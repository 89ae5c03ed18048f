/** Whether directories lie where their path says, with no link on the way. */
import fs from 'node:fs'
import { close, codeOf, open, realpath } from './io.ts'
import { linked } from './translate-error.ts'

/** Directories whose descriptors are kept open for the next look. */
const mostKept = 64
const { O_RDONLY, O_DIRECTORY = 0, O_NOFOLLOW = 0 } = fs.constants

export class Places {
  readonly #kept = new Map<string, number>()

  /**
   * Fails when the directory is not what its absolute path says. Resolves `false` when it is missing. On Linux a kept
   * descriptor tells where its directory is by now, without touching the disk; elsewhere the path is resolved each time.
   */
  async verify(path: string): Promise<boolean> {
    try {
      if (process.platform !== 'linux') {
        if ((await realpath(path)) !== path) throw linked()
        return true
      }
      const fd = this.#kept.get(path)
      if (fd !== undefined && placeOf(fd) === path) return true
      if (fd !== undefined) this.#drop(path, fd)
      await this.#keep(path)
      return true
    } catch (error) {
      if (codeOf(error) === 'ENOENT') return false
      throw error
    }
  }

  close(): void {
    for (const [path, fd] of this.#kept) this.#drop(path, fd)
  }

  async #keep(path: string): Promise<void> {
    const fd = await open(path, O_RDONLY | O_DIRECTORY | O_NOFOLLOW)
    const place = placeOf(fd)
    if (place !== path || this.#kept.has(path)) {
      await close(fd)
      if (place === `${path}${deleted}`)
        throw Object.assign(new Error('removed meanwhile'), { code: 'ENOENT' })
      if (place !== path && (place !== null || (await realpath(path)) !== path)) throw linked()
      return
    }
    this.#kept.set(path, fd)
    for (const [oldest, old] of this.#kept) {
      if (this.#kept.size <= mostKept) return
      this.#drop(oldest, old)
    }
  }

  #drop(path: string, fd: number): void {
    this.#kept.delete(path)
    fs.closeSync(fd)
  }
}

/** What Linux adds to the place of a file that has been removed or replaced; encoded names hold no space. */
export const deleted = ' (deleted)'

/** Where Linux says the descriptor leads; `null` where it does not say. */
export function placeOf(fd: number): string | null {
  if (process.platform !== 'linux') return null
  try {
    return fs.readlinkSync(`/proc/self/fd/${fd}`)
  } catch {
    return null
  }
}
