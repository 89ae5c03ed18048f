/** Copies a large file between schemes in a process of its own, and prints how much memory that took. Run by `storage-copy.test.ts`. */
import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'
import { createStorage } from '@flowport/capabilities/storage'
import '../support/ends-with-parent.ts'
import { fileScheme } from '../../src/fs/scheme-entry.ts'
import { s3Scheme } from '../../src/s3/scheme-entry.ts'

interface Job {
  readonly bytes: number
  readonly directory: string
  readonly bucket: string
  readonly endpoint: string
  readonly accessKeyId: string
  readonly secretAccessKey: string
}

export interface CopyMeasured {
  /** Digests of the first file, the object and the second file. */
  readonly digests: readonly string[]
  readonly sizes: readonly number[]
  /** Last progress of both ways, in bytes, and the number of reports. */
  readonly progress: readonly { readonly bytes: number; readonly calls: number }[]
  /** Most resident memory above that before, in MiB: there and back. */
  readonly growth: readonly number[]
}

const mebibyte = 1024 * 1024
/** The faster one. */
const md5 = { algorithm: 'md5' } as const
setFlagsFromString('--expose-gc')
const collectGarbage = runInNewContext('gc') as () => void

const job = JSON.parse(process.argv[3] ?? '{}') as Job
process.stdout.write(`${JSON.stringify(await measure(job))}\n`)
process.exit(0)

async function measure({ bytes, directory, bucket, ...credentials }: Job): Promise<CopyMeasured> {
  const storage = createStorage({
    schemes: [fileScheme({ root: directory }), s3Scheme({ provider: 'ceph' })],
    credentials: { s3: credentials },
  })
  const [from, over, back] = [
    `file://${directory}/a.bin`,
    `s3://${bucket}/a.bin`,
    `file://${directory}/b.bin`,
  ]
  // Modules and buffers that are loaded one time do not count as growth.
  await storage.writeStream(`file://${directory}/warm`, generated(40 * mebibyte))
  await storage.copy(`file://${directory}/warm`, `s3://${bucket}/warm`)
  await storage.copy(`s3://${bucket}/warm`, `file://${directory}/warm2`)
  await storage.writeStream(from, generated(bytes))
  const [there, here] = [await copied(from, over), await copied(over, back)]
  const digests = [
    await storage.hash(from, md5),
    await storage.hash(over, md5),
    await storage.hash(back, md5),
  ]
  await storage.close()
  return {
    digests,
    sizes: [there.size, here.size],
    progress: [there.progress, here.progress],
    growth: [there.growth, here.growth],
  }

  async function copied(source: string, target: string) {
    collectGarbage()
    const before = process.memoryUsage.rss()
    let [most, collected] = [before, 0]
    const progress = { bytes: 0, calls: 0 }
    const { size } = await storage.copy(source, target, {
      onProgress({ bytes: done }) {
        progress.bytes = done
        progress.calls += 1
        // The engine alone lets chunks that nobody holds pile up: what is measured is what is held.
        if (done - collected >= 8 * mebibyte) {
          collected = done
          collectGarbage()
        }
        most = Math.max(most, process.memoryUsage.rss())
      },
    })
    return { size, progress, growth: Math.round((most - before) / mebibyte) }
  }
}

/** Bytes that no two places of are alike, made as they are read. */
function generated(bytes: number): ReadableStream<Uint8Array> {
  let left = bytes
  let state = 1
  return new ReadableStream<Uint8Array>(
    {
      pull(controller) {
        const chunk = new Uint32Array(Math.min(left, mebibyte) / 4)
        for (let i = 0; i < chunk.length; i++) {
          state = (Math.imul(state, 1_664_525) + 1_013_904_223) | 0
          chunk[i] = state
        }
        left -= chunk.byteLength
        controller.enqueue(new Uint8Array(chunk.buffer))
        if (left === 0) controller.close()
      },
    },
    { highWaterMark: 0 },
  )
}
