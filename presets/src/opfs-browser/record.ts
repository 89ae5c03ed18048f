/** Content type and metadata of a file, kept beside it and told apart by the file's size and time. */
import { fileAt, makeFolderAt } from './folders.ts'
import type { Home } from './home.ts'
import { encodedPath } from './names.ts'
import { removeFile } from './places.ts'
import { isStale, unsettled } from './translate-error.ts'

export interface Extra {
  readonly contentType: string | null
  readonly metadata: Readonly<Record<string, string>>
}

export const noExtra: Extra = { contentType: null, metadata: {} }

/** Times a record may be replaced under a read. */
const attempts = 16

/** What is known of a file of this size and time. A change of the file by others leaves it behind. */
interface Recorded extends Extra {
  readonly size: number
  readonly modified: number
}

export class Records {
  readonly #home: Home

  constructor(home: Home) {
    this.#home = home
  }

  /** What is recorded of the file; `null` where a record is there, but of another file. */
  async read(key: string, file: File): Promise<Extra | null> {
    const recorded = await this.#read(key)
    if (recorded.length === 0) return noExtra
    return recorded.find((one) => isOf(one, file)) ?? null
  }

  /**
   * Records what belongs to the file that takes the place of another. Both are known from then on, so that whichever is
   * there, also after a crash, has its own.
   */
  async write(key: string, file: File, extra: Extra, replaced: File | null): Promise<void> {
    const before = await this.#read(key)
    const isPlain = extra.contentType === null && Object.keys(extra.metadata).length === 0
    if (isPlain && before.length === 0) return
    const { contentType, metadata } = extra
    const recorded: Recorded[] = [{ size: file.size, modified: file.lastModified, contentType, metadata }]
    const old = replaced === null ? undefined : before.find((one) => isOf(one, replaced))
    if (old !== undefined) recorded.push(old)
    const path = encodedPath(key)
    await this.#home.staged(new TextEncoder().encode(JSON.stringify(recorded)), undefined, async (staged) => {
      const folder = await makeFolderAt(await this.#home.makeOwn('meta'), path.slice(0, -1))
      await this.#home.place(staged, folder, path.at(-1) ?? '')
    })
  }

  async remove(key: string): Promise<void> {
    await removeFile(this.#home, 'meta', encodedPath(key))
  }

  async #read(key: string): Promise<readonly Recorded[]> {
    const meta = await this.#home.own('meta')
    if (meta === null) return []
    let failure: unknown
    for (let attempt = 0; attempt < attempts; attempt++) {
      const file = await fileAt(meta, encodedPath(key))
      if (file === null) return []
      try {
        return parsed(await file.text())
      } catch (error) {
        // Replaced meanwhile: read it again.
        if (!isStale(error)) throw error
        failure = error
      }
    }
    throw unsettled(failure)
  }
}

function isOf({ size, modified }: Recorded, file: File): boolean {
  return size === file.size && modified === file.lastModified
}

function parsed(text: string): readonly Recorded[] {
  try {
    const value: unknown = JSON.parse(text)
    return Array.isArray(value) ? (value as Recorded[]) : []
  } catch {
    // Damaged: as if nothing were recorded. The content does not depend on it.
    return []
  }
}
