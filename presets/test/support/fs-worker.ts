/** A process that works on a file system store others work on too. Prints its result as JSON. */
import './ends-with-parent.ts'
import { createHash, randomBytes } from 'node:crypto'
import { type BlobDriver, isKind } from '@flowport/capabilities'
import { openFsBlobDriver } from '../../src/fs/node/blob-driver.ts'
import { Home } from '../../src/fs/node/home.ts'
import { openFsKvDriver } from '../../src/fs/node/kv-driver.ts'
import { Locks } from '../../src/fs/node/locks.ts'

interface Args {
  readonly root: string
  readonly index: number
  readonly count: number
  readonly bytes?: number
}

const options = (root: string, name: string) =>
  ({ directory: `${root}/${name}`, fsync: 'none', clock: { now: () => Date.now() } }) as const
const [mode = '', json = '{}'] = process.argv.slice(2)
const args = JSON.parse(json) as Args
const plain = { contentType: null, metadata: {} }
const modes: Record<string, () => Promise<unknown>> = {
  create,
  increment,
  createKv,
  incrementKv,
  overwrite,
  churn,
  write,
  fill,
  stream,
  hold,
  pausable,
  sweepExpired,
}
const run = modes[mode]
if (run === undefined) throw new Error(`no mode ${mode}`)
print((await run()) ?? null)

/** Creates the keys everybody creates; resolves those it won. */
async function create(): Promise<string[]> {
  const blob = openFsBlobDriver(options(args.root, 'blobs'))
  const won: string[] = []
  for (let i = 0; i < args.count; i++) {
    const key = `shared/${i}`
    const put = blob.put(key, text(`${args.index}`), { ...plain, ifNoneMatch: '*' })
    if (await succeeded(put, 'AlreadyExists')) won.push(key)
  }
  await blob.close()
  return won
}

async function createKv(): Promise<string[]> {
  const kv = openFsKvDriver(options(args.root, 'kv'))
  const won: string[] = []
  for (let i = 0; i < args.count; i++) {
    const key = `shared/${i}`
    if (await succeeded(kv.put(key, `${args.index}`, { ifAbsent: true }), 'AlreadyExists')) won.push(key)
  }
  await kv.close()
  return won
}

/** Adds 1 to the counter `count` times, by compare-and-swap. */
async function increment(): Promise<number> {
  const blob = openFsBlobDriver(options(args.root, 'blobs'))
  let lost = 0
  for (let done = 0; done < args.count; ) {
    const current = await read(blob, 'counter')
    const put = blob.put('counter', text(`${Number(current.text) + 1}`), { ...plain, ifMatch: current.etag })
    if (await succeeded(put, 'ConditionNotMatch')) done += 1
    else lost += 1
  }
  await blob.close()
  return lost
}

async function incrementKv(): Promise<number> {
  const kv = openFsKvDriver(options(args.root, 'kv'))
  let lost = 0
  for (let done = 0; done < args.count; ) {
    const entry = await kv.get('counter')
    const put = kv.put('counter', `${Number(entry?.value) + 1}`, { ifVersion: entry?.version })
    if (await succeeded(put, 'ConditionNotMatch')) done += 1
    else lost += 1
  }
  await kv.close()
  return lost
}

/**
 * One process overwrites and deletes without condition, the others add to what they find by compare-and-swap. What the
 * one has written may be added to, but never be replaced by something older. Resolves how often the others won.
 */
async function overwrite(): Promise<number> {
  const blob = openFsBlobDriver(options(args.root, 'blobs'))
  let swaps = 0
  if (args.index > 0) {
    while ((await blob.head('stop')) === null) {
      const current = await find(blob, 'key')
      if (current === null) continue
      const put = blob.put('key', text(`${current.text}+`), { ...plain, ifMatch: current.etag })
      if (await succeeded(put, 'ConditionNotMatch')) swaps += 1
    }
  }
  for (let i = 0; args.index === 0 && i < args.count; i++) {
    await blob.put('key', text(`${i}:`), plain)
    const { text: found } = await read(blob, 'key')
    if (!found.startsWith(`${i}:`)) throw new Error(`${i} was overwritten by ${found}`)
    if (i % 3 > 0) continue
    await blob.delete('key')
    if ((await find(blob, 'key')) !== null) throw new Error(`what was deleted came back`)
  }
  if (args.index === 0) await blob.put('stop', text('stop'), plain)
  await blob.close()
  return swaps
}

/** Makes and deletes objects in the directories others make and delete objects in. */
async function churn(): Promise<number> {
  const blob = openFsBlobDriver(options(args.root, 'blobs'))
  for (let i = 0; i < args.count; i++) {
    const key = `a/b/${i % 3}/${args.index}`
    await blob.put(key, text(key), plain)
    if ((await read(blob, key)).text !== key) throw new Error(`lost ${key}`)
    await blob.delete(key)
  }
  await blob.put(`kept/${args.index}`, text('kept'), plain)
  await blob.close()
  return 0
}

