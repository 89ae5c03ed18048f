/** The server's side of `ServerProcess`: listens on a free port of 127.0.0.1, answers its parent, and exits with it. */
import type { FastifyInstance } from 'fastify'
import type { Told } from './server-process.ts'

export async function serveForParent(server: FastifyInstance): Promise<void> {
  process.once('disconnect', () => process.exit())
  process.on('message', () => {
    const { user, system } = process.cpuUsage()
    tell({ kind: 'usage', cpuMicros: user + system, peakBytes: process.resourceUsage().maxRSS * 1024 })
  })
  tell({ kind: 'listening', url: await server.listen({ port: 0, host: '127.0.0.1' }) })
}

function tell(told: Told): void {
  process.send?.(told)
}
