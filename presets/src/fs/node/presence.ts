/** This store's own signs of life: an owner file that is touched every few seconds, and a socket the kernel watches over. */
import fs from 'node:fs'
import { createServer, type Server } from 'node:net'
import type { Kernel } from './identity.ts'
import { fileMode, unless, utimes } from './io.ts'
import { ownerFile, socketFile, writeOwner } from './owner.ts'
import { hasDescriptorPaths } from './places.ts'

export class Presence {
  readonly #staging: string
  readonly #id: string
  readonly #kernel: Kernel
  readonly #server: Server | null
  #lastBeat = 0
  /** What the owner file says of the socket. */
  #stated = false

  /** Begins both. The socket comes first: whoever can read the owner file can also ask the socket. */
  constructor(staging: string, id: string, kernel: Kernel) {
    this.#staging = staging
    this.#id = id
    this.#kernel = kernel
    this.#server = listen(socketFile(staging, id), kernel)
    this.#write()
  }

  /** Touches the owner file. A time of its own for every beat, so that a clock that is set back cannot hide one. */
  async beat(): Promise<void> {
    // Also when a process that saw no sign of life in time has removed either, because this one stood still.
    if (this.#listens() !== this.#stated) this.#write()
    const seconds = Math.max(Date.now(), this.#lastBeat + 1_000) / 1_000
    this.#lastBeat = seconds * 1_000
    if (!(await unless(utimes(ownerFile(this.#staging, this.#id), seconds), 'ENOENT'))) this.#write()
  }

  /** Ends both. */
  end(): void {
    fs.rmSync(ownerFile(this.#staging, this.#id), { force: true })
    this.#server?.close()
    fs.rmSync(socketFile(this.#staging, this.#id), { force: true })
  }

  #listens(): boolean {
    return this.#server !== null && fs.existsSync(socketFile(this.#staging, this.#id))
  }

  #write(): void {
    this.#stated = this.#listens()
    writeOwner(this.#staging, { id: this.#id, ...this.#kernel, listens: this.#stated })
  }
}

/**
 * A socket file that answers while this process lives. `null` where it would prove nothing, or where the file system has
 * no sockets: signs of life must do then. The path leads through a descriptor, since socket paths are short (108 bytes).
 */
function listen(path: string, { boot }: Kernel): Server | null {
  if (boot === '' || !hasDescriptorPaths) return null
  const server = createServer((connection) => connection.destroy())
  server.on('error', () => undefined)
  // Exclusive: within a cluster the primary would hold the socket, and outlive the worker.
  server.listen({ path, exclusive: true })
  if (!server.listening) return null
  server.unref()
  try {
    fs.chmodSync(path, fileMode)
    return server
  } catch {
    // A file system that takes a socket's name and keeps no file.
    server.close()
    return null
  }
}
