import {
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  symlinkSync,
  utimesSync,
  writeFileSync,
} from 'node:fs'
import { join } from 'node:path'
import { setTimeout as wait } from 'node:timers/promises'
import { Operator } from 'opendal'
import { describe, expect, it } from 'vitest'
import { type BlobDriver, createBlobStore, silentLogger } from '@flowport/capabilities'
import { systemClock } from '@flowport/capabilities/system'
import { digest, drain, never, refused, sampleBytes, sampleStream } from '@flowport/capabilities/testing'
import { opendalBlobDriver } from './blob-driver.ts'
import type { OpenDalBlobOptions } from './blob-options.ts'
import { operatorFactory } from './factory.node.ts'
import { tempDirectories } from '../../test/support/opendal-temp-directory.ts'

const MiB = 1024 * 1024
const directory = tempDirectories()
const none = { contentType: null, metadata: {} }

async function onDisk(options: Partial<OpenDalBlobOptions> = {}, root = directory()) {
  const operator = await operatorFactory({ scheme: 'fs', config: { root } }).build()
  const driver = opendalBlobDriver(operator, {
    scheme: 'fs',
    log: silentLogger,
    clock: systemClock,
    ...options,
  })
  return { root, driver, blob: createBlobStore(driver) }
}

function inMemory(options: Partial<OpenDalBlobOptions> = {}): BlobDriver {
  return opendalBlobDriver(new Operator('memory', {}), {
    scheme: 'memory',
    log: silentLogger,
    clock: systemClock,
    ...options,
  })
}

function staged(root: string): string[] {
  const staging = join(root, '.flowport-staging')
  return existsSync(staging) ? readdirSync(staging) : []
}

describe('objects kept as they are, on a file system', () => {
  it('are files that other programs read and write', async () => {
    const { root, blob } = await onDisk({ objects: 'plain' })
    await blob.put('notes/a b.txt', 'text')
    expect(readFileSync(join(root, 'notes', 'a b.txt'), 'utf8')).toBe('text')
    writeFileSync(join(root, 'notes', 'foreign'), 'other')
    const found = await blob.list()
    expect(found.objects.map(({ key, size }) => [key, size])).toEqual([
      ['notes/a b.txt', 4],
      ['notes/foreign', 5],
    ])
    expect(await (await blob.get('notes/foreign', { range: { suffix: 3 } }))?.text()).toBe('her')
  })

  it('refuse content type and metadata where the service keeps neither, as info states', async () => {
    const { blob, driver } = await onDisk({ objects: 'plain' })
    expect(blob.info.features).toMatchObject({
      createOnly: false,
      compareAndSwap: false,
      metadata: false,
      contentType: false,
      serverCopy: false,
      presign: false,
      ranges: true,
    })
    expect(blob.info.extensions).toMatchObject({ 'org.apache.opendal.objects': 'plain' })
    const refusals = [
      { ...none, contentType: 'text/plain' },
      { ...none, metadata: { a: 'b' } },
      { ...none, ifMatch: 'x' },
      { ...none, ifNoneMatch: '*' as const },
    ]
    for (const put of refusals) {
      await refused(driver.put('key', new Uint8Array(1), put) as Promise<unknown>, 'Unsupported')
    }
    expect(await blob.head('key')).toBeNull()
  })

  it('cannot be beneath each other, which is Unsupported and leaves both as they were', async () => {
    const { root, driver, blob } = await onDisk({ objects: 'plain' })
    await blob.put('a', 'object')
    await blob.put('d/x', 'object')
    await refused(blob.put('a/beneath', 'value'), 'Unsupported')
    await refused(blob.put('d', 'value'), 'Unsupported')
    expect(await blob.head('a/beneath')).toBeNull()
    expect(await blob.head('d')).toBeNull()
    await blob.delete('a/beneath')
    await blob.delete('d')
    expect((await blob.list()).objects.map(({ key }) => key)).toEqual(['a', 'd/x'])
    await driver.close?.()
    expect(staged(root)).toEqual([])
  })

  it('are not deleted with a folder that is empty, and no folder is an object', async () => {
    const { root, blob } = await onDisk({ objects: 'plain' })
    await blob.put('d/x', 'object')
    await blob.delete('d/x')
    await blob.delete('d')
    expect(existsSync(join(root, 'd'))).toBe(true)
    expect(await blob.get('d')).toBeNull()
  })

  it('take the place of folders that deleted objects have left', async () => {
    const { blob } = await onDisk({ objects: 'plain' })
    await blob.put('d/e/f/x', 'object')
    await blob.put('d/y', 'object')
    await blob.delete('d/e/f/x')
    await refused(blob.put('d', 'value'), 'Unsupported')
    expect(await (await blob.get('d/y'))?.text()).toBe('object')
    await blob.delete('d/y')
    await blob.put('d', 'value')
    expect((await blob.list()).objects.map(({ key }) => key)).toEqual(['d'])
  })

  it('have no keys within the staging folder or hidden ones', async () => {
    const { blob, root } = await onDisk({ objects: 'plain', hidden: ['kv/'] })
    writeFileSync(join(root, 'seen'), '')
    await onDisk({ objects: 'plain' }, join(root, 'kv')).then((other) => other.blob.put('entry', 'x'))
    await refused(blob.put('.flowport-staging/x', 'value'), 'InvalidInput')
    await refused(blob.get('kv/entry'), 'InvalidInput')
    expect((await blob.list()).objects.map(({ key }) => key)).toEqual(['seen'])
  })

  it('change their etag with their content', async () => {
    const { blob, root } = await onDisk({ objects: 'plain' })
    const first = await blob.put('key', 'one')
    expect((await blob.head('key'))?.etag).toBe(first.etag)
    writeFileSync(join(root, 'key'), 'three')
    expect((await blob.head('key'))?.etag).not.toBe(first.etag)
  })
})

