/** Starts or selects the S3 server that all clients of a run use. */
import { ServerProcess } from '../server-process.ts'
import type { Target } from './clients.ts'

/**
 * Calls `use` with a fake server in a separate process, or with the real server that `BENCH_S3_ENDPOINT`, `BENCH_S3_BUCKET`,
 * `BENCH_S3_ACCESS_KEY_ID` and `BENCH_S3_SECRET_ACCESS_KEY` name. The bucket must exist. Only loopback is allowed.
 */
export async function withServer<T>(use: (target: Target, server: string) => Promise<T>): Promise<T> {
  const { BENCH_S3_ENDPOINT, BENCH_S3_BUCKET, BENCH_S3_ACCESS_KEY_ID, BENCH_S3_SECRET_ACCESS_KEY } =
    process.env
  if (BENCH_S3_ENDPOINT !== undefined) {
    if (!['127.0.0.1', 'localhost', '[::1]'].includes(new URL(BENCH_S3_ENDPOINT).hostname)) {
      throw new Error('BENCH_S3_ENDPOINT must be on this machine')
    }
    const target = {
      endpoint: BENCH_S3_ENDPOINT,
      bucket: BENCH_S3_BUCKET ?? 'bench',
      accessKeyId: BENCH_S3_ACCESS_KEY_ID ?? '',
      secretAccessKey: BENCH_S3_SECRET_ACCESS_KEY ?? '',
    }
    return use(target, 'the server of BENCH_S3_ENDPOINT')
  }
  const server = await ServerProcess.start('object-storage/fake-s3-server.ts', 'fake S3')
  try {
    const keys = { accessKeyId: 'bench', secretAccessKey: 'bench-secret' }
    return await use(
      { endpoint: server.url, bucket: 'bench', ...keys },
      'a fake S3 in memory that checks no signatures',
    )
  } finally {
    await server.stop()
  }
}
