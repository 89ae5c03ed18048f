/** In the page: a storage over memory, OPFS, http, s3 and r2, as the tests ask for it. */
import { isCapabilityError } from '@flowport/capabilities'
import { createStorage, memoryScheme } from '@flowport/capabilities/storage'
import { r2Scheme } from '@flowport/presets/cloudflare-r2/storage'
import { httpScheme } from '@flowport/presets/http/storage'
import { opfsScheme } from '@flowport/presets/opfs-browser/storage'
import { s3Scheme } from '@flowport/presets/s3/storage'

export interface ToldError {
  readonly message: string
  readonly kind: string
  readonly code: string
  readonly retryable: string
  readonly details: unknown
  readonly json: string
}

const schemes = [memoryScheme(), opfsScheme(), httpScheme(), s3Scheme(), r2Scheme()] as const
const storage = createStorage({ schemes })

const page = {
  setCredentials: (credentials: Record<string, string>, provider: 's3' | 'r2' = 's3') =>
    storage.setCredentials(provider, credentials),
  write: async (uri: string, text: string) => (await storage.write(uri, text)).size,
  read: (uri: string) => storage.read(uri),
  list: async (uri: string) =>
    (await storage.list(uri, { recursive: true })).entries.map((entry) => entry.uri),
  exists: (uri: string) => storage.exists(uri),
  stat: (uri: string) => storage.stat(uri),
  copy: (from: string, to: string) => storage.copy(from, to),
  remove: (uri: string) => storage.delete(uri, { recursive: true }),
  hash: (uri: string) => storage.hash(uri),
  /** Megabytes made here, in parts where the store takes parts. */
  writeLarge: async (uri: string, megabytes: number) => {
    let left = megabytes
    const stream = new ReadableStream<Uint8Array>({
      pull(controller) {
        if (left-- === 0) controller.close()
        else controller.enqueue(new Uint8Array(1024 * 1024).fill(left))
      },
    })
    return (await storage.writeStream(uri, stream)).size
  },
  describe: () => JSON.stringify([storage, storage.info, storage.describe()]),
}

/** Runs one of the above; errors come back as what they say. */
async function run(
  name: keyof typeof page,
  ...args: unknown[]
): Promise<{ value?: unknown; error?: ToldError }> {
  try {
    const call = page[name] as (...given: unknown[]) => unknown
    return { value: await call(...args) }
  } catch (error) {
    if (!isCapabilityError(error)) throw error
    const { message, kind, code, retryable, details } = error
    return { error: { message, kind, code, retryable, details, json: JSON.stringify(error) } }
  }
}

Object.assign(globalThis, { run })
