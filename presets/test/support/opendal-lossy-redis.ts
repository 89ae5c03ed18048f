/** A proxy before Redis that can lose the answers to writes: Redis does them, and then the connection is reset. */
import { once } from 'node:events'
import { connect, createServer, type Socket } from 'node:net'
import type { LoseAnswers } from '@flowport/capabilities/testing'

export interface LossyRedis {
  readonly port: number
  /** Answers lost so far. */
  readonly lost: number
  readonly loseAnswers: LoseAnswers
  close(): void
}

/** Starts a proxy before a server on this machine. */
export async function startLossyRedis(redisPort: number): Promise<LossyRedis> {
  const sockets = new Set<Socket>()
  let isLosing = false
  let lost = 0
  const server = createServer((client) => {
    const redis = connect(redisPort, '127.0.0.1')
    let isWrite = false
    for (const socket of [client, redis]) {
      sockets.add(socket)
      // Resets are what this is for.
      socket.on('error', () => undefined)
      socket.on('close', () => {
        sockets.delete(socket)
        client.destroy()
        redis.destroy()
      })
    }
    client.on('data', (chunk: Buffer) => {
      isWrite = /\r\n(?:SET|DEL)\r\n/.test(chunk.toString('latin1'))
      redis.write(chunk)
    })
    redis.on('data', (chunk: Buffer) => {
      if (!isLosing || !isWrite) return void client.write(chunk)
      lost += 1
      client.resetAndDestroy()
    })
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const address = server.address()
  return {
    port: typeof address === 'object' && address !== null ? address.port : 0,
    get lost() {
      return lost
    },
    async loseAnswers(work) {
      isLosing = true
      try {
        return await work()
      } finally {
        isLosing = false
      }
    },
    close() {
      for (const socket of sockets) socket.destroy()
      server.close()
    },
  }
}
