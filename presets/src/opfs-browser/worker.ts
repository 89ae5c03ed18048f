/** What runs in the worker: writes files through sync access handles, at the request of the page. */
import type { DomFileHandle } from './dom-types.ts'

/** What the page asks. `file` numbers the files that are open. */
export type WorkerRequest =
  | { readonly id: number; readonly file: number; readonly op: 'open'; readonly path: readonly string[] }
  | { readonly id: number; readonly file: number; readonly op: 'write'; readonly data: Uint8Array | Blob }
  | { readonly id: number; readonly file: number; readonly op: 'close' | 'abort' }

/** The answer; `error` is the name and message of what was thrown. `id` 0 says that the worker is there. */
export interface WorkerAnswer {
  readonly id: number
  readonly error?: { readonly name: string; readonly message: string }
}

/**
 * Makes a dedicated worker write files for pages that use the preset: the whole of an app's own worker file is a call of
 * this. The worker that the preset starts by itself is made of its text, so it uses nothing outside itself, and its parts
 * are methods: bundlers that keep names wrap functions in a helper of theirs, methods they leave alone.
 */
export function serveOpfsWrites(): void {
  const files = new Map<number, { readonly handle: SyncHandle; at: number }>()
  const scope = globalThis as unknown as WorkerScope
  const server = {
    answer(answer: WorkerAnswer): void {
      // oxlint-disable-next-line unicorn/require-post-message-target-origin -- a worker takes no origin
      scope.postMessage(answer)
    },
    async serve(request: WorkerRequest): Promise<void> {
      if (request.op === 'open') return server.open(request.file, request.path)
      if (request.op !== 'write') return server.end(request.file, request.op === 'close')
      if (request.data instanceof Uint8Array) return server.put(request.file, request.data)
      const reader = request.data.stream().getReader()
      for (let read = await reader.read(); !read.done; read = await reader.read())
        server.put(request.file, read.value)
    },
    async open(number: number, path: readonly string[]): Promise<void> {
      let folder = await navigator.storage.getDirectory()
      for (const name of path.slice(0, -1)) folder = await folder.getDirectoryHandle(name)
      const entry = await folder.getFileHandle(path[path.length - 1] as string, { create: true })
      const handle = await (entry as SyncFileHandle).createSyncAccessHandle()
      await handle.truncate(0)
      files.set(number, { handle, at: 0 })
    },
    put(number: number, bytes: Uint8Array): void {
      const file = files.get(number)
      if (file === undefined) throw new DOMException('the file is not open', 'InvalidStateError')
      const written = file.handle.write(bytes, { at: file.at })
      // Chromium may write less, or answer a number out of range, where it should throw.
      if (written !== bytes.byteLength)
        throw new DOMException('the file was not written whole', 'QuotaExceededError')
      file.at += written
    },
    async end(number: number, isKept: boolean): Promise<void> {
      const file = files.get(number)
      files.delete(number)
      try {
        if (isKept) await file?.handle.flush()
      } finally {
        await file?.handle.close()
      }
    },
  }
  scope.addEventListener('message', ({ data }) => {
    server.serve(data).then(
      () => server.answer({ id: data.id }),
      (error: unknown) => {
        const { name, message } = error instanceof Object ? (error as Error) : new Error(String(error))
        server.answer({ id: data.id, error: { name, message } })
      },
    )
  })
  server.answer({ id: 0 })
}

interface WorkerScope {
  addEventListener(type: 'message', listener: (event: { readonly data: WorkerRequest }) => void): void
  postMessage(answer: WorkerAnswer): void
}

/** The part of `FileSystemSyncAccessHandle` in use; older versions of Safari answer with promises. */
export interface SyncHandle {
  write(data: Uint8Array, options: { at: number }): number
  flush(): void | Promise<void>
  truncate(size: number): void | Promise<void>
  close(): void | Promise<void>
}

export type SyncFileHandle = DomFileHandle & {
  createSyncAccessHandle(): Promise<SyncHandle>
}
