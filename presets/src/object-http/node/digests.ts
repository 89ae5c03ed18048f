/** Digests over `node:crypto`. */
import * as crypto from 'node:crypto'
import type { Digests } from '../digests.ts'

/** In one step where Node has that, from 20.12 on: a third of the time for a small body. */
const oneStep = typeof crypto.hash === 'function'

export const nodeDigests: Digests = {
  sha256: (bytes) =>
    oneStep ? crypto.hash('sha256', bytes, 'buffer') : crypto.createHash('sha256').update(bytes).digest(),
  running: (algorithm) => {
    const hash = crypto.createHash(algorithm)
    return { update: (bytes) => void hash.update(bytes), digest: () => hash.digest() }
  },
  fastRunning: true,
}
