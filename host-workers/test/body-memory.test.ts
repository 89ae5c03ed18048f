/** Memory that a body holds while it is read. */
import { defineApp, flow, http, node, opaque, streamBody } from '@flowport/flow'
import { flowportHono } from '@flowport/host-workers'
import { describe, expect, it } from 'vitest'
import { runInNewContext } from 'node:vm'
import { setFlagsFromString } from 'node:v8'
import { setImmediate as turn } from 'node:timers/promises'

/** Runs the garbage collector, which a flag set at run time makes callable. */
async function collectGarbage(): Promise<void> {
  setFlagsFromString('--expose-gc')
  const collect = runInNewContext('gc') as () => void
  for (let times = 0; times < 3; times++) {
    await turn()
    collect()
  }
}

const chunkBytes = 5_000
const chunks = 100

/** Makes a request with an endless body of many chunks, and weak references to the chunks' buffers. */
function endless(path: string, type: string) {
  const made: WeakRef<ArrayBuffer>[] = []
  const ended = Promise.withResolvers<void>()
  const body = new ReadableStream<Uint8Array>(
    {
      async pull(controller) {
        if (made.length === chunks) {
          await ended.promise
          return controller.close()
        }
        const chunk = new Uint8Array(chunkBytes)
        made.push(new WeakRef(chunk.buffer))
        controller.enqueue(chunk)
      },
    },
    { highWaterMark: 0 },
  )
  const request = new Request(`https://example.test${path}`, {
    method: 'POST',
    body,
    duplex: 'half',
    headers: { 'content-type': type, 'content-length': String(chunkBytes * chunks + 1) },
  } as RequestInit)
  const kept = async () => {
    await collectGarbage()
    return made.filter((buffer) => buffer.deref() !== undefined).length
  }
  return { request, made, kept, end: ended.resolve }
}

const app = flowportHono(
  defineApp({
    profiles: { workers: [] },
    flows: [
      flow('upload', {
        trigger: http.post('/upload', { input: opaque<object>(), body: streamBody('file') }),
        graph: (it, step) =>
          step(
            node('reads', {
              input: opaque<{ file: { stream: ReadableStream<Uint8Array> } }>(),
              async run({ file }) {
                for await (const _ of file.stream);
                return null
              },
            }),
            it,
          ),
      }),
      flow('json', {
        trigger: http.post('/json', { input: opaque<object>() }),
        graph: (it, step) => step(node('json', { input: opaque<object>(), run: () => null }), it),
      }),
    ],
  }),
)

describe('an unfinished body', () => {
  it.each([
    ['an upload', '/upload', 'application/octet-stream'],
    ['JSON', '/json', 'application/json'],
  ])('of %s keeps none of the chunks that have been read', async (_what, path, type) => {
    const { request, made, kept, end } = endless(path, type)
    const answer = app.request(request)
    while (made.length < chunks) await turn()
    expect(await kept()).toBeLessThan(5)
    end()
    expect((await answer).status).toBe(400)
  })
})
