/** The ways of storing files that the page compares. */
import type { BlobStore } from '@flowport/capabilities'

export interface Files {
  write(path: string, bytes: Uint8Array<ArrayBuffer>): Promise<void>
  writeStream(path: string, stream: ReadableStream<Uint8Array<ArrayBuffer>>): Promise<void>
  read(path: string): Promise<Uint8Array>
  /** Resolves to the number of files in the folder. */
  list(folder: string): Promise<number>
}

/** Opens each candidate in its own folder. */
export const candidates: Readonly<Record<string, () => Promise<Files>>> = {
  'createWritable, getFile': raw,
  flowport: async () => ofBlob(await openBlob('flowport', 'direct')),
  'flowport, worker': async () => ofBlob(await openBlob('flowport-worker', 'worker')),
  'opfs-tools': opfsTools,
  'happy-opfs': happyOpfs,
  ZenFS: zenFs,
}

async function raw(): Promise<Files> {
  const root = await navigator.storage.getDirectory()
  const folderOf = async (path: string): Promise<readonly [FileSystemDirectoryHandle, string]> => {
    const names = path.split('/')
    const name = names.pop() ?? ''
    let folder = await root.getDirectoryHandle('raw', { create: true })
    for (const each of names) folder = await folder.getDirectoryHandle(each, { create: true })
    return [folder, name]
  }
  const writable = async (path: string) => {
    const [folder, name] = await folderOf(path)
    return (await folder.getFileHandle(name, { create: true })).createWritable()
  }
  return {
    async write(path, bytes) {
      const file = await writable(path)
      await file.write(bytes)
      await file.close()
    },
    writeStream: async (path, stream) => stream.pipeTo(await writable(path)),
    async read(path) {
      const [folder, name] = await folderOf(path)
      return new Uint8Array(await (await (await folder.getFileHandle(name)).getFile()).arrayBuffer())
    },
    // Reads names, sizes and dates, like Flowport's listing.
    async list(path) {
      const [folder] = await folderOf(`${path}/x`)
      const files: Promise<File>[] = []
      for await (const entry of folder.values()) if (entry.kind === 'file') files.push(entry.getFile())
      return (await Promise.all(files)).length
    },
  }
}

async function openBlob(root: string, access: 'direct' | 'worker'): Promise<BlobStore> {
  const [{ opfsBrowser }, { silentLogger }, { systemClock }] = await Promise.all([
    import('@flowport/presets/opfs-browser'),
    import('@flowport/capabilities'),
    import('@flowport/capabilities/system'),
  ])
  const provider = opfsBrowser({
    only: ['blob'],
    root,
    access,
    fallback: 'none',
    ...(access === 'worker' ? { worker: '/worker.js' } : {}),
  })
  const { resources } = await provider.open({ env: {}, bindings: {}, log: silentLogger, clock: systemClock })
  return resources.get('blob') as unknown as BlobStore
}

function ofBlob(blob: BlobStore): Files {
  return {
    async write(path, bytes) {
      await blob.put(path, bytes)
    },
    async writeStream(path, stream) {
      await blob.put(path, stream)
    },
    async read(path) {
      const handle = await blob.get(path)
      if (handle === null) throw new Error(`"${path}" is not there`)
      return handle.bytes()
    },
    async list(folder) {
      let count = 0
      for await (const _ of blob.entries({ prefix: `${folder}/` })) count++
      return count
    },
  }
}

async function opfsTools(): Promise<Files> {
  const { dir, file, write } = await import('opfs-tools')
  const at = (path: string) => `/opfs-tools/${path}`
  return {
    write: async (path, bytes) => write(at(path), bytes),
    writeStream: async (path, stream) => write(at(path), stream),
    read: async (path) => new Uint8Array(await file(at(path)).arrayBuffer()),
    list: async (folder) => (await dir(at(folder)).children()).length,
  }
}

async function happyOpfs(): Promise<Files> {
  const { readDir, readFile, writeFile } = await import('happy-opfs')
  const at = (path: string) => `/happy/${path}`
  return {
    async write(path, bytes) {
      ;(await writeFile(at(path), bytes)).unwrap()
    },
    async writeStream(path, stream) {
      ;(await writeFile(at(path), stream)).unwrap()
    },
    read: async (path) => (await readFile(at(path))).unwrap(),
    async list(folder) {
      let count = 0
      for await (const _ of (await readDir(at(folder))).unwrap()) count++
      return count
    },
  }
}

async function zenFs(): Promise<Files> {
  const [{ configureSingle, promises }, { WebAccess }] = await Promise.all([
    import('@zenfs/core'),
    import('@zenfs/dom'),
  ])
  const root = await navigator.storage.getDirectory()
  await configureSingle({
    backend: WebAccess,
    handle: await root.getDirectoryHandle('zen', { create: true }),
  })
  const makeFolder = async (path: string) => {
    const folder = path.slice(0, path.lastIndexOf('/'))
    if (folder !== '') await promises.mkdir(`/${folder}`, { recursive: true })
  }
  return {
    async write(path, bytes) {
      await makeFolder(path)
      await promises.writeFile(`/${path}`, bytes)
    },
    async writeStream(path, stream) {
      await makeFolder(path)
      const file = await promises.open(`/${path}`, 'w')
      try {
        let at = 0
        for await (const chunk of stream) {
          await file.write(chunk, 0, chunk.byteLength, at)
          at += chunk.byteLength
        }
      } finally {
        await file.close()
      }
    },
    read: async (path) => promises.readFile(`/${path}`),
    list: async (folder) => (await promises.readdir(`/${folder}`)).length,
  }
}