describe('puts on a file system', () => {
  for (const objects of ['plain', 'enveloped'] as const) {
    it(`that are aborted leave neither object nor temporary file (${objects})`, async () => {
      const { root, driver, blob } = await onDisk({ objects })
      await blob.put('key', 'old')
      const controller = new AbortController()
      const source = sampleStream(sampleBytes(6 * MiB), {
        onPull: (i) => {
          if (i < 60) return undefined
          queueMicrotask(() => controller.abort(new Error('the caller left')))
          return never()
        },
      })
      const put = { ...none, signal: controller.signal }
      await refused(driver.put('key', source.stream, put) as Promise<unknown>, 'Cancelled')
      await driver.close?.()
      expect(staged(root)).toEqual([])
      expect(await (await blob.get('key'))?.text()).toBe('old')
    })

    it(`that fail leave neither object nor temporary file (${objects})`, async () => {
      const { root, driver, blob } = await onDisk({ objects })
      const failure = new Error('the source broke')
      const source = sampleStream(sampleBytes(6 * MiB), {
        onPull: (i) => {
          if (i === 60) throw failure
        },
      })
      expect((await refused(blob.put('key', source.stream), 'Unexpected')).cause).toBe(failure)
      await driver.close?.()
      expect([staged(root), await blob.head('key')]).toEqual([[], null])
    })
  }

  it('read bytes before they return to their caller', async () => {
    const { driver, blob } = await onDisk()
    for (let i = 0; i < 8; i++) {
      const given = sampleBytes(4 * MiB, i + 1)
      const putting = driver.put(`key${i}`, given, none)
      given.fill(0)
      await putting
      const read = await (await blob.get(`key${i}`))?.bytes()
      expect(read === undefined ? null : await digest(read)).toBe(await digest(sampleBytes(4 * MiB, i + 1)))
    }
  })

  it('remove what processes that died have left, once it is a day old', async () => {
    // A process clock far off the file system clock decides nothing.
    const clock = { ...systemClock, now: () => Date.now() + 1e12 }
    const { root, driver, blob } = await onDisk({ clock })
    mkdirSync(join(root, '.flowport-staging'))
    for (const [name, hours] of [
      ['old', 25],
      ['new', 23],
    ] as const) {
      writeFileSync(join(root, '.flowport-staging', name), 'half')
      const written = new Date(Date.now() - hours * 3_600_000)
      utimesSync(join(root, '.flowport-staging', name), written, written)
    }
    await blob.put('key', 'value')
    await driver.close?.()
    expect(staged(root)).toEqual(['new'])
  })

  it('do not leave the root through keys', async () => {
    const { root, driver } = await onDisk({ objects: 'plain' }, join(directory(), 'root'))
    for (const key of ['../out', 'a/../../out', '..']) {
      await refused(driver.put(key, new Uint8Array(1), none) as Promise<unknown>, 'InvalidInput')
      await refused(driver.get(key, {}) as Promise<unknown>, 'InvalidInput')
    }
    expect(existsSync(join(root, '..', 'out'))).toBe(false)
  })
})

