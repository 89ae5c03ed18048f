import { createDurableState } from '@flowport/capabilities'
import { runInDurableObject } from 'cloudflare:test'
import { env } from 'cloudflare:workers'
import { describe, expect, it } from 'vitest'
import { maxAttachmentBytes } from '../../src/durable-state/limits.ts'
import { openDurableStateDriver } from '../../src/durable-state/open.ts'
import type { StateObject } from './durable-state-classes.ts'
import { ObjectSockets, serialisedBytes } from '../../src/durable-state/sockets.ts'

const state = createDurableState(openDurableStateDriver({ ...env }, {}))
const upgrade = { headers: { upgrade: 'websocket' } }

async function join(room: string, user: string): Promise<{ socket: WebSocket; heard: string[] }> {
  const { webSocket } = await env.STATE.getByName(room).fetch(`https://room/?user=${user}`, upgrade)
  if (webSocket === null) return expect.fail('the object did not accept')
  const heard: string[] = []
  webSocket.accept()
  webSocket.addEventListener('message', ({ data }) => {
    heard.push(String(data))
  })
  return { socket: webSocket, heard }
}

describe('WebSockets of a StateObject', () => {
  it('reach the hooks, with their attachments and tags', async () => {
    const [ann, bob] = [await join('room', 'ann'), await join('room', 'bob')]
    ann.socket.send('hello')
    bob.socket.send('hi')
    await expect.poll(() => ann.heard.toSorted()).toEqual(['ann: hello', 'bob: hi'])
    await expect.poll(() => bob.heard.toSorted()).toEqual(['ann: hello', 'bob: hi'])
    ann.socket.close(4001, 'bye')
    await expect.poll(() => state.of('room').get('closed')).toBe(4001)
    bob.socket.close(1000)
    await expect.poll(() => state.of('room').get('closed')).toBe(1000)
  })

  it('stay open while the object sleeps: the next message wakes it, and finds its attachment', async () => {
    const stub = (env.STATE as unknown as DurableObjectNamespace<StateObject>).getByName('sleepy')
    const { socket, heard } = await join('sleepy', 'ann')
    const before = await stub.lifeNow()
    // workerd lets an object sleep after 10 seconds without a call, on its own clock; looking would keep it awake.
    await new Promise((resolve) => setTimeout(resolve, 12_000))
    socket.send('good morning')
    await expect.poll(() => heard).toEqual(['ann: good morning'])
    expect(await stub.lifeNow()).not.toBe(before)
    socket.close(1000)
  })

  it('are refused by the hook, and other requests by the class', async () => {
    const stub = env.STATE.getByName('refusing')
    expect((await stub.fetch('https://room/', upgrade)).status).toBe(401)
    const plain = await stub.fetch('https://room/?user=ann')
    expect([plain.status, plain.headers.get('upgrade')]).toEqual([426, 'websocket'])
  })

  it('keep attachments up to the platform’s limit, and one byte more is LimitExceeded', async () => {
    await runInDurableObject(env.STATE.getByName('attachments'), (_, ctx) => {
      const sockets = new ObjectSockets(ctx)
      const { 1: socket } = new WebSocketPair()
      const latin = (bytes: number) => 'x'.repeat(bytes - serialisedBytes('""'.padEnd(16_000)) + 16_000 - 2)
      for (const bytes of [maxAttachmentBytes - 1, maxAttachmentBytes]) {
        const value = latin(bytes)
        expect(serialisedBytes(JSON.stringify(value))).toBe(bytes)
        sockets.attach(socket, value)
        expect(sockets.attachment(socket)).toBe(value)
      }
      expect(() => sockets.attach(socket, latin(maxAttachmentBytes + 1))).toThrow('limit is 16384')
      // The platform draws the line at the same byte, for text of one byte a character and of two.
      const isTaken = (text: string) => {
        try {
          socket.serializeAttachment(text)
          return true
        } catch {
          return false
        }
      }
      for (const char of ['x', 'é', '€', '😀']) {
        for (let length = 8_000 / char.length; length < 17_000 / char.length; length += 1) {
          const text = char.repeat(length)
          const bytes = serialisedBytes(text)
          if (Math.abs(bytes - maxAttachmentBytes) > 8) continue
          expect(isTaken(text), `${char} ${length}: ${bytes} bytes`).toBe(bytes <= maxAttachmentBytes)
        }
      }
    })
  })
})
