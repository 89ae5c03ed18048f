import { randomBytes } from 'node:crypto'
import { afterEach, describe, expect, it } from 'vitest'
import { ask, type ExampleServer, startExample } from './support/example-server.ts'

let server: ExampleServer | undefined
afterEach(async () => {
  await server?.stop()
})

/** Starts a server over the data that the killed one left. */
async function restarted(killed: ExampleServer): Promise<ExampleServer> {
  server = await startExample({ dataDir: killed.dataDir })
  return server
}

/** A body that never ends. */
function endless(start = ''): ReadableStream<Uint8Array> {
  return new ReadableStream({
    start: (controller) => controller.enqueue(new TextEncoder().encode(start)),
    async pull(controller) {
      await new Promise((resolve) => setImmediate(resolve))
      controller.enqueue(new Uint8Array(randomBytes(64 * 1024)))
    },
  })
}

describe('kill -9', () => {
  it('in the middle of uploads leaves the old file and no partial new one', async () => {
    server = await startExample()
    const { url } = server
    await fetch(`${url}/files/kept`, { method: 'PUT', body: 'the old content' })
    const uploads = ['kept', 'new-1', 'new-2'].map((name) =>
      fetch(`${url}/files/${name}`, { method: 'PUT', body: endless(), duplex: 'half' } as RequestInit).catch(
        () => 'cut off',
      ),
    )
    const form = fetch(`${url}/files`, {
      method: 'POST',
      body: endless('--b\r\nContent-Disposition: form-data; name="f"; filename="new-3"\r\n\r\n'),
      duplex: 'half',
      headers: { 'content-type': 'multipart/form-data; boundary=b' },
    } as RequestInit).catch(() => 'cut off')
    await bytesOnTheWay(server)
    await server.kill('SIGKILL')
    expect(await Promise.all([...uploads, form])).toEqual(['cut off', 'cut off', 'cut off', 'cut off'])
    const again = await restarted(server)
    expect(await (await fetch(`${again.url}/files/kept`)).text()).toBe('the old content')
    const { body } = await ask(`${again.url}/files`)
    expect((body as { files: { key: string }[] }).files.map(({ key }) => key)).toEqual(['kept'])
  })

  it('in the middle of notes and orders leaves complete rows and at most one charge each', async () => {
    server = await startExample()
    const { url } = server
    let writing = true
    const acknowledged: string[] = []
    const orders: string[] = []
    const text = (id: string) => `${id}:${'x'.repeat(2_000)}:${id}`
    const writers = Array.from({ length: 8 }, async (_, writer) => {
      for (let i = 0; writing; i++) {
        const id = `${writer}-${i}`
        try {
          const put = await ask(`${url}/notes/${id}`, 'PUT', { text: text(id) })
          if (put.status === 200) acknowledged.push(id)
          orders.push(id)
          await ask(`${url}/orders`, 'POST', { orderId: id, amountCents: 1 })
        } catch {
          return
        }
      }
    })
    await expect.poll(() => acknowledged.length, { timeout: 20_000 }).toBeGreaterThan(100)
    await server.kill('SIGKILL')
    writing = false
    await Promise.all(writers)
    const again = await restarted(server)
    for (const id of acknowledged) {
      expect((await ask(`${again.url}/notes/${id}`)).body).toEqual({ id, text: text(id) })
    }
    for (const id of orders.slice(-16)) {
      const sent = await ask(`${again.url}/orders`, 'POST', { orderId: id, amountCents: 1 })
      // A key that was in flight when the process died is free again when its lease ends.
      expect([201, 409]).toContain(sent.status)
      const { charges } = (await ask(`${again.url}/orders/${id}`)).body as { charges: number }
      expect(charges).toBeLessThanOrEqual(1)
      if (sent.status === 201) expect(charges).toBe(1)
    }
  })
})

/** Resolves when the server has received some megabytes of the uploads. */
async function bytesOnTheWay({ dataDir }: ExampleServer): Promise<void> {
  const { readdirSync, statSync } = await import('node:fs')
  const size = () =>
    readdirSync(dataDir, { recursive: true, withFileTypes: true })
      .filter((entry) => entry.isFile())
      .reduce((sum, entry) => {
        try {
          return sum + statSync(`${entry.parentPath}/${entry.name}`).size
        } catch {
          return sum
        }
      }, 0)
  await expect.poll(size, { timeout: 20_000 }).toBeGreaterThan(4 * 1024 * 1024)
}
