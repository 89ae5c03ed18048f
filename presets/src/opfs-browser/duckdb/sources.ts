/** Lends files to the engine for one statement: those of OPFS are read in place, others from memory. */
import { CapabilityError, collect, isKind } from '@flowport/capabilities'
import type { StorageFile, UriStorage } from '@flowport/capabilities/storage'
import { isCompressed, readsCompressed } from './compress.ts'
import type { Engine } from './engine.ts'

export interface SourceOptions {
  readonly maxSourceBytes: number
  readonly signal: AbortSignal | undefined
}

/** Registers the file under its URI. It takes no lock, and makes no file. Drop it after the statement. */
export async function registerSource(
  engine: Engine,
  storage: UriStorage,
  uri: string,
  options: SourceOptions,
): Promise<void> {
  const call = options.signal === undefined ? {} : { signal: options.signal }
  const found = await stat(storage, uri, call)
  if (isCompressed(uri) && !readsCompressed(engine.version)) {
    const bytes = await unpacked(uri, await storage.stream(uri, call), options)
    await engine.alive(engine.instance.registerFileBuffer(uri, bytes))
    return
  }
  const file = await opfsFile(uri, found)
  if (file !== null) {
    await engine.alive(engine.instance.registerFileHandle(uri, file, engine.fileProtocol, true))
    return
  }
  // The size may be unknown, so the bytes are counted.
  if ((found.size ?? 0) > options.maxSourceBytes) throw tooLarge(uri, options.maxSourceBytes)
  const bytes = await storage.readBytes(uri, call)
  if (bytes.length > options.maxSourceBytes) throw tooLarge(uri, options.maxSourceBytes)
  await engine.alive(engine.instance.registerFileBuffer(uri, bytes))
}

async function unpacked(
  uri: string,
  packed: ReadableStream<BufferSource>,
  { maxSourceBytes, signal }: SourceOptions,
): Promise<Uint8Array> {
  const place = { capability: 'db', operation: 'query', key: uri }
  try {
    return await collect(packed.pipeThrough(new DecompressionStream('gzip')), maxSourceBytes, place, signal)
  } catch (cause) {
    if (isKind(cause, 'LimitExceeded')) throw tooLarge(uri, maxSourceBytes)
    if (isKind(cause, 'Cancelled')) throw cause
    const message = `the file "${uri}" could not be unpacked: it is cut short, or not gzip as its name says`
    throw new CapabilityError('Corrupt', message, { key: uri, cause })
  }
}

async function stat(
  storage: UriStorage,
  uri: string,
  call: { readonly signal?: AbortSignal },
): Promise<StorageFile> {
  let found: StorageFile
  try {
    found = await storage.stat(uri, call)
  } catch (cause) {
    if (!isKind(cause, 'NotFound')) throw cause
    throw new CapabilityError('NotFound', `there is no file "${uri}"`, { key: uri, cause })
  }
  if (found.kind === 'file') return found
  const message = `"${uri}" is a folder; name its files, such as "${uri.replace(/(?<!\/)\/+$/, '')}/*.parquet"`
  throw new CapabilityError('InvalidInput', message, { key: uri })
}

/** The file itself, where the storage keeps it in OPFS under its own name; else `null`. */
async function opfsFile(uri: string, found: StorageFile): Promise<File | null> {
  if (!uri.startsWith('opfs://') || globalThis.navigator?.storage?.getDirectory === undefined) return null
  const folders = uri.slice('opfs://'.length).split('/')
  const name = folders.pop() ?? ''
  try {
    let folder = await navigator.storage.getDirectory()
    for (const each of folders) folder = await folder.getDirectoryHandle(each)
    const file = await (await folder.getFileHandle(name)).getFile()
    // A storage that keeps its files elsewhere, such as in memory, has another one under this name.
    const isSame =
      file.size === found.size && (found.lastModified?.getTime() ?? file.lastModified) === file.lastModified
    return isSame ? file : null
  } catch (error) {
    if (error instanceof DOMException || error instanceof TypeError) return null
    throw error
  }
}

function tooLarge(uri: string, max: number): CapabilityError {
  const message = `the file "${uri}" has more than ${max} bytes (maxSourceBytes), and what does not lie in OPFS uncompressed is read into memory; copy it to opfs:// first`
  return new CapabilityError('LimitExceeded', message, {
    key: uri,
    details: { limit: 'maxSourceBytes', max },
  })
}
