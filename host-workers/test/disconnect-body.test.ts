import { once } from 'node:events'
import { connect } from 'node:net'
import { resolve } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { giveUpHeader, type RunningWorkerd, serveWorkerd } from '@flowport/host-workers/testing'

/** 100 bytes of JSON. */
const text = JSON.stringify('x'.repeat(98))

/** Sends the head of a request and the first 99 bytes of its body, and then nothing more. */
async function halfSent(url: string, headers: readonly string[]) {
  const { hostname, port } = new URL(url)
  const socket = connect(Number(port), hostname)
  socket.on('error', () => undefined)
  await once(socket, 'connect')
  const lines = ['POST /echo HTTP/1.1', 'host: localhost', 'content-type: application/json', ...headers]
  const half = text.slice(0, 99)
  const sent = headers.includes('transfer-encoding: chunked') ? `63\r\n${half}\r\n` : half
  socket.write(`${lines.join('\r\n')}\r\n\r\n${sent}`)
  return socket
}

const small = ['that the platform reads in one call', 'content-length: 100'] as const
const large = ['that is collected as it arrives', 'content-length: 100000'] as const
const chunked = ['of unknown length', 'transfer-encoding: chunked'] as const

describe.each([
  ['closes its connection', false, [small, large, chunked]],
  // The Worker that replaces the platform's edge buffers the first bytes of other bodies.
  ['is cancelled by the platform', true, [small]],
])('a client that %s while its body is read', (_, edge, bodies) => {
  let worker: RunningWorkerd | undefined
  beforeAll(async () => {
    worker = await serveWorkerd(resolve(import.meta.dirname, 'worker/narrow-worker.ts'), { edge })
  })
  afterAll(() => worker?.close())

  it.each(bodies)('leaves no held memory of a body %s', async (_what, length) => {
    const headers = { 'content-type': 'application/json' }
    const ask = () => fetch(`${worker?.url}/echo`, { method: 'POST', headers, body: text })
    const status = async () => {
      const answer = await ask()
      await answer.text()
      return answer.status
    }
    expect(await status()).toBe(200)
    const begin = () => halfSent(worker?.url ?? '', edge ? [length, `${giveUpHeader}: 1500`] : [length])
    let socket = await begin()
    // The received part of the body fills the room for all bodies, unless this check took room first.
    const full = async () => {
      const answer = await status()
      if (answer === 503) return answer
      socket.destroy()
      socket = await begin()
      return answer
    }
    await expect.poll(full).toBe(503)
    if (edge) await once(socket, 'data')
    socket.destroy()
    await expect.poll(status).toBe(200)
  })
})