/** Writes objects that carry the digest of their content until it is killed. */
async function write(): Promise<never> {
  const blob = openFsBlobDriver(options(args.root, 'blobs'))
  const kv = openFsKvDriver(options(args.root, 'kv'))
  print('started')
  for (let i = 0; ; i++) {
    const bytes = new Uint8Array(randomBytes(1 + ((i * 7919) % 400_000)))
    const sha256 = createHash('sha256').update(bytes).digest('hex')
    const key = `crash/${i % 5}`
    const body = i % 2 === 0 ? bytes : new Blob([bytes]).stream()
    await Promise.all([
      blob.put(key, body, { contentType: null, metadata: { sha256 } }),
      kv.put(key, bytes, { metadata: { sha256 } }),
    ])
    if (i % 7 === 0) await Promise.all([blob.delete(key), kv.delete(key)])
  }
}

/** Puts an object from a slow stream while it opens the directory again for every chunk, as a starting process would. */
async function stream(): Promise<string> {
  const blob = openFsBlobDriver(options(args.root, 'blobs'))
  let left = args.count
  const body = new ReadableStream<Uint8Array<ArrayBuffer>>({
    async pull(controller) {
      await new Promise((resolve) => setTimeout(resolve, 50))
      const other = openFsBlobDriver(options(args.root, 'blobs'))
      await other.close()
      left -= 1
      if (left < 0) controller.close()
      else controller.enqueue(text('chunk'))
    },
  })
  await blob.put(`stream/${args.index}`, body, plain)
  const stored = await find(blob, `stream/${args.index}`)
  await blob.close()
  return stored === null ? 'lost' : 'stored'
}

/** Takes the lock of an object and keeps it until it is killed, or with `count` exits without closing anything. */
async function hold(): Promise<never> {
  const home = Home.open(`${args.root}/blobs`, { syncs: false })
  return new Locks(home).hold('key', null, () => {
    print('holding')
    if (args.count > 0) process.exit(0)
    return new Promise(() => setInterval(() => undefined, 1_000))
  })
}

/** Adds 1 by compare-and-swap until told to stop. Resolves the increments that were confirmed, and those fenced off. */
async function pausable(): Promise<object> {
  const blob = openFsBlobDriver(options(args.root, 'blobs'))
  print('started')
  let done = 0
  let fenced = 0
  while ((await blob.head('stop')) === null) {
    const current = await read(blob, 'counter')
    try {
      await blob.put('counter', text(`${Number(current.text) + 1}`), { ...plain, ifMatch: current.etag })
      done += 1
    } catch (error) {
      if (isKind(error, 'Unavailable') && error.code === 'FS_FENCED') fenced += 1
      else if (!isKind(error, 'ConditionNotMatch')) throw error
    }
  }
  await blob.close()
  return { done, fenced }
}

/** Reads an entry, and so removes it when it has expired, until told to stop. */
async function sweepExpired(): Promise<null> {
  const kv = openFsKvDriver(options(args.root, 'kv'))
  print('started')
  while ((await kv.get('stop')) === null) await Promise.all(Array.from({ length: 4 }, () => kv.get('key')))
  await kv.close()
  return null
}

/** Puts more than there is room for; resolves the kind of the error, and what the key holds afterwards. */
async function fill(): Promise<object> {
  const blob = openFsBlobDriver(options(args.root, 'blobs'))
  await blob.put('key', text('old'), plain)
  let kind = 'none'
  let applied = 'none'
  let left = args.bytes ?? 0
  const body = new ReadableStream<Uint8Array<ArrayBuffer>>({
    pull(controller) {
      left -= 65_536
      if (left < 0) controller.close()
      else controller.enqueue(new Uint8Array(65_536))
    },
  })
  try {
    await blob.put('key', body, plain)
  } catch (error) {
    if (!isKind(error, 'Unavailable', 'LimitExceeded')) throw error
    kind = error.kind
    applied = error.applied
  }
  const { text: now } = await read(blob, 'key')
  await blob.put('key', text('small'), plain)
  return { kind, applied, now }
}

interface Found {
  readonly text: string
  readonly etag: string
}

async function read(blob: BlobDriver, key: string): Promise<Found> {
  const found = await find(blob, key)
  if (found === null) throw new Error(`${key} is not there`)
  return found
}

async function find(blob: BlobDriver, key: string): Promise<Found | null> {
  const opened = await blob.get(key, {})
  if (!(opened?.body instanceof Uint8Array)) return null
  return { text: new TextDecoder().decode(opened.body), etag: opened.object.etag }
}

async function succeeded(call: unknown, refusal: 'AlreadyExists' | 'ConditionNotMatch'): Promise<boolean> {
  try {
    await call
    return true
  } catch (error) {
    if (isKind(error, refusal)) return false
    throw error
  }
}

function text(value: string): Uint8Array<ArrayBuffer> {
  return new TextEncoder().encode(value)
}

function print(value: unknown): void {
  process.stdout.write(`${JSON.stringify(value)}\n`)
}