describe('reads that no condition guards', () => {
  it('of a range never mix two versions: it is ConditionNotMatch', async () => {
    const { driver, blob } = await onDisk({ chunkBytes: 256 * 1024 })
    const before = sampleBytes(3 * MiB, 1)
    await blob.put('key', before)
    const opened = await driver.get('key', { range: { offset: 10, length: 2 * MiB } })
    const reader = ((opened ?? expect.fail('absent')).body as ReadableStream<Uint8Array>).getReader()
    const { value } = await reader.read()
    expect(Buffer.compare(value ?? Buffer.alloc(0), before.subarray(10, 10 + (value?.byteLength ?? 0)))).toBe(
      0,
    )
    await blob.put('key', sampleBytes(3 * MiB, 2))
    await refused(reader.read(), 'ConditionNotMatch')
  })

  it('of a whole object stay with the version they began with', async () => {
    const { driver, blob } = await onDisk()
    const before = sampleBytes(5 * MiB, 1)
    await blob.put('key', before)
    const opened = (await driver.get('key', {})) ?? expect.fail('absent')
    const reader = (opened.body as ReadableStream<Uint8Array<ArrayBuffer>>).getReader()
    const parts: Uint8Array<ArrayBuffer>[] = []
    for (let read = await reader.read(); !read.done; read = await reader.read()) {
      parts.push(read.value)
      await blob.put('key', sampleBytes(5 * MiB, 2))
    }
    expect(await digest(new Uint8Array(await new Blob(parts).arrayBuffer()))).toBe(await digest(before))
  })

  it('of a version that was replaced before they began are ConditionNotMatch', async () => {
    const { driver, blob } = await onDisk()
    await blob.put('key', sampleBytes(MiB, 1))
    const opened = (await driver.get('key', {})) ?? expect.fail('absent')
    await blob.put('key', sampleBytes(MiB, 2))
    await refused(drain(opened.body as ReadableStream<Uint8Array>), 'ConditionNotMatch')
  })

  it('hand out memory of their own: what a reader does to a piece changes no other', async () => {
    const { driver, blob } = await onDisk()
    const bytes = sampleBytes(3 * MiB)
    await blob.put('key', bytes)
    const opened = (await driver.get('key', {})) ?? expect.fail('absent')
    let at = 0
    for await (const piece of opened.body as ReadableStream<Uint8Array<ArrayBuffer>>) {
      expect(Buffer.compare(piece, bytes.subarray(at, at + piece.byteLength))).toBe(0)
      at += piece.byteLength
      structuredClone(piece, { transfer: [piece.buffer] })
    }
    expect(at).toBe(bytes.byteLength)
  })
})

