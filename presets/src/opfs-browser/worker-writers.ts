/** Writing through a worker: for pages of browsers without `createWritable`, and for large files. */
import { CapabilityError } from '@flowport/capabilities'
import type { DomWorker } from './dom-types.ts'
import { serveOpfsWrites, type WorkerAnswer, type WorkerRequest } from './worker.ts'
import type { Writers } from './writers.ts'

/** An app's own worker: its address, or what makes it. It has to call `serveOpfsWrites()`. */
export type WorkerSource = string | URL | (() => DomWorker)

type Ask = WorkerRequest extends infer R ? (R extends unknown ? Omit<R, 'id'> : never) : never

/** Starts the worker and waits until it is there. Rejects when it does not start. */
export async function startWorkerWriters(source: WorkerSource | undefined): Promise<Writers> {
  const { worker, ready } = started(source)
  const waiting = new Map<number, { resolve: () => void; reject: (error: unknown) => void }>()
  let ids = 0
  let files = 0
  let failure: Error | undefined
  const fail = (error: Error) => {
    failure = error
    for (const { reject } of waiting.values()) reject(error)
    waiting.clear()
  }
  const settled = (id: number) =>
    new Promise<void>((resolve, reject) => {
      if (failure === undefined) waiting.set(id, { resolve, reject })
      else reject(failure)
    })
  const ask = (request: Ask) => {
    ids += 1
    const answer = settled(ids)
    const message: WorkerRequest = { ...request, id: ids }
    // oxlint-disable-next-line unicorn/require-post-message-target-origin -- a worker takes no origin
    if (failure === undefined) worker.postMessage(message)
    return answer
  }
  worker.addEventListener('message', ({ data: { id, error } }: MessageEvent<WorkerAnswer>) => {
    const call = waiting.get(id)
    waiting.delete(id)
    if (error === undefined) call?.resolve()
    else call?.reject(new DOMException(error.message, error.name))
  })
  worker.addEventListener('error', (event) => {
    event.preventDefault()
    fail(new CapabilityError('Unavailable', `the worker failed: ${event.message || 'it did not start'}`))
  })
  try {
    await settled(0)
  } catch (error) {
    worker.terminate()
    throw error
  } finally {
    ready()
  }
  return {
    mode: 'worker',
    chunkBytes: 1024 * 1024,
    async open(_folder, _name, path) {
      files += 1
      const file = files
      await ask({ op: 'open', file, path })
      return {
        write: (data) => ask({ op: 'write', file, data: alone(data) }),
        close: () => ask({ op: 'close', file }),
        abort: () => ask({ op: 'abort', file }),
      }
    },
    close() {
      worker.terminate()
      fail(new CapabilityError('Unavailable', 'the store has been closed', { retryable: 'never' }))
    },
  }
}

/** The worker, and what to do once it is there. */
function started(source: WorkerSource | undefined): { readonly worker: Worker; readonly ready: () => void } {
  if (typeof source === 'function') return { worker: source(), ready: () => undefined }
  if (source !== undefined) return { worker: new Worker(source, { type: 'module' }), ready: () => undefined }
  const text = `(${serveOpfsWrites.toString()})()`
  const url = URL.createObjectURL(new Blob([text], { type: 'text/javascript' }))
  return { worker: new Worker(url), ready: () => URL.revokeObjectURL(url) }
}

/** Bytes that lie in a larger buffer would be sent with all of it. */
function alone(data: Uint8Array<ArrayBuffer> | Blob): Uint8Array | Blob {
  return data instanceof Blob || data.byteLength === data.buffer.byteLength ? data : data.slice()
}
