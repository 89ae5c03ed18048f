/** Lets a closing server wait for its runs for longer than Fastify allows a single hook. */
import type { FastifyInstance } from 'fastify'
import { setTimeout as sleep } from 'node:timers/promises'

/**
 * Adds `preClose` hooks that wait until `drain` resolves, for at most `longestMs`. After `pluginTimeout` milliseconds Fastify
 * gives up on a hook, and then the server never closes. So each hook waits for half of that time, and as many hooks are added
 * as `longestMs` needs.
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
