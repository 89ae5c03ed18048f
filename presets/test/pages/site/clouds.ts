/** In the page: a storage over Azure and Google, as the tests ask for it. */
import { isCapabilityError } from '@flowport/capabilities'
import { createStorage } from '@flowport/capabilities/storage'
import { azScheme } from '@flowport/presets/azblob/storage'
import { gsScheme } from '@flowport/presets/gcs/storage'
import type { ToldError } from './storage.ts'

const storage = createStorage({
  schemes: [azScheme({ blockBytes: 1_048_576 }), gsScheme({ partBytes: 5_242_880 })],
})

const page = {
  az: (credentials: Record<string, string>) => storage.setCredentials('azblob', credentials),
  gs: (credentials: Record<string, string>) => storage.setCredentials('gcs', credentials),
  write: async (uri: string, text: string, createOnly = false) =>
    (await storage.write(uri, text, { createOnly })).etag,
  read: (uri: string) => storage.read(uri),
  readEnd: (uri: string, suffix: number) => storage.read(uri, { range: { suffix } }),
  list: async (uri: string) =>
    (await storage.list(uri, { recursive: true })).entries.map((entry) => entry.uri),
  stat: async (uri: string) => {
    const { size, etag, contentType, metadata } = await storage.stat(uri)
    return { size, etag, contentType, metadata }
  },
  copy: (from: string, to: string) => storage.copy(from, to),
  remove: (uri: string) => storage.delete(uri, { recursive: true }),
  hash: (uri: string) => storage.hash(uri),
  /** Letters made here, in parts where the store takes parts: what drives the browser repeats bodies as text. */
  writeLarge: async (uri: string, megabytes: number, createOnly = false) => {
    let left = megabytes
    const stream = new ReadableStream<Uint8Array>({
      pull(controller) {
        if (left-- === 0) controller.close()
        else controller.enqueue(new Uint8Array(1024 * 1024).fill(97 + left))
      },
    })
    const size = megabytes * 1024 * 1024
    return (await storage.writeStream(uri, stream, createOnly ? { createOnly, size } : {})).size
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
