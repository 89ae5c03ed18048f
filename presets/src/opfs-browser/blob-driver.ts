/** Objects as files of OPFS: a plain key is the file of that path, with exactly the object's bytes. */
import {
  type BlobCapabilityInfo,
  type BlobDriver,
  type BlobDriverGet,
  type BlobDriverList,
  type BlobDriverPage,
  type BlobDriverPut,
  type BlobObject,
  CapabilityError,
  type DriverCall,
  type OpenedBlob,
  resolveRange,
} from '@flowport/capabilities'
import type { Body, Home, Staged } from './home.ts'
import { etagOf, listedOf, readPage } from './page.ts'
import { type Place, Places } from './places.ts'
import { type Extra, Records } from './record.ts'
import { afterPlacing, isStale, translated, translateError, unsettled } from './translate-error.ts'

/** Read at once; larger content is streamed. */
const wholeBytes = 65_536
/** Times a file may change under a read. */
const attempts = 16

export class OpfsBlobDriver implements BlobDriver {
  readonly info: BlobCapabilityInfo
  readonly returnsBytes = true
  readonly #home: Home
  readonly #places: Places
  readonly #records: Records

  constructor(home: Home, info: BlobCapabilityInfo) {
    this.info = info
    this.#home = home
    this.#places = new Places(home)
    this.#records = new Records(home)
  }

  head(key: string): Promise<BlobObject | null> {
    return translated(this.#home, async () => {
      const found = await this.#find(key)
      return found === null ? null : objectOf(key, found.file, found.extra)
    })
  }

  get(key: string, { range, ifMatch }: BlobDriverGet): Promise<OpenedBlob | null> {
    return translated(this.#home, async () => {
      let failure: unknown
      for (let attempt = 0; attempt < attempts; attempt++) {
        const found = await this.#find(key)
        if (found === null) return null
        const { file, extra } = found
        if (ifMatch !== undefined && etagOf(file) !== ifMatch) throw otherVersion()
        const { start, end } = resolveRange(range, file.size)
        const object = objectOf(key, file, extra)
        const part = file.slice(start, end)
        if (end - start > wholeBytes) return { object, start, end, body: streamOf(part) }
        try {
          const body = new Uint8Array(await part.arrayBuffer())
          if (body.byteLength === end - start) return { object, start, end, body }
          // Firefox reads what took the file's place, where other code removed it and made it anew.
          failure = undefined
        } catch (error) {
          if (!isStale(error)) throw error
          failure = error
        }
      }
      throw unsettled(failure)
    })
  }

  put(
    key: string,
    body: Uint8Array<ArrayBuffer> | ReadableStream<Uint8Array<ArrayBuffer>>,
    put: BlobDriverPut,
  ): Promise<BlobObject> {
    const { contentType, metadata, signal } = put
    return translated(this.#home, async () => {
      // What will not be stored need not be written.
      if (put.ifMatch !== undefined || put.ifNoneMatch !== undefined) check(put, await this.#places.find(key))
      return this.#store(key, body, { contentType, metadata }, signal, put)
    })
  }

  copy(from: string, to: string, { signal }: DriverCall): Promise<BlobObject | null> {
    return translated(this.#home, async () => {
      const found = await this.#find(from)
      return found === null ? null : this.#store(to, found.file, found.extra, signal, {})
    })
  }

  delete(key: string, call: DriverCall): Promise<void> {
    return this.deleteMany([key], call)
  }

  deleteMany(keys: readonly string[], { signal }: DriverCall): Promise<void> {
    return translated(this.#home, () =>
      this.#home.alone('blob', signal, async () => {
        const remove = async (key: string) => {
          signal?.throwIfAborted()
          await this.#places.remove(key)
          await afterPlacing(() => this.#records.remove(key))
        }
        const [first, ...more] = keys
        if (first !== undefined) await remove(first)
        await afterPlacing(async () => {
          for (const key of more) await remove(key)
        })
      }),
    )
  }

  list(list: BlobDriverList): Promise<BlobDriverPage> {
    return translated(this.#home, () => readPage(this.#home, list))
  }

  async check(): Promise<void> {
    await translated(this.#home, () => this.#home.check())
  }

  #store(
    key: string,
    body: Body,
    extra: Extra,
    signal: AbortSignal | undefined,
    condition: Pick<BlobDriverPut, 'ifMatch' | 'ifNoneMatch'>,
  ): Promise<BlobObject> {
    const publish = async (staged: Staged, there: Place) => {
      signal?.throwIfAborted()
      await this.#records.write(key, staged.file, extra, there.file)
      await this.#places.put(key, staged, there)
      return objectOf(key, staged.file, extra)
    }
    return this.#home.staged(body, signal, (staged) =>
      this.#home.alone('blob', signal, async () => {
        const there = await this.#places.locate(key)
        check(condition, there.file)
        return this.#home.after(staged, there.file, (ready) => publish(ready, there))
      }),
    )
  }

  /** The file as it is now, with what is recorded of it. */
  async #find(key: string): Promise<{ readonly file: File; readonly extra: Extra } | null> {
    for (let before: File | null = null; ; ) {
      const file = await this.#places.find(key)
      if (file === null) return null
      const extra = await this.#records.read(key, file)
      if (extra !== null) return { file, extra }
      // The record is of another file: either this one was replaced meanwhile, or somebody else wrote it.
      if (before !== null && etagOf(before) === etagOf(file))
        return { file, extra: { contentType: null, metadata: {} } }
      before = file
    }
  }
}

function check(
  { ifMatch, ifNoneMatch }: Pick<BlobDriverPut, 'ifMatch' | 'ifNoneMatch'>,
  there: File | null,
): void {
  if (ifNoneMatch !== undefined && there !== null)
    throw new CapabilityError('AlreadyExists', 'an object is there already; it was left as it is')
  if (ifMatch !== undefined && (there === null || etagOf(there) !== ifMatch)) throw otherVersion()
}

function otherVersion(): CapabilityError {
  return new CapabilityError('ConditionNotMatch', 'the object has another version; read it again')
}

function objectOf(key: string, file: File, { contentType, metadata }: Extra): BlobObject {
  return { ...listedOf(key, file), contentType, metadata: { ...metadata } }
}

/** The bytes of a file. It ends with `Unavailable` where the file is replaced or removed meanwhile, never early as if whole. */
function streamOf(part: Blob): ReadableStream<Uint8Array<ArrayBuffer>> {
  const reader = part.stream().getReader()
  let left = part.size
  return new ReadableStream<Uint8Array<ArrayBuffer>>(
    {
      async pull(controller) {
        try {
          const { done, value } = await reader.read()
          left -= value?.byteLength ?? 0
          if (left < 0 || (done && left > 0)) throw unsettled()
          if (done) controller.close()
          else controller.enqueue(value)
        } catch (error) {
          // Browsers tell no more than a TypeError here.
          controller.error(error instanceof TypeError ? unsettled(error) : translateError(error))
        }
      },
      cancel: (reason) => reader.cancel(reason),
    },
    { highWaterMark: 0 },
  )
}