describe('objects in envelopes', () => {
  it('have what the service does not keep, and a new etag with every put', async () => {
    const driver = inMemory()
    const put = { contentType: 'text/x', metadata: { owner: 'ann' } }
    const first = await driver.put('key', new Uint8Array(3), put)
    const second = await driver.put('key', new Uint8Array(3), put)
    expect(second.etag).not.toBe(first.etag)
    expect(await driver.head('key', {})).toEqual(second)
    expect(second).toMatchObject({ contentType: 'text/x', metadata: { owner: 'ann' }, size: 3 })
  })

  it('a header of more than the first read is read whole', async () => {
    const driver = inMemory({ limits: { maxMetadataBytes: 100_000 } })
    const metadata = { long: 'x'.repeat(50_000) }
    await driver.put('key', sampleBytes(10), { contentType: null, metadata })
    expect((await driver.head('key', {}))?.metadata).toEqual(metadata)
    const opened = await driver.get('key', { range: { offset: 2, length: 3 } })
    expect(opened?.body).toEqual(sampleBytes(10).slice(2, 5))
  })

  it('what others wrote there is Corrupt, not taken for an object', async () => {
    const { root, blob } = await onDisk()
    for (const [name, text] of [
      ['short', 'x'],
      ['empty', ''],
      ['long', 'FPO1 is how it starts'],
      ['like', 'FPO1\0\0\0\u0002{}'],
    ]) {
      writeFileSync(join(root, name ?? ''), text ?? '')
      expect((await refused(blob.head(name ?? ''), 'Corrupt')).key).toBe(name)
    }
    writeFileSync(join(root, '.DS_Store'), 'no key of ours')
    writeFileSync(join(root, 'a+'), 'no key of ours')
    for (const name of ['short', 'empty', 'long', 'like']) await blob.delete(name)
    expect((await blob.list()).objects).toEqual([])
  })

  it('are the default where versions cannot be told apart, which plain ones would need', async () => {
    const plain = inMemory({ objects: 'plain' })
    const error = await refused(
      plain.put('key', new Uint8Array(1), none) as Promise<unknown>,
      'Misconfigured',
    )
    expect(error.code).toBe('OPENDAL_NO_VERSION')
    expect(inMemory().info.extensions).toMatchObject({ 'org.apache.opendal.objects': 'enveloped' })
  })
})

describe('listings that a scan is made for', () => {
  it('keep the scan for the next page, for half a minute', async () => {
    let scans = 0
    let now = 0
    const operator = new Operator('memory', {})
    const list = operator.list.bind(operator)
    operator.list = (...args) => {
      scans += 1
      return list(...args)
    }
    const driver = opendalBlobDriver(operator, {
      scheme: 'memory',
      log: silentLogger,
      clock: { ...systemClock, now: () => now, sleep: (ms) => wait(ms) },
    })
    for (let i = 0; i < 10; i++) await driver.put(`k${i}`, new Uint8Array(1), none)
    const page = async (cursor?: string) => driver.list({ prefix: '', limit: 3, cursor })
    const first = await page()
    const second = await page(first.cursor)
    expect([scans, second.objects.map(({ key }) => key)]).toEqual([1, ['k3', 'k4', 'k5']])
    now = 30_001
    const third = await page(second.cursor)
    expect([scans, third.objects.map(({ key }) => key)]).toEqual([2, ['k6', 'k7', 'k8']])
    expect((await page(second.cursor)).objects.map(({ key }) => key)).toEqual(['k6', 'k7', 'k8'])
    expect(scans).toBe(3)
    await page()
    expect(scans).toBe(4)
  })
})

describe('a service that only reads', () => {
  it('says so, and refuses every write', async () => {
    const operator = new Operator('http', { endpoint: 'http://127.0.0.1:1' })
    const driver = opendalBlobDriver(operator, { scheme: 'http', log: silentLogger, clock: systemClock })
    expect(driver.info.features).toMatchObject({ write: false, list: false, ranges: true })
    const calls = [
      async () => driver.put('key', new Uint8Array(1), none),
      async () => driver.delete('key', {}),
      async () => driver.deleteMany?.(['key'], {}),
      async () => driver.copy?.('a', 'b', {}),
      async () => driver.list({ prefix: '', limit: 1 }),
    ]
    for (const call of calls) await refused(call(), 'Unsupported')
  })
})

it('links out of the root are followed by the service: what they show is not hidden by this driver', async () => {
  const outside = directory()
  writeFileSync(join(outside, 'file'), 'outside')
  const { root, blob } = await onDisk({ objects: 'plain' })
  symlinkSync(join(outside, 'file'), join(root, 'link'))
  expect(await (await blob.get('link'))?.text()).toBe('outside')
})
