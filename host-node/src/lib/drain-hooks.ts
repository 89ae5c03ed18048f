/** Lets a server wait for its runs when it closes, for longer than Fastify lets one hook wait. */
import type { FastifyInstance } from 'fastify'
import { setTimeout as sleep } from 'node:timers/promises'

/**
 * Adds `preClose` hooks that wait until `drain` has resolved, for `longestMs` at most. Fastify gives up on a hook after
 * `pluginTimeout` milliseconds, and then the server never closes: so each hook waits for a part of it, and there are as
 * many as `longestMs` needs.
 */
export function addDrainHooks(fastify: FastifyInstance, longestMs: number, drain: () => Promise<void>): void {
  const { pluginTimeout = 10_000 } = fastify.initialConfig
  const partMs = pluginTimeout === 0 ? longestMs : Math.max(1, pluginTimeout / 2)
  for (let left = longestMs; left > 0; left -= partMs) {
    fastify.addHook('preClose', async () => {
      const bound = new AbortController()
      const waited = sleep(Math.min(partMs, left), undefined, { signal: bound.signal }).catch(() => undefined)
      await Promise.race([drain(), waited])
      bound.abort()
    })
  }
}
