/** SHA-256 of a stream, taken while it passes: by the platform where it has a digest that runs along, else in JavaScript. */
import { hexOf } from '../../hex-digest.ts'
import type { RunningHash } from './running-hash.ts'

/** `createHash` of `node:crypto`, which Node and Workers with `nodejs_compat` have: seven times as fast as JavaScript. */
interface NodeCrypto {
  createHash(algorithm: 'sha256'): RunningHash
}

export async function startSha256(): Promise<RunningHash> {
  const { process } = globalThis as {
    readonly process?: { readonly getBuiltinModule?: (name: string) => unknown }
  }
  const crypto = process?.getBuiltinModule?.('node:crypto') as NodeCrypto | undefined
  if (crypto !== undefined) return crypto.createHash('sha256')
  const { createSha256 } = await import('#sha256')
  return createSha256()
}

/** Returns a stream of the same bytes, and the SHA-256 of those that were read from it. */
export async function digested(body: ReadableStream<Uint8Array<ArrayBuffer>>): Promise<{
  readonly stream: ReadableStream<Uint8Array<ArrayBuffer>>
  /** 64 hexadecimal digits. Call it once, when the stream has ended. */
  readonly sha256: () => Promise<string>
}> {
  const hash = await startSha256()
  const reader = body.getReader()
  const stream = new ReadableStream<Uint8Array<ArrayBuffer>>(
    {
      async pull(controller) {
        const { done, value } = await reader.read()
        if (done) return controller.close()
        await hash.update(value)
        controller.enqueue(value)
      },
      cancel: (reason) => reader.cancel(reason),
    },
    { highWaterMark: 0 },
  )
  return { stream, sha256: async () => hexOf(await hash.digest()) }
}
