/** SHA-256 by workerd: https://developers.cloudflare.com/workers/runtime-apis/web-crypto/#digeststream. */
import type { RunningHash } from './running-hash.ts'

interface DigestStream extends WritableStream<Uint8Array> {
  readonly digest: Promise<ArrayBuffer>
}

interface WorkerCrypto extends Crypto {
  readonly DigestStream: new (algorithm: 'SHA-256') => DigestStream
}

export function createSha256(): RunningHash {
  const { DigestStream } = crypto as WorkerCrypto
  const stream = new DigestStream('SHA-256')
  const writer = stream.getWriter()
  return {
    update: (chunk) => writer.write(chunk),
    async digest() {
      await writer.close()
      return new Uint8Array(await stream.digest)
    },
  }
}
