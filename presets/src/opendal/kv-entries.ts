/** The entries of a key-value store as OpenDAL keeps them: read, written, and removed when they have expired. */
import type { Operator } from 'opendal'
import { CapabilityError, type Clock, isKind } from '@flowport/capabilities'
import type { Background } from './background.ts'
import { concurrently } from './concurrently.ts'
import { openedHeader, sealed } from './envelope.ts'
import { sizeOf } from './metadata.ts'
import type { Names } from './names.ts'
import { native, toPlace } from './native.ts'
import type { Place } from './place.ts'
import { readHeader } from './read-header.ts'
import { removeObject } from './remove.ts'
import { isBeneath, statOf } from './stat.ts'
import { write } from './write.ts'

/** The header of an entry, stored before its value. */
export interface KvHeader {
  readonly kind: 'kv'
  readonly text: boolean
  /** Milliseconds since the epoch; `null` for never. */
  readonly expiresAt: number | null
  readonly metadata: unknown
}

export interface KvEntriesContext {
  readonly operator: Operator
  readonly names: Names
  /** Whether a write shows before it is whole. */
  readonly staged: boolean
  readonly clock: Pick<Clock, 'now'>
  readonly background: Background
}

/** Milliseconds an entry stays after it expired: clocks differ, and a put may be on its way. */
const graceMs = 60_000
/** Headers that are read concurrently. */
const headWidth = 16

export class KvEntries {
  readonly #context: KvEntriesContext
  /** Puts under way, by path. */
  readonly #writing = new Map<string, number>()
  /** Removals of expired entries under way, by path. */
  readonly #removing = new Map<string, Promise<boolean>>()

  constructor(context: KvEntriesContext) {
    this.#context = context
  }

  async read(
    key: string,
    where: Place,
    signal: AbortSignal | undefined,
  ): Promise<{ readonly header: KvHeader; readonly content: Uint8Array } | null> {
    const { operator, names } = this.#context
    const path = names.toPath(key, where)
    try {
      const bytes: Uint8Array = await native(() => operator.read(path), where, signal)
      const { header, end } = openedHeader(bytes, where)
      return { header: checkedHeader(header, where), content: bytes.subarray(end) }
    } catch (error) {
      if (isKind(error, 'NotFound') || isBeneath(error)) return null
      throw error
    }
  }

  async write(
    key: string,
    header: KvHeader,
    content: Uint8Array,
    where: Place,
    signal: AbortSignal | undefined,
  ): Promise<void> {
    const path = this.#context.names.toPath(key, where)
    this.#writing.set(path, (this.#writing.get(path) ?? 0) + 1)
    try {
      await this.#write(path, sealed(header), new Uint8Array(content), where, signal)
    } finally {
      const others = (this.#writing.get(path) ?? 1) - 1
      if (others === 0) this.#writing.delete(path)
      else this.#writing.set(path, others)
    }
  }

  remove(key: string, where: Place, signal: AbortSignal | undefined): Promise<void> {
    const { operator, names } = this.#context
    return removeObject(operator, names.toPath(key, where), where, signal)
  }

  /** The keys with their headers, in their order; those gone meanwhile are left out. */
  async headers(
    keys: readonly string[],
    where: Place,
    signal: AbortSignal | undefined,
  ): Promise<readonly { readonly key: string; readonly header: KvHeader }[]> {
    const found = await concurrently(keys, headWidth, async (key) => {
      const header = await this.#header(this.#context.names.toPath(key, where), { ...where, key }, signal)
      return header === null ? null : { key, header }
    })
    return found.filter((entry) => entry !== null)
  }

  /** Whether the entry is not visible any more. */
  isOver({ expiresAt }: KvHeader): boolean {
    return expiresAt !== null && expiresAt <= this.#context.clock.now()
  }

  /** Whether nobody can still be about to see it, so that it may go. */
  isLongOver({ expiresAt }: KvHeader): boolean {
    return expiresAt !== null && expiresAt + graceMs <= this.#context.clock.now()
  }

  /** Removes the entry when it is still there and long over, and no put is under way. Puts of this process wait for it. */
  async removeExpired(key: string, where: Place): Promise<boolean> {
    const { operator, names } = this.#context
    const path = names.toPath(key, where)
    if (this.#writing.has(path) || this.#removing.has(path)) return false
    const removal = (async () => {
      const header = await this.#header(path, where, undefined)
      if (header === null || !this.isLongOver(header)) return false
      await removeObject(operator, path, where, undefined)
      return true
    })()
    // Waiting callers ignore a failure.
    this.#removing.set(
      path,
      removal.catch(() => false),
    )
    try {
      return await removal
    } finally {
      this.#removing.delete(path)
    }
  }

  async #write(
    path: string,
    header: Uint8Array,
    content: Uint8Array<ArrayBuffer>,
    where: Place,
    signal: AbortSignal | undefined,
  ): Promise<void> {
    const { operator, staged, background } = this.#context
    await this.#removing.get(path)
    const bytes = content.byteLength
    await write(
      {
        operator,
        path,
        header,
        options: {},
        where,
        signal,
        staged,
        meetsFolders: false,
        heldBytes: bytes,
        oneRequestBytes: undefined,
        chunkBytes: bytes,
        maxObjectBytes: bytes,
        cleanUp: () => Promise.resolve(),
        later: (work) => background.add(work, 'what an aborted put left could not be removed', where.key),
      },
      content,
    )
  }

  async #header(path: string, where: Place, signal: AbortSignal | undefined): Promise<KvHeader | null> {
    const { operator } = this.#context
    for (let attempt = 1; ; attempt++) {
      const metadata = await statOf(operator, path, where, signal)
      if (metadata === null) return null
      const read = await readHeader(operator, path, sizeOf(metadata), where, signal)
      if (read !== null) return checkedHeader(read.header, where)
      if (attempt === 5) {
        throw new CapabilityError('Unavailable', 'the entry changes too fast to be read', toPlace(where))
      }
    }
  }
}

function checkedHeader(header: unknown, where: Place): KvHeader {
  const found = header as Partial<KvHeader> | null
  const expiry = found?.expiresAt
  const complete =
    found?.kind === 'kv' && typeof found.text === 'boolean' && (expiry === null || typeof expiry === 'number')
  if (complete) return found as KvHeader
  throw new CapabilityError('Corrupt', 'what is stored there is no entry of this store', toPlace(where))
}
