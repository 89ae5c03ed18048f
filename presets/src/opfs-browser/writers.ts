/** The ways to write a file. All else, reading, moving and removing, is the same on the page and in workers. */
import type { DomFolderHandle } from './dom-types.ts'
import { isNamed, quotaExceeded } from './translate-error.ts'
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
  open(folder: DomFolderHandle, name: string, path: readonly string[]): Promise<FileWriter>
  close(): void
}

/** Through `createWritable`: on the page, where the browser has it. */
export const writableWriters: Writers = {
  mode: 'writable',
  chunkBytes: 1024 * 1024,
  async open(folder, name) {
    const file = await folder.getFileHandle(name, { create: true })
    const writable = await file.createWritable()
    let end = 0
    return {
      async write(data) {
        end += data instanceof Blob ? data.size : data.byteLength
        try {
          await writable.write(data)
        } catch (error) {
          throw isNamed(error, 'AbortError') ? await abortedWrite(file, end, error) : error
        }
      },
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

/**
 * Returns the error to throw for a write that the browser aborted. Chromium closes the pipe of a write over quota, and throws
 * the `AbortError` of the broken pipe where it arrives before `QuotaExceededError`. Making an empty file as long as the
 * written one uses no pipe and shows which it was.
 */
async function abortedWrite(file: FileSystemFileHandle, size: number, error: unknown): Promise<unknown> {
  try {
    const writable = await file.createWritable()
    try {
      await writable.truncate(size)
    } finally {
      await writable.abort()
    }
  } catch (cause) {
    return isNamed(cause, 'QuotaExceededError') ? quotaExceeded(cause) : error
  }
  return error
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
