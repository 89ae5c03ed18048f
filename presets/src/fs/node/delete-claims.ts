/** Claims of deletes: directories that take the deleted object. A few are kept for the next delete, under a new name. */
import { removeClaim } from './claim.ts'
import type { Home } from './home.ts'
import { mkdir, rename, unless, unlink } from './io.ts'

/** Making and removing a directory costs several times what renaming one does. */
const mostSpare = 8

export class DeleteClaims {
  readonly #home: Home
  readonly #spare: string[] = []

  constructor(home: Home) {
    this.#home = home
  }

  /** An empty directory whose name holds `tag`. */
  async take(tag: string): Promise<string> {
    const claim = this.#home.newStaged(tag)
    const spare = this.#spare.pop()
    // One that another process has removed, because this one stood still, is made anew.
    if (spare === undefined || !(await unless(rename(spare, claim), 'ENOENT'))) await mkdir(claim)
    return claim
  }

  /** Removes what the claim has taken, in the background, and with it the claim. */
  finish(claim: string): void {
    this.#home.inBackground(this.#clear(claim))
  }

  /** Removes the spare ones. */
  async close(): Promise<void> {
    for (const spare of this.#spare.splice(0)) await removeClaim(spare)
  }

  async #clear(claim: string): Promise<void> {
    await unless(unlink(`${claim}/${deletedName}`), 'ENOENT')
    const spare = this.#home.newStaged()
    if (this.#spare.length >= mostSpare || this.#home.isClosing) return removeClaim(claim)
    if (await unless(rename(claim, spare), 'ENOENT')) this.#spare.push(spare)
  }
}

/** What a deleted object is called in its claim. */
export const deletedName = 'object'
