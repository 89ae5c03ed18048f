/** `gs://bucket/key` on Node: blobs of Google in a storage addressed by URI. The driver is that of all runtimes. */
import { CapabilityError } from '@flowport/capabilities'
import { readFile } from 'node:fs/promises'
import { type GsScheme, type GsSchemeOptions, gsSchemeWith } from './scheme.ts'
import { nodeS3Client } from '../s3/node/client.ts'
import { undiciTransport } from '../object-http/node/undici-transport.ts'

export type * from './storage.ts'

/** Credentials are those of provider `gcs`, or the variables `GOOGLE_…`. */
export function gsScheme(options: GsSchemeOptions = {}): GsScheme {
  return gsSchemeWith(
    { transport: () => undiciTransport(), connect: (client) => nodeS3Client(client), readFile: keyFile },
    options,
  )
}

async function keyFile(path: string): Promise<string> {
  try {
    return await readFile(path, 'utf8')
  } catch (error) {
    const code = error instanceof Error && 'code' in error ? String(error.code) : 'unknown'
    throw new CapabilityError(
      'Misconfigured',
      `gs: the file of GOOGLE_APPLICATION_CREDENTIALS cannot be read (${code})`,
    )
  }
}
