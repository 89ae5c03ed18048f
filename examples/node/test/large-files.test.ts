import { createHash } from 'node:crypto'
import { existsSync } from 'node:fs'
import { Readable } from 'node:stream'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { type ExampleServer, startExample } from './support/example-server.ts'
import { required } from './support/required.ts'

const MiB = 1024 * 1024
const chunk = 256 * 1024
const total = 1024 * MiB

let server: ExampleServer
beforeAll(async () => {
  server = await startExample()
})
afterAll(() => server.stop())

/** Watches the server's memory; `stop` returns its largest growth in bytes. */
function watchMemory() {
  const before = server.rss()
  let peak = before
  const watch = setInterval(() => {
    peak = Math.max(peak, server.rss())
  }, 20)
  return {
    stop() {
      clearInterval(watch)
      return peak - before
    },
  }
}

/** Content that differs from chunk to chunk, so that a lost or repeated chunk is detected. */
function* content(length = total): Generator<Buffer, void, void> {
  const bytes = Buffer.alloc(chunk)
  for (let i = 0; i < chunk; i++) bytes[i] = (i * 31) & 0xff
  for (let at = 0; at < length; at += chunk) {
    const next = Buffer.from(bytes)
    next.writeUInt32LE(at / chunk, 0)
    yield next
  }
}

describe.skipIf(!required('/proc', existsSync('/proc/self/status')))(
  'a file of 1 GiB (needs /proc to see the memory of the server)',
  () => {
    it('is uploaded and downloaded while the server’s memory grows by less than 100 MiB', {
      timeout: 300_000,
    }, async () => {
      await (
        await fetch(`${server.url}/files/warm`, { method: 'PUT', body: Buffer.alloc(8 * MiB) })
      ).arrayBuffer()
      await (await fetch(`${server.url}/files/warm`)).arrayBuffer()
      const memory = watchMemory()
      const sent = createHash('sha256')
      const chunks = content()
      const body = new ReadableStream<Uint8Array>({
        pull(controller) {
          const { done, value } = chunks.next()
          if (done === true) return controller.close()
          sent.update(value)
          controller.enqueue(value)
        },
      })
      const put = await fetch(`${server.url}/files/big`, {
        method: 'PUT',
        body,
        duplex: 'half',
      } as RequestInit)
      expect([put.status, await put.json()]).toMatchObject([201, { key: 'big', size: total }])
      const received = createHash('sha256')
      let bytes = 0
      for await (const part of (await fetch(`${server.url}/files/big`)).body ?? []) {
        received.update(part)
        bytes += part.length
      }
      const grownBy = memory.stop()
      expect(bytes).toBe(total)
      const digest = sent.digest('hex')
      expect(received.digest('hex')).toBe(digest)
      expect(grownBy / MiB).toBeLessThan(100)

      const start = total / 2 + 2
      const ranged = await fetch(`${server.url}/files/big`, {
        headers: { range: `bytes=${start}-${start + 9}` },
      })
      expect([ranged.status, ranged.headers.get('content-range')]).toEqual([
        206,
        `bytes ${start}-${start + 9}/${total}`,
      ])
      const expected = Buffer.from(Uint8Array.from({ length: chunk }, (_, i) => (i * 31) & 0xff))
      expected.writeUInt32LE(total / 2 / chunk, 0)
      expect(Buffer.from(await ranged.arrayBuffer())).toEqual(Buffer.from(expected.subarray(2, 12)))
    })

    it('keeps that bound when a quarter of it is uploaded in a form', {
      timeout: 300_000,
    }, async () => {
      const length = total / 4
      const memory = watchMemory()
      const sent = createHash('sha256')
      const head = '--B\r\nContent-Disposition: form-data; name="f"; filename="in-form"\r\n\r\n'
      const form = function* () {
        yield Buffer.from(head)
        for (const piece of content(length)) {
          sent.update(piece)
          yield piece
        }
        yield Buffer.from('\r\n--B--\r\n')
      }
      const posted = await fetch(`${server.url}/files`, {
        method: 'POST',
        body: Readable.toWeb(Readable.from(form())),
        duplex: 'half',
        headers: { 'content-type': 'multipart/form-data; boundary=B' },
      } as RequestInit)
      const grownBy = memory.stop()
      expect([posted.status, await posted.json()]).toMatchObject([
        201,
        { files: [{ key: 'in-form', size: length }] },
      ])
      const received = createHash('sha256')
      for await (const part of (await fetch(`${server.url}/files/in-form`)).body ?? []) received.update(part)
      expect(received.digest('hex')).toBe(sent.digest('hex'))
      expect(grownBy / MiB).toBeLessThan(100)
    })
  },
)
