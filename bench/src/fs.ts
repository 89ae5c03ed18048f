/** The fs preset beside `node:fs` doing the same work: write aside, sync, rename, sync the directory; open and read. */
import nodeFs from 'node:fs'
import { join } from 'node:path'
import { pipeline } from 'node:stream/promises'
import { promisify } from 'node:util'
import type { BlobStore, KeyValue } from '@flowport/capabilities'
import { fs } from '@flowport/presets/fs'
import { type Candidate, compare, type Comparison, type Measured, named } from './harness.ts'
import { digits } from './numbers.ts'
import { inDirectory, openBag } from './providers.ts'
import { type Aim, comparisonTable, type Report, type Table } from './report.ts'

const ours = 'Flowport fs'
const oursKv = 'Flowport fs kv'
const raw = 'node:fs, callbacks'
const promises = 'node:fs/promises'
const streams = 'node:fs streams'

type Fsync = 'data' | 'none'

export function measure(): Promise<Report> {
  return inDirectory(async (directory) => {
    const tables: Table[] = []
    const aims: Aim[] = []
    const add = (title: string, measured: readonly Measured[], unit: 'µs' | 'ms') => {
      tables.push(comparisonTable(title, measured, { unit }))
      const share = 1 / named(measured, ours).ratio
      aims.push({ aim: `${title}: at least 0.8 of node:fs`, measured: digits(share), holds: share >= 0.8 })
    }
    for (const fsync of ['none', 'data'] as const) {
      const stores = await open(directory, fsync)
      try {
        if (fsync === 'none') {
          add('get 1 KiB', await measureGet(stores, 1024), 'µs')
          add('get 1 MiB', await measureGet(stores, 2 ** 20), 'µs')
          add('get 64 MiB as a stream', await measureStreamGet(stores), 'ms')
        }
        const policy = fsync === 'none' ? 'no sync' : 'synced'
        add(`put 1 KiB, ${policy}`, await measurePut(stores, 1024), 'µs')
        add(`put 1 MiB, ${policy}`, await measurePut(stores, 2 ** 20), 'µs')
        add(`put 64 MiB from a stream, ${policy}`, await measureStreamPut(stores), 'ms')
      } finally {
        await stores.close()
      }
    }
    return { tables, aims }
  })
}

interface Stores {
  readonly blob: BlobStore
  readonly kv: KeyValue
  readonly raw: RawFiles
  readonly promises: PromiseFiles
  close(): Promise<void>
}

async function open(directory: string, fsync: Fsync): Promise<Stores> {
  const root = join(directory, fsync)
  const bag = await openBag(fs({ root, fsync }))
  const files = (name: string) => {
    const path = join(root, name)
    nodeFs.mkdirSync(path, { recursive: true })
    return path
  }
  return {
    blob: bag.require('blob'),
    kv: bag.require('kv'),
    raw: new RawFiles(files('raw'), fsync),
    promises: new PromiseFiles(files('promises'), fsync),
    close: () => bag.close(),
  }
}

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

/** Descriptors and callbacks: the least that node:fs costs. */
class RawFiles {
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

