/** Sends an object up and reads it back in a process of its own, and prints how much memory that took. Run by `large.test.ts`. */
import { createHash, randomBytes } from 'node:crypto'
import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'
import { createBlobStore, silentLogger } from '@flowport/capabilities'
import { systemClock } from '@flowport/capabilities/system'
import '../support/ends-with-parent.ts'
import { engines } from './engines.ts'

interface Transfer {
  readonly engine: string
  readonly bytes: number
  readonly endpoint: string
  readonly bucket: string
  readonly accessKeyId: string
  readonly secretAccessKey: string
  readonly uploadConcurrency?: number
}

export interface Measured {
  /** Digests of what went up and what came down. */
  readonly digests: readonly [string, string]
  readonly size: number
  /** Most resident memory above that before, in MiB. */
  readonly growth: { readonly up: number; readonly down: number }
  /** MiB per second, for the curious. */
  readonly rate: { readonly up: number; readonly down: number }
  /** Last progress of both ways, in bytes. */
  readonly progress: readonly [number, number]
}

const mebibyte = 1024 * 1024

setFlagsFromString('--expose-gc')
const collectGarbage = runInNewContext('gc') as () => void
/**
 * Bytes between collections. The engine alone lets tens of MiB of chunks that nobody holds pile up before it looks, more
 * on a busy machine: what is measured is what is held.
 */
const collectEvery = 16 * mebibyte

const transfer = JSON.parse(process.argv[3] ?? '{}') as Transfer
process.stdout.write(`${JSON.stringify(await measure(transfer))}\n`)
process.exit(0)

async function measure({ engine: name, bytes, ...where }: Transfer): Promise<Measured> {
  const engine = engines.find((each) => each.name === name)
  if (engine === undefined) throw new Error(`there is no engine ${name}`)
  const options = { partBytes: 'default', clock: systemClock, log: silentLogger, silenceMs: 60_000 } as const
  const { driver } = await engine.open({ ...where, ...options })
  const blob = createBlobStore(driver)
  let [sent, received] = [0, 0]
  // Modules and buffers that are loaded one time do not count as growth.
  const warm = generated(24 * mebibyte)
  await blob.put('warm', warm.stream)
  for await (const _ of (await blob.get('warm'))?.stream() ?? []);
  const up = generated(bytes)
  const upwards = await peakDuring(async () => {
    await blob.put('large', up.stream, { onProgress: (progress) => (sent = progress.bytes) })
  })
  const hash = createHash('sha256')
  let size = 0
  const downwards = await peakDuring(async () => {
    const handle = await blob.get('large', { onProgress: (progress) => (received = progress.bytes) })
    size = handle?.object.size ?? 0
    let since = 0
    for await (const chunk of handle?.stream() ?? []) {
      hash.update(chunk)
      since += chunk.byteLength
      if (since < collectEvery) continue
      since = 0
      collectGarbage()
    }
  })
  return {
    digests: [up.digest(), hash.digest('hex')],
    size,
    growth: { up: upwards.growth, down: downwards.growth },
    rate: { up: bytes / mebibyte / upwards.seconds, down: bytes / mebibyte / downwards.seconds },
    progress: [sent, received],
  }
}

/** A stream of `bytes` bytes that is nowhere held whole. */
function generated(bytes: number): { stream: ReadableStream<Uint8Array<ArrayBuffer>>; digest(): string } {
  const hash = createHash('sha256')
  const noise = randomBytes(256 * 1024)
  let at = 0
  const stream = new ReadableStream<Uint8Array<ArrayBuffer>>(
    {
      pull(controller) {
        const chunk = new Uint8Array(noise.subarray(0, Math.min(noise.byteLength, bytes - at)))
        // No two chunks are the same, so that none can stand for another.
        new DataView(chunk.buffer).setUint32(0, at / 1024)
        hash.update(chunk)
        controller.enqueue(chunk)
        at += chunk.byteLength
        if (at % collectEvery === 0) collectGarbage()
        if (at >= bytes) controller.close()
      },
    },
    { highWaterMark: 0 },
  )
  return { stream, digest: () => hash.digest('hex') }
}

async function peakDuring(work: () => Promise<void>): Promise<{ growth: number; seconds: number }> {
  collectGarbage()
  const before = process.memoryUsage.rss()
  let peak = before
  const timer = setInterval(() => {
    peak = Math.max(peak, process.memoryUsage.rss())
  }, 20)
  const start = performance.now()
  try {
    await work()
  } finally {
    clearInterval(timer)
  }
  return { growth: (peak - before) / mebibyte, seconds: (performance.now() - start) / 1000 }
}
