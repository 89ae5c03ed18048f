/** The ways to write a file. All else, reading, moving and removing, is the same on the page and in workers. */
import { quotaExceeded } from './translate-error.ts'
import type { SyncFileHandle, SyncHandle } from './worker.ts'

/** A file being written from its start. */
export interface FileWriter {
  /** Takes the bytes; the buffer may be used again once this has settled. */
  write(data: Uint8Array<ArrayBuffer> | Blob): Promise<void>
  /** What was written is there, also after a crash of the page. */
  close(): Promise<void>
  /** Lets go of the file, whatever is in it. */
  abort(): Promise<void>
}

/** Opens files for writing. */
export interface Writers {
  readonly mode: 'writable' | 'sync' | 'worker'
  /** Most useful bytes of one `write`: smaller ones are joined. */
  readonly chunkBytes: number
  /** `path` leads from the root of OPFS to `name` in `folder`. */
  open(folder: FileSystemDirectoryHandle, name: string, path: readonly string[]): Promise<FileWriter>
  close(): void
}

/** Through `createWritable`: on the page, where the browser has it. */
export const writableWriters: Writers = {
  mode: 'writable',
  chunkBytes: 1024 * 1024,
  async open(folder, name) {
    const file = await folder.getFileHandle(name, { create: true })
    const writable = await file.createWritable()
    return {
      write: (data) => writable.write(data),
      close: () => writable.close(),
      abort: () => writable.abort(),
    }
  },
  close: () => undefined,
}

/** Through a sync access handle: in a dedicated worker. */
export const syncWriters: Writers = {
  mode: 'sync',
  chunkBytes: 256 * 1024,
  async open(folder, name) {
    const file = (await folder.getFileHandle(name, { create: true })) as SyncFileHandle
    const handle = await file.createSyncAccessHandle()
    return syncWriter(handle)
  },
  close: () => undefined,
}

/** Whether this is a dedicated worker of a browser that has sync access handles. */
export function hasSyncHandles(): boolean {
  return 'DedicatedWorkerGlobalScope' in globalThis && has('createSyncAccessHandle')
}

export function hasWritable(): boolean {
  return has('createWritable')
}

function has(method: string): boolean {
  return typeof FileSystemFileHandle === 'function' && method in FileSystemFileHandle.prototype
}

async function syncWriter(handle: SyncHandle): Promise<FileWriter> {
  let at = 0
  await handle.truncate(0)
  const write = (bytes: Uint8Array) => {
    const written = handle.write(bytes, { at })
    // Chromium may write less, or answer a number out of range, where it should throw QuotaExceededError.
    if (written !== bytes.byteLength) throw quotaExceeded()
    at += written
  }
  return {
    async write(data) {
      if (data instanceof Uint8Array) return write(data)
      const reader = data.stream().getReader()
      for (let read = await reader.read(); !read.done; read = await reader.read()) write(read.value)
    },
    async close() {
      try {
        await handle.flush()
      } finally {
        await handle.close()
      }
    },
    async abort() {
      await handle.close()
    },
  }
}
