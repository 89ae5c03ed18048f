/** The ways Flowport speaks S3 on Node, each as the `s3` preset opens it, for tests that run over all of them. */
import type { BlobDriver, Clock, Logger } from '@flowport/capabilities'
import { S3Client } from '../../src/s3/client.ts'
import { s3Config } from '../../src/s3/config.ts'
import { nodeS3Client } from '../../src/s3/node/client.ts'
import { platform as openDal } from '../../src/opendal/engine.node.ts'
import { openDalS3 } from '../../src/s3/engine.ts'
import { openS3 } from '../../src/s3/open.ts'
import type { S3Options } from '../../src/s3/preset.ts'

export interface EngineOptions {
  readonly endpoint: string
  readonly bucket: string
  readonly accessKeyId: string
  readonly secretAccessKey: string
  readonly sessionToken?: string
  /** Instead of the three above, where the engine takes it. */
  readonly credentials?: S3Options['credentials']
  readonly clock: Clock
  readonly log: Pick<Logger, 'warn'>
  /** Default 5 MiB, the least S3 takes; `'default'` is the preset's own. */
  readonly partBytes?: number | 'default'
  readonly uploadConcurrency?: number
  /** Milliseconds of silence after which a transfer counts as broken, where the engine has that. */
  readonly silenceMs: number
}

export interface OpenedEngine {
  readonly driver: BlobDriver
  /** Resolves when what ended puts left is cleaned up. */
  settle(): Promise<void>
  close(): Promise<void>
}

export interface Engine {
  readonly name: string
  /** Whether the bytes of a put are signed, so that the store refuses altered ones. */
  readonly signsBodies: boolean
  /** Whether what a broken connection brought is kept, so that a read gets on however often connections break. */
  readonly keepsWhatCame: boolean
  /** Whether it notices by itself that an answer has stopped coming. */
  readonly noticesSilence: boolean
  /** Whether it accepts an answer of status 200 that does not come from S3. */
  readonly believesAnyAnswer: boolean
  /** Whether it takes a function that gives credentials. */
  readonly refreshes: boolean
  open(options: EngineOptions): Promise<OpenedEngine>
}

const leastPartBytes = 5 * 1024 * 1024

export const engines: readonly Engine[] = [
  {
    name: 'fetch',
    signsBodies: true,
    keepsWhatCame: true,
    noticesSilence: false,
    believesAnyAnswer: false,
    refreshes: true,
    async open(options) {
      const config = configOf(options)
      return opened(new S3Client({ ...config, clock: options.clock }), options)
    },
  },
  {
    name: 'fetch over undici',
    signsBodies: true,
    keepsWhatCame: true,
    noticesSilence: true,
    believesAnyAnswer: false,
    refreshes: true,
    async open(options) {
      const { clock, silenceMs } = options
      const http = { bodyTimeoutMs: silenceMs, headersTimeoutMs: silenceMs }
      return opened(nodeS3Client({ ...configOf(options), clock }, http), options)
    },
  },
  {
    name: 'opendal',
    signsBodies: false,
    // It goes on in chunks, each of which must come whole.
    keepsWhatCame: false,
    noticesSilence: false,
    believesAnyAnswer: true,
    refreshes: false,
    async open(options) {
      const { clock, log } = options
      const config = configOf(options)
      const client = nodeS3Client({ ...config, clock })
      const engine = await openDalS3(openDal, { client, config, log, clock })
      return opened(client, options, engine)
    },
  },
]

function opened(
  client: ReturnType<typeof nodeS3Client>,
  options: EngineOptions,
  engine?: BlobDriver,
): OpenedEngine {
  const { log, clock } = options
  const { blob, close } = openS3({ client, config: configOf(options), log, clock, engine })
  return { driver: blob, settle: async () => engine?.close?.(), close }
}

function configOf(options: EngineOptions) {
  const { endpoint, bucket, accessKeyId, secretAccessKey, sessionToken, credentials } = options
  const { partBytes = leastPartBytes, uploadConcurrency } = options
  return s3Config(
    {
      provider: 'ceph',
      endpoint,
      bucket,
      accessKeyId,
      secretAccessKey,
      ...(sessionToken === undefined ? {} : { sessionToken }),
      ...(credentials === undefined ? {} : { credentials }),
      ...(partBytes === 'default' ? {} : { partBytes }),
      ...(uploadConcurrency === undefined ? {} : { uploadConcurrency }),
    },
    {},
  )
}
