/** SHA-256 in JavaScript, for pages: a module of its own, so that a bundle holds this digest and none of its neighbours. */
import { sha256 } from '@noble/hashes/sha2.js'
import type { RunningHash } from './running-hash.ts'

export function createSha256(): RunningHash {
  return sha256.create()
}
