/** Compares reading and writing 64 MiB as a stream. */
import nodeFs from 'node:fs'
import { type Candidate, compare } from '../harness.ts'
import { bounds, ours, type Stores } from './stores.ts'

const streams = 'node:fs streams'
const chunkBytes = 65_536
const chunks = 1024

/** Returns a stream of 64 MiB in new chunks of 64 KiB, like bytes from a socket. */
function source(): ReadableStream<Uint8Array<ArrayBuffer>> {
  let made = 0
  return new ReadableStream(
    {
      pull(controller) {
        controller.enqueue(new Uint8Array(chunkBytes).fill(made & 0xff))
        made += 1
        if (made === chunks) controller.close()
      },
    },
    { highWaterMark: 0 },
  )
}

/** Describes a stream by its length and the sum of the first byte of each 64 KiB. */
async function tellStream(stream: AsyncIterable<Uint8Array>): Promise<string> {
  let length = 0
  let sum = 0
  for await (const chunk of stream) {
    for (let at = (chunkBytes - (length % chunkBytes)) % chunkBytes; at < chunk.byteLength; at += chunkBytes)
      sum += chunk[at] ?? Number.NaN
    length += chunk.byteLength
  }
  return `${length} bytes, sum ${sum}`
}

export function measureStreamPut({ blob, raw: rawFiles }: Stores) {
  const candidates: readonly Candidate<string>[] = [
    {
      name: ours,
      async run(times) {
        for (let i = 0; i < times; i++) await blob.put('large', source())
        return `${(await blob.head('large'))?.size}`
      },
    },
    {
      name: streams,
      async run(times) {
        for (let i = 0; i < times; i++) await rawFiles.putStream('large', source())
        return `${nodeFs.statSync(rawFiles.path('large')).size}`
      },
    },
  ]
  return compare({ ...bounds, reference: streams, expected: `${chunkBytes * chunks}`, candidates })
}

export async function measureStreamGet({ blob, raw: rawFiles }: Stores) {
  await blob.put('large', source())
  await rawFiles.putStream('large', source())
  const candidates: readonly Candidate<string>[] = [
    {
      name: ours,
      async run(times) {
        let told = ''
        for (let i = 0; i < times; i++) {
          const handle = await blob.get('large')
          if (handle !== null) told = await tellStream(handle.stream())
        }
        return told
      },
    },
    {
      name: streams,
      async run(times) {
        let told = ''
        for (let i = 0; i < times; i++)
          told = await tellStream(nodeFs.createReadStream(rawFiles.path('large'), { highWaterMark: 262_144 }))
        return told
      },
    },
    {
      name: 'node:fs streams, as a web stream',
      async run(times) {
        let told = ''
        for (let i = 0; i < times; i++) {
          const file = await nodeFs.promises.open(rawFiles.path('large'))
          try {
            told = await tellStream(file.readableWebStream() as ReadableStream<Uint8Array>)
          } finally {
            await file.close()
          }
        }
        return told
      },
    },
  ]
  return compare({ ...bounds, reference: streams, expected: await tellStream(source()), candidates })
}
