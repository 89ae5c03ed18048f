/** Stores files with `node:fs` as the `fs` preset does: write aside, sync, rename, sync the directory. The reference rows. */
import nodeFs from 'node:fs'
import { join } from 'node:path'
import { pipeline } from 'node:stream/promises'
import { promisify } from 'node:util'

/** `'data'` syncs the file before the rename and the directory after it; `'none'` syncs nothing. */
export type Fsync = 'data' | 'none'

const call = {
  open: promisify(nodeFs.open),
  close: promisify(nodeFs.close),
  fsync: promisify(nodeFs.fsync),
  fdatasync: promisify(nodeFs.fdatasync),
  rename: promisify(nodeFs.rename),
  read: promisify(nodeFs.read),
  write: promisify(nodeFs.write),
  stat: promisify(nodeFs.fstat),
}

/** Uses descriptors and callbacks, the cheapest way through `node:fs`. */
export class RawFiles {
  readonly #directory: string
  readonly #syncs: boolean
  #count = 0

  constructor(directory: string, fsync: Fsync) {
    this.#directory = directory
    this.#syncs = fsync === 'data'
  }

  path(key: string): string {
    return join(this.#directory, key)
  }

  put(key: string, body: Uint8Array): Promise<void> {
    return this.#publish(key, async (fd) => {
      for (let at = 0; at < body.byteLength; ) {
        const { bytesWritten } = await call.write(fd, body, at, body.byteLength - at, at)
        at += bytesWritten
      }
    })
  }

  /** Pipes the body into `fs.createWriteStream` on the staged file. */
  putStream(key: string, body: ReadableStream<Uint8Array>): Promise<void> {
    return this.#publish(key, (fd) =>
      pipeline(body, nodeFs.createWriteStream('', { fd, start: 0, autoClose: false })),
    )
  }

  async get(key: string): Promise<Uint8Array> {
    const fd = await call.open(this.path(key), 'r')
    try {
      const { size } = await call.stat(fd)
      const bytes = new Uint8Array(size)
      for (let at = 0; at < size; ) {
        const { bytesRead } = await call.read(fd, bytes, at, size - at, at)
        if (bytesRead === 0) throw new Error(`${key} was cut`)
        at += bytesRead
      }
      return bytes
    } finally {
      await call.close(fd)
    }
  }

  async #publish(key: string, write: (fd: number) => Promise<void>): Promise<void> {
    this.#count += 1
    const staged = join(this.#directory, `${this.#count}.tmp`)
    const fd = await call.open(staged, 'wx')
    try {
      await write(fd)
      if (this.#syncs) await call.fdatasync(fd)
    } finally {
      await call.close(fd)
    }
    await call.rename(staged, this.path(key))
    if (!this.#syncs) return
    const directory = await call.open(this.#directory, 'r')
    await call.fsync(directory)
    await call.close(directory)
  }
}

/** Uses `node:fs/promises` and file handles, as most programs do. */
export class PromiseFiles {
  readonly #directory: string
  readonly #syncs: boolean
  #count = 0

  constructor(directory: string, fsync: Fsync) {
    this.#directory = directory
    this.#syncs = fsync === 'data'
  }

  async put(key: string, body: Uint8Array): Promise<void> {
    this.#count += 1
    const staged = join(this.#directory, `${this.#count}.tmp`)
    const file = await nodeFs.promises.open(staged, 'wx')
    try {
      await file.writeFile(body)
      if (this.#syncs) await file.datasync()
    } finally {
      await file.close()
    }
    await nodeFs.promises.rename(staged, join(this.#directory, key))
    if (!this.#syncs) return
    const directory = await nodeFs.promises.open(this.#directory, 'r')
    await directory.sync()
    await directory.close()
  }

  get(key: string): Promise<Uint8Array> {
    return nodeFs.promises.readFile(join(this.#directory, key))
  }
}
