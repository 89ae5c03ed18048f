/** Opens OPFS, or says why it cannot be used here. */
import type { Logger } from '@flowport/capabilities'
import { rootFolder } from './folders.ts'
import { Home } from './home.ts'
import type { OpfsOptions } from './options.ts'
import { startWorkerWriters } from './worker-writers.ts'
import { hasSyncHandles, hasWritable, syncWriters, writableWriters, type Writers } from './writers.ts'

/** Why OPFS is not used. */
export type OpfsRefusal =
  /** The page is not in a secure context, or the browser has no OPFS. */
  | 'missing'
  /** The browser has it, but not for this page: a sandboxed frame, a private window, storage that is blocked. */
  | 'refused'
  /** There is no way to write: neither `createWritable` nor a worker that starts. */
  | 'no-writer'

export type OpenedOpfs =
  | { readonly home: Home; readonly refusal?: undefined }
  | {
      readonly home?: undefined
      readonly refusal: OpfsRefusal
      readonly reason: string
      readonly cause?: unknown
    }

/** Never rejects for what the browser lacks or refuses. */
export async function openOpfs(options: OpfsOptions, log: Logger): Promise<OpenedOpfs> {
  // Older browsers, and pages that are not secure, lack what the types promise.
  const { storage, locks } = navigator as Partial<Navigator>
  if (storage?.getDirectory === undefined || locks === undefined) {
    const reason = globalThis.isSecureContext
      ? 'this browser has no origin private file system'
      : 'the page is not in a secure context: serve it over https, or from localhost'
    return { refusal: 'missing', reason }
  }
  if (typeof FileSystemFileHandle !== 'function' || !('move' in FileSystemFileHandle.prototype))
    return { refusal: 'missing', reason: 'the file system of this browser cannot move files' }
  const path = (options.root ?? '').split('/').filter((name) => name !== '')
  let root: FileSystemDirectoryHandle
  try {
    root = await rootFolder(path)
    await locks.query()
  } catch (cause) {
    const where = isSandboxed()
      ? 'it is in a sandboxed frame; add allow-same-origin to the sandbox of the frame'
      : 'is it in a private window, or is storage blocked?'
    const reason = `the browser refuses its file system to this page (${nameOf(cause)}): ${where}`
    return { refusal: 'refused', reason, cause }
  }
  let writers: Writers
  try {
    writers = await writersFor(options)
  } catch (cause) {
    const reason = `the worker that writes files did not start (${nameOf(cause)}): ${workerAdvice()}`
    return { refusal: 'no-writer', reason, cause }
  }
  const home = new Home(root, path, writers, locks)
  try {
    await home.check()
  } catch (cause) {
    writers.close()
    return { refusal: 'refused', reason: `the file system does not take a folder (${nameOf(cause)})`, cause }
  }
  try {
    await home.recover()
  } catch (cause) {
    writers.close()
    return {
      refusal: 'refused',
      reason: `writes that were cut off cannot be finished (${nameOf(cause)})`,
      cause,
    }
  }
  try {
    await home.sweep()
  } catch (error) {
    log.debug({ preset: 'opfs-browser', error }, 'leftovers were not removed; the next opening tries again')
  }
  return { home }
}

async function writersFor({ access = 'auto', worker }: OpfsOptions): Promise<Writers> {
  if (access !== 'worker') {
    if (hasSyncHandles()) return syncWriters
    if (hasWritable()) return writableWriters
    if (access === 'direct') throw new Error('createWritable is missing')
  }
  return startWorkerWriters(worker)
}

function workerAdvice(): string {
  if (isSandboxed())
    return 'the page is in a sandboxed frame; add allow-same-origin to the sandbox of the frame'
  if ('trustedTypes' in globalThis)
    return "does the content security policy allow it (worker-src blob:)? Under require-trusted-types-for 'script', give the option worker as a function that makes it of a TrustedScriptURL"
  return 'does the content security policy allow it (worker-src blob:)?'
}

/** A frame with `sandbox` and without `allow-same-origin` has an origin of its own, which has no storage. */
function isSandboxed(): boolean {
  return globalThis.origin === 'null'
}

function nameOf(error: unknown): string {
  return error instanceof Error ? error.name : String(error)
}