  /** `fs.createWriteStream` on the staged file, fed by a pipeline. */
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

/** The same with file handles, as most programs have it. */
class PromiseFiles {
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

const keys = Array.from({ length: 20 }, (_, n) => `object-${n}`)
const keyAt = (i: number) => keys[i % keys.length] as string

function bytesOf(length: number, first: number): Uint8Array<ArrayBuffer> {
  const bytes = new Uint8Array(length)
  for (let i = 0; i < length; i++) bytes[i] = (i * 7 + first) & 0xff
  return bytes
}

/** Enough of the content to see that it is the right one: its length, first and last byte. */
function tell(bytes: Uint8Array): string {
  return `${bytes.byteLength} bytes, ${bytes[0]}…${bytes.at(-1)}`
}

async function measureGet({ blob, kv, raw: rawFiles, promises: promiseFiles }: Stores, size: number) {
  const body = bytesOf(size, 1)
  for (const key of keys) {
    await blob.put(key, body)
    await kv.put(key, body)
    await rawFiles.put(key, body)
    await promiseFiles.put(key, body)
  }
  const kvGet: Candidate<string> = {
    name: oursKv,
    async run(times) {
      let bytes = none
      for (let i = 0; i < times; i++) bytes = (await kv.get(keyAt(i), { as: 'bytes' })) ?? none
      return tell(bytes)
    },
  }
  return compare<string>({
    ...bounds,
    reference: raw,
    expected: tell(body),
    candidates: [
      {
        name: ours,
        async run(times) {
          let bytes = none
          for (let i = 0; i < times; i++) bytes = (await (await blob.get(keyAt(i)))?.bytes()) ?? none
          return tell(bytes)
        },
      },
      ...(size === 1024 ? [kvGet] : []),
      {
        name: raw,
        async run(times) {
          let bytes: Uint8Array = none
          for (let i = 0; i < times; i++) bytes = await rawFiles.get(keyAt(i))
          return tell(bytes)
        },
      },
      {
        name: promises,
        async run(times) {
          let bytes: Uint8Array = none
          for (let i = 0; i < times; i++) bytes = await promiseFiles.get(keyAt(i))
          return tell(bytes)
        },
      },
    ],
  })
}

const none = new Uint8Array(0)
const bounds: Pick<Comparison<unknown>, 'rounds' | 'roundMs'> = { rounds: 9, roundMs: 50 }

function measurePut({ blob, kv, raw: rawFiles, promises: promiseFiles }: Stores, size: number) {
  const bodies = [1, 2, 3].map((first) => bytesOf(size, first))
  const bodyAt = (i: number) => bodies[i % bodies.length] as Uint8Array<ArrayBuffer>
  const kvPut: Candidate<boolean> = {
    name: oursKv,
    async run(times) {
      for (let i = 0; i < times; i++) await kv.put(keyAt(i), bodyAt(i))
      const last = await kv.get(keyAt(times - 1), { as: 'bytes' })
      return tell(last ?? none) === tell(bodyAt(times - 1))
    },
  }
  return compare<boolean>({
    ...bounds,
    reference: raw,
    expected: true,
    candidates: [
      {
        name: ours,
        async run(times) {
          for (let i = 0; i < times; i++) await blob.put(keyAt(i), bodyAt(i))
          const last = await (await blob.get(keyAt(times - 1)))?.bytes()
          return tell(last ?? none) === tell(bodyAt(times - 1))
        },
      },
      ...(size === 1024 ? [kvPut] : []),
      {
        name: raw,
        async run(times) {
          for (let i = 0; i < times; i++) await rawFiles.put(keyAt(i), bodyAt(i))
          return tell(await rawFiles.get(keyAt(times - 1))) === tell(bodyAt(times - 1))
        },
      },
      {
        name: promises,
        async run(times) {
          for (let i = 0; i < times; i++) await promiseFiles.put(keyAt(i), bodyAt(i))
          return tell(await promiseFiles.get(keyAt(times - 1))) === tell(bodyAt(times - 1))
        },
      },
    ],
  })
}

const chunkBytes = 65_536
const chunks = 1024

/** 64 MiB in new chunks of 64 KiB, as they come from a socket. */
function source(): ReadableStream<Uint8Array<ArrayBuffer>> {
  let made = 0
  return new ReadableStream(
    {
      pull(controller) {
        controller.enqueue(new Uint8Array(chunkBytes).fill(made & 0xff))
        made += 1
        if (made === chunks) controller.close()
      },
    },
    { highWaterMark: 0 },
  )
}

/** Bytes of a stream and the sum of each chunk's first and last byte per 64 KiB. */
async function tellStream(stream: AsyncIterable<Uint8Array>): Promise<string> {
  let length = 0
  let sum = 0
  for await (const chunk of stream) {
    for (let at = (chunkBytes - (length % chunkBytes)) % chunkBytes; at < chunk.byteLength; at += chunkBytes)
      sum += chunk[at] ?? Number.NaN
    length += chunk.byteLength
  }
  return `${length} bytes, sum ${sum}`
}

function measureStreamPut({ blob, raw: rawFiles }: Stores) {
  const candidates: readonly Candidate<string>[] = [
    {
      name: ours,
      async run(times) {
        for (let i = 0; i < times; i++) await blob.put('large', source())
        return `${(await blob.head('large'))?.size}`
      },
    },
    {
      name: streams,
      async run(times) {
        for (let i = 0; i < times; i++) await rawFiles.putStream('large', source())
        return `${nodeFs.statSync(rawFiles.path('large')).size}`
      },
    },
  ]
  return compare({ ...bounds, reference: streams, expected: `${chunkBytes * chunks}`, candidates })
}

async function measureStreamGet({ blob, raw: rawFiles }: Stores) {
  await blob.put('large', source())
  await rawFiles.putStream('large', source())
  const candidates: readonly Candidate<string>[] = [
    {
      name: ours,
      async run(times) {
        let told = ''
        for (let i = 0; i < times; i++) {
          const handle = await blob.get('large')
          if (handle !== null) told = await tellStream(handle.stream())
        }
        return told
      },
    },
    {
      name: streams,
      async run(times) {
        let told = ''
        for (let i = 0; i < times; i++)
          told = await tellStream(nodeFs.createReadStream(rawFiles.path('large'), { highWaterMark: 262_144 }))
        return told
      },
    },
    {
      name: 'node:fs streams, as a web stream',
      async run(times) {
        let told = ''
        for (let i = 0; i < times; i++) {
          const file = await nodeFs.promises.open(rawFiles.path('large'))
          try {
            told = await tellStream(file.readableWebStream() as ReadableStream<Uint8Array>)
          } finally {
            await file.close()
          }
        }
        return told
      },
    },
  ]
  return compare({ ...bounds, reference: streams, expected: await tellStream(source()), candidates })
}
