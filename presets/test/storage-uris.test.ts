import { execFileSync } from 'node:child_process'
import { existsSync, mkdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { createKeyValue, type KeyValue } from '@flowport/capabilities'
import { memoryKvDriver } from '@flowport/capabilities/memory'
import { createStorage, kvScheme, memoryScheme, type StorageEntry } from '@flowport/capabilities/storage'
import { afterAll, describe, expect, it } from 'vitest'
import { r2Scheme } from '../src/cloudflare-r2/scheme-entry.ts'
import { fileScheme } from '../src/fs/scheme-entry.ts'
import { httpScheme, httpsScheme } from '../src/http/scheme-entry.ts'
import { cloudflareR2Twin } from '../src/cloudflare/twins/cloudflare-r2.ts'
import { s3Scheme } from '../src/s3/scheme-entry.ts'
import { startNginx, withoutNginx } from './support/nginx.ts'
import { startRadosgw, withoutRadosgw } from './support/radosgw.ts'
import { clientFor, createBucket } from './support/s3-bucket.ts'
import { tempDirectory } from './support/temp-directory.ts'

const server = await startRadosgw()
const nginx = await startNginx('location / { root $files; }')
const directory = tempDirectory()
const kv: KeyValue = createKeyValue(memoryKvDriver())
const twin = cloudflareR2Twin({ writesPerSecondPerKey: Infinity })
if (server !== null) {
  await createBucket(clientFor(server, 'bucket'))
  await createBucket(clientFor(server, 'other'))
}

const storage = createStorage({
  schemes: [
    memoryScheme(),
    kvScheme({ files: kv }),
    fileScheme({ root: directory }),
    r2Scheme({ bindings: { media: twin } }),
    s3Scheme({ provider: 'ceph' }),
    httpScheme({ allowPrivate: true }),
    httpsScheme(),
  ],
  env: {},
})
if (server !== null) {
  const { accessKeyId, secretAccessKey, endpoint } = server
  storage.setCredentials('s3', { accessKeyId, secretAccessKey, endpoint })
}
afterAll(() => storage.close())

/** Where each scheme may write: a folder of its own. */
const writable: Readonly<Record<string, string | null>> = {
  memory: 'memory://root',
  kv: 'kv://files/root',
  file: `file://${directory}/root`,
  r2: 'r2://media/root',
  s3: server === null ? null : 's3://bucket/root',
}

const uris = (entries: readonly StorageEntry[]) => entries.map(({ uri }) => uri)
const bytes = (size: number) => Uint8Array.from({ length: size }, (_, i) => (i * 31 + (i >> 8)) & 255)
const streamOf = (...chunks: Uint8Array[]) =>
  new ReadableStream<Uint8Array>({
    start(controller) {
      for (const chunk of chunks) controller.enqueue(chunk)
      controller.close()
    },
  })

describe.each(Object.entries(writable))('%s://', (scheme, root) => {
  if (root === null) return it.skip(`needs a server: ${withoutRadosgw}`, () => undefined)
  const at = (path: string) => `${root}/${path}`

  it('reads text, JSON and bytes as they were written', async () => {
    await storage.write(at('text.txt'), 'Grüße, 世界')
    expect(await storage.read(at('text.txt'))).toBe('Grüße, 世界')
    await storage.write(at('value.json'), { key: 'value' })
    expect(await storage.read(at('value.json'))).toBe('{"key":"value"}')
    expect(await storage.readJson(at('value.json'))).toEqual({ key: 'value' })
    const all = bytes(70_000)
    await storage.write(at('image.png'), all)
    expect(await storage.readBytes(at('image.png'))).toEqual(all)
    expect(await storage.readBytes(at('image.png'), { range: { offset: 10, length: 5 } })).toEqual(
      all.slice(10, 15),
    )
    await storage.write(at('blob.bin'), new Blob([all]))
    expect(await storage.hash(at('blob.bin'))).toBe(await storage.hash(at('image.png')))
    await storage.write(at('empty'), '')
    expect(await storage.read(at('empty'))).toBe('')
  })

  it('overwrites, and creates only where it is asked to', async () => {
    await storage.write(at('again'), 'first')
    await storage.write(at('again'), 'second')
    expect(await storage.read(at('again'))).toBe('second')
    await expect(storage.write(at('again'), 'third', { createOnly: true })).rejects.toMatchObject({
      kind: 'AlreadyExists',
    })
    expect(await storage.read(at('again'))).toBe('second')
    await storage.write(at('new'), 'x', { createOnly: true })
  })

  it('streams both ways', async () => {
    const all = bytes(200_000)
    const seen: number[] = []
    await storage.writeStream(at('streamed'), streamOf(all.subarray(0, 90_000), all.subarray(90_000)), {
      size: all.byteLength,
      onProgress: ({ bytes: done }) => void seen.push(done),
    })
    expect(seen.at(-1)).toBe(all.byteLength)
    const chunks: Uint8Array[] = []
    for await (const chunk of await storage.stream(at('streamed'))) chunks.push(chunk)
    expect(Buffer.concat(chunks).equals(all)).toBe(true)
    // Given up before its end, and then read again.
    await (await storage.stream(at('streamed'))).cancel()
    await expect(
      storage.writeStream(
        at('streamed'),
        new ReadableStream({ start: (controller) => controller.error(new Error('the source broke')) }),
      ),
    ).rejects.toThrow()
    expect(await storage.readBytes(at('streamed'))).toEqual(all)
  })

  it('keeps names as they are written: percent signs, spaces, case, question marks', async () => {
    const names = [
      'a b.txt',
      'a%20b.txt',
      'ä.txt',
      'A.txt',
      'a.TXT',
      'what?.txt',
      'part#1',
      '50%',
      'x+y',
      '世界',
      'q?a=b&c',
    ]
    for (const name of names) await storage.write(at(`names/${name}`), name)
    for (const name of names) expect(await storage.read(at(`names/${name}`))).toBe(name)
    const { entries } = await storage.list(at('names'))
    expect(new Set(uris(entries))).toEqual(new Set(names.map((name) => at(`names/${name}`))))
    expect(new Set(entries.map(({ name }) => name))).toEqual(new Set(names))
  })

  it('lists folders once, in order, page by page, and tells all below', async () => {
    const paths = ['1', 'a/x', 'a/y', 'a/z/deep', 'a.b', 'b/c/d', 'é', 'z']
    for (const path of paths) await storage.write(at(`tree/${path}`), path)
    const { entries, listComplete } = await storage.list(at('tree'))
    expect(listComplete).toBe(true)
    expect(uris(entries)).toEqual(['1', 'a.b', 'a/', 'b/', 'z', 'é'].map((path) => at(`tree/${path}`)))
    expect(entries[2]).toEqual({
      uri: at('tree/a/'),
      name: 'a',
      kind: 'folder',
      size: null,
      etag: null,
      lastModified: null,
    })
    expect(entries[4]).toMatchObject({ name: 'z', kind: 'file', size: 1 })
    expect(await storage.list(at('tree/'))).toEqual({ entries, listComplete })
    const recursive = await storage.list(at('tree'), { recursive: true })
    expect(uris(recursive.entries)).toEqual(
      ['1', 'a.b', 'a/x', 'a/y', 'a/z/deep', 'b/c/d', 'z', 'é'].map((path) => at(`tree/${path}`)),
    )
    for (const options of [{}, { recursive: true }]) {
      const found: string[] = []
      let cursor: string | undefined
      do {
        const page = await storage.list(at('tree'), {
          ...options,
          limit: 2,
          ...(cursor === undefined ? {} : { cursor }),
        })
        expect(page.entries.length).toBeLessThanOrEqual(2)
        found.push(...uris(page.entries))
        cursor = page.cursor
      } while (cursor !== undefined)
      expect(found).toEqual(
        uris(options === recursive ? recursive.entries : (await storage.list(at('tree'), options)).entries),
      )
    }
    const all: string[] = []
    for await (const { uri } of storage.entries(at('tree'), { recursive: true })) all.push(uri)
    expect(all).toEqual(uris(recursive.entries))
  })

  it('has an empty listing for what is not there, and refuses the cursor of another listing', async () => {
    expect(await storage.list(at('nothing'))).toEqual({ entries: [], listComplete: true })
    for (const path of ['1', '2', '3']) await storage.write(at(`cursor/${path}`), path)
    const { cursor } = await storage.list(at('cursor'), { limit: 1 })
    expect(cursor).toEqual(expect.any(String))
    const more = { cursor: cursor ?? '' }
    await expect(storage.list(at('tree'), more)).rejects.toMatchObject({ kind: 'InvalidInput' })
    await expect(storage.list(at('cursor'), { ...more, recursive: true })).rejects.toMatchObject({
      kind: 'InvalidInput',
    })
    await expect(storage.list(at('cursor'), { cursor: 'made up' })).rejects.toMatchObject({
      kind: 'InvalidInput',
    })
    expect(uris((await storage.list(at('cursor'), more)).entries)[0]).toBe(at('cursor/2'))
  })

  it('tells files and folders', async () => {
    await storage.write(at('stat/data.csv'), 'a,b\n1,2\n')
    const file = await storage.stat(at('stat/data.csv'))
    expect(file).toMatchObject({
      uri: at('stat/data.csv'),
      name: 'data.csv',
      kind: 'file',
      size: 8,
      contentType: 'text/csv; charset=utf-8',
    })
    expect(file.lastModified).toBeInstanceOf(Date)
    expect(await storage.stat(at('stat'))).toMatchObject({
      uri: at('stat/'),
      name: 'stat',
      kind: 'folder',
      size: null,
    })
    expect(await storage.exists(at('stat/data.csv'))).toBe(true)
    expect(await storage.exists(at('stat'))).toBe(true)
    expect(await storage.exists(at('stat/'))).toBe(true)
    expect(await storage.exists(at('stat/none'))).toBe(false)
    expect(await storage.exists(at('sta'))).toBe(false)
    await expect(storage.stat(at('sta'))).rejects.toMatchObject({ kind: 'NotFound' })
  })

  it('deletes one file, what is absent without an error, and a folder with all below and nothing beside', async () => {
    for (const path of ['a/1', 'a/b/2', 'ab/3', 'a.txt']) await storage.write(at(`del/${path}`), path)
    await storage.delete(at('del/none'))
    await storage.delete(at('del/a.txt'))
    expect(await storage.exists(at('del/a.txt'))).toBe(false)
    await expect(storage.delete(at('del/a/'))).rejects.toMatchObject({ code: 'INVALID_URI' })
    await storage.delete(at('del/a'), { recursive: true })
    expect(uris((await storage.list(at('del'), { recursive: true })).entries)).toEqual([at('del/ab/3')])
    await storage.delete(at('del/'), { recursive: true })
    expect(await storage.exists(at('del'))).toBe(false)
  })

  it('copies and moves byte by byte, also onto itself', async () => {
    const all = bytes(100_001)
    await storage.write(at('copy/from'), all)
    const progress: number[] = []
    expect(
      await storage.copy(at('copy/from'), at('copy/to'), {
        onProgress: ({ bytes: done }) => void progress.push(done),
      }),
    ).toEqual({ size: all.byteLength })
    expect(progress.at(-1)).toBe(all.byteLength)
    expect(await storage.readBytes(at('copy/to'))).toEqual(all)
    await storage.move(at('copy/to'), at('copy/moved'))
    expect(await storage.exists(at('copy/to'))).toBe(false)
    expect(await storage.readBytes(at('copy/moved'))).toEqual(all)
    await storage.move(at('copy/moved'), at('copy/moved'))
    await storage.copy(at('copy/moved'), at('copy/moved'))
    expect(await storage.readBytes(at('copy/moved'))).toEqual(all)
    await expect(storage.copy(at('copy/none'), at('copy/x'))).rejects.toMatchObject({
      kind: 'NotFound',
      key: at('copy/none'),
    })
    await expect(storage.move(at('copy/moved'), at('copy/../x'))).rejects.toMatchObject({
      code: 'INVALID_URI',
      key: at('copy/../x'),
    })
    expect(await storage.exists(at('copy/moved'))).toBe(true)
  })

  it('copies to every other scheme and back', async () => {
    const all = bytes(30_000)
    await storage.write(at('out.bin'), all)
    for (const other of Object.values(writable)) {
      if (other === null || other === root) continue
      expect(await storage.copy(at('out.bin'), `${other}/from-${scheme}.bin`)).toEqual({
        size: all.byteLength,
      })
      await storage.move(`${other}/from-${scheme}.bin`, at('back.bin'))
      expect(await storage.readBytes(at('back.bin'))).toEqual(all)
      expect(await storage.exists(`${other}/from-${scheme}.bin`)).toBe(false)
    }
  })

  it('says what is not there, and what is no text and no JSON', async () => {
    const none = at('none.txt')
    for (const call of [
      () => storage.read(none),
      () => storage.readBytes(none),
      () => storage.stream(none),
      () => storage.stat(none),
      () => storage.hash(none),
    ]) {
      const error: unknown = await (call as () => Promise<unknown>)().catch((each: unknown) => each)
      expect(error).toMatchObject({
        kind: 'NotFound',
        key: none,
        details: { uri: none },
        capability: 'storage',
      })
      expect(String(error)).toContain(none)
    }
    await storage.write(at('not-text'), Uint8Array.of(0xff, 0xfe, 0xc0))
    await expect(storage.read(at('not-text'))).rejects.toMatchObject({ kind: 'Corrupt' })
    await storage.write(at('not-json'), '{')
    await expect(storage.readJson(at('not-json'))).rejects.toMatchObject({ kind: 'Corrupt' })
  })

  it.each(['..', 'a/../b', './a', 'a//b', 'a/./b', 'a\\b', 'a\0b', '\ud800'])(
    'refuses the path %j',
    async (path) => {
      for (const call of [
        () => storage.read(at(path)),
        () => storage.write(at(path), 'x'),
        () => storage.list(at(path)),
        () => storage.delete(at(path), { recursive: true }),
        () => storage.exists(at(path)),
      ])
        await expect(call()).rejects.toMatchObject({ kind: 'InvalidInput', code: 'INVALID_URI' })
    },
  )

  it('refuses a folder where a file is meant', async () => {
    for (const call of [
      () => storage.read(at('dir/')),
      () => storage.write(at('dir/'), 'x'),
      () => storage.hash(at('dir/')),
    ])
      await expect(call()).rejects.toMatchObject({ code: 'INVALID_URI' })
  })
})

describe('file://', () => {
  it('is the file that other programs see', async () => {
    await storage.write(`file://${directory}/plain/table.csv`, 'a,b\n')
    expect(readFileSync(join(directory, 'plain/table.csv'), 'utf8')).toBe('a,b\n')
    writeFileSync(join(directory, 'plain/theirs.txt'), 'theirs')
    expect(await storage.read(`file://${directory}/plain/theirs.txt`)).toBe('theirs')
  })

  it('does not leave its roots, by path or by link', async () => {
    const outside = tempDirectory()
    writeFileSync(join(outside, 'secret.txt'), 'secret')
    symlinkSync(outside, join(directory, 'link'))
    symlinkSync(join(outside, 'secret.txt'), join(directory, 'file-link'))
    for (const uri of [
      `file://${outside}/secret.txt`,
      `file://${directory}x/a`,
      `file://${directory}/link/secret.txt`,
      `file://${directory}/file-link`,
    ]) {
      await expect(storage.read(uri)).rejects.toMatchObject({ kind: 'PermissionDenied', key: uri })
    }
    for (const uri of [
      `file://${outside}/new`,
      `file://${directory}/link/new`,
      `file://${directory}/link/deep/new`,
    ])
      await expect(storage.write(uri, 'x')).rejects.toMatchObject({ kind: 'PermissionDenied' })
    expect(existsSync(join(outside, 'new'))).toBe(false)
    const { entries } = await storage.list(`file://${directory}`)
    expect(entries.map(({ name }) => name)).not.toContain('link')
    await storage.delete(`file://${directory}/link`, { recursive: true }).catch(() => undefined)
    expect(readFileSync(join(outside, 'secret.txt'), 'utf8')).toBe('secret')
    // A link that is replaced by a file is the store's own again; what it led to stays.
    await storage.write(`file://${directory}/file-link`, 'mine')
    expect(readFileSync(join(outside, 'secret.txt'), 'utf8')).toBe('secret')
  })

  it('makes folders, and leaves no parts behind', async () => {
    await storage.mkdir(`file://${directory}/made/deep/`)
    expect(existsSync(join(directory, 'made/deep'))).toBe(true)
    expect((await storage.list(`file://${directory}/made`)).entries).toMatchObject([
      { uri: `file://${directory}/made/deep/`, kind: 'folder' },
    ])
    expect((await storage.list(`file://${directory}/made`, { recursive: true })).entries).toEqual([])
    expect(await storage.exists(`file://${directory}/made/deep`)).toBe(true)
    expect(await storage.stat(`file://${directory}/made/deep/`)).toMatchObject({ kind: 'folder' })
    expect(await storage.exists(`file://${directory}/made/deeper`)).toBe(false)
    await storage.delete(`file://${directory}/made`, { recursive: true })
    expect(existsSync(join(directory, 'made'))).toBe(false)
    const found = execFileSync('find', [directory, '-name', '.flowport-part-*'], { encoding: 'utf8' })
    expect(found).toBe('')
  })

  it('reads only, where that is all it may', async () => {
    const readOnly = createStorage({ schemes: [fileScheme({ root: directory, readOnly: true })] })
    await storage.write(`file://${directory}/ro.txt`, 'x')
    expect(await readOnly.read(`file://${directory}/ro.txt`)).toBe('x')
    await expect(readOnly.write(`file://${directory}/ro.txt`, 'y')).rejects.toMatchObject({
      kind: 'Unsupported',
    })
    await expect(readOnly.delete(`file://${directory}/ro.txt`)).rejects.toMatchObject({ kind: 'Unsupported' })
    await storage.mkdir(`file://${directory}/kept`)
    for (const change of ['mkdir', 'delete'] as const)
      await expect(readOnly[change](`file://${directory}/kept`, { recursive: true })).rejects.toMatchObject({
        kind: 'Unsupported',
      })
    expect(existsSync(join(directory, 'kept'))).toBe(true)
  })

  it.each(['file://host/x', 'file://localhost/x', 'file://x', 'file:/x'])('refuses %s', async (uri) => {
    await expect(storage.read(uri)).rejects.toMatchObject({ code: 'INVALID_URI' })
  })
})

describe('http://', () => {
  if (nginx === null) return it.skip(withoutNginx, () => undefined)
  const { url } = nginx
  mkdirSync(join(nginx.directory, 'sub'), { recursive: true })
  writeFileSync(join(nginx.directory, 'hello.txt'), 'hello')
  writeFileSync(join(nginx.directory, 'sub', 'a b.json'), '{"a":1}')

  it('reads, with the port, the percent signs and the query as they are written', async () => {
    expect(await storage.read(`${url}/hello.txt`)).toBe('hello')
    expect(await storage.read(`${url}/hello.txt?X-Amz-Signature=a/../b//c`)).toBe('hello')
    expect(await storage.readJson(`${url}/sub/a%20b.json`)).toEqual({ a: 1 })
    expect(await storage.readJson(`${url}/sub/a b.json`)).toEqual({ a: 1 })
    expect(await storage.stat(`${url}/hello.txt`)).toMatchObject({
      name: 'hello.txt',
      size: 5,
      contentType: 'text/plain',
    })
    expect(await storage.exists(`${url}/none`)).toBe(false)
    expect(await storage.hash(`${url}/hello.txt`, { algorithm: 'md5' })).toBe(
      '5d41402abc4b2a76b9719d911017c592',
    )
    await storage.copy(`${url}/hello.txt`, 'memory://from-http.txt')
    expect(await storage.read('memory://from-http.txt')).toBe('hello')
  })

  it('writes and lists nothing, and says so', async () => {
    for (const call of [
      () => storage.write(`${url}/x`, 'x'),
      () => storage.delete(`${url}/hello.txt`),
      () => storage.list(`${url}/`),
      () => storage.copy('memory://from-http.txt', `${url}/y`),
    ])
      await expect(call()).rejects.toMatchObject({ kind: 'Unsupported' })
  })

  it('shows no query in its errors', async () => {
    const error = await storage.read(`${url}/none?X-Amz-Signature=marker`).catch((each: unknown) => each)
    expect(error).toMatchObject({ kind: 'NotFound', key: `${url}/none?***` })
  })

  it.each([
    'http://user:pw@host/x',
    'http:///x',
    'http://',
    'http://h/a#b',
    'http://h/a/../b',
    'http://h/%2e%2e/b',
    'http://h\\@evil/x',
    'http://h:99999/x',
  ])('refuses %s', async (uri) => {
    const error = await storage.read(uri).catch((each: unknown) => each)
    expect(error).toMatchObject({ code: 'INVALID_URI' })
    expect(String(error)).not.toContain('pw')
  })

  it('does not go into private networks unless it is meant', async () => {
    const careful = createStorage({ schemes: [httpScheme()] })
    for (const uri of [
      `${url}/hello.txt`,
      'http://169.254.169.254/latest',
      'http://[::1]/x',
      'http://2130706433/x',
    ])
      await expect(careful.read(uri)).rejects.toMatchObject({
        kind: 'PermissionDenied',
        code: 'HTTP_PRIVATE_ADDRESS',
      })
    await careful.close()
  })

  it('says which server could not be reached, and nothing of CORS', async () => {
    const error = await storage.read('http://127.0.0.1:9/x').catch((each: unknown) => each)
    expect(error).toMatchObject({ kind: 'Unavailable', key: 'http://127.0.0.1:9/x' })
    expect(String(error)).not.toMatch(/CORS/)
  })
})

describe('s3://', () => {
  if (server === null) return it.skip(withoutRadosgw, () => undefined)

  it('keeps buckets apart, and copies between them', async () => {
    await storage.write('s3://bucket/both', 'one')
    await storage.write('s3://other/both', 'two', { metadata: { from: 'test' }, contentType: 'text/x-test' })
    expect(await storage.read('s3://bucket/both')).toBe('one')
    await storage.copy('s3://other/both', 's3://bucket/both')
    expect(await storage.stat('s3://bucket/both')).toMatchObject({
      contentType: 'text/x-test',
      metadata: { from: 'test' },
    })
  })

  it('says what is wrong with bucket, keys and rights', async () => {
    await expect(storage.read('s3://no-such-bucket/x')).rejects.toMatchObject({
      kind: 'Misconfigured',
      key: 's3://no-such-bucket/x',
    })
    const wrong = createStorage({
      schemes: [s3Scheme({ endpoint: server.endpoint })],
      credentials: { s3: { accessKeyId: server.accessKeyId, secretAccessKey: 'wrong' } },
    })
    await expect(wrong.read('s3://bucket/both')).rejects.toMatchObject({
      kind: 'Unauthenticated',
      key: 's3://bucket/both',
    })
    const nobody = createStorage({ schemes: [s3Scheme({ endpoint: server.endpoint, anonymous: true })] })
    await expect(nobody.read('s3://bucket/both')).rejects.toMatchObject({
      kind: 'PermissionDenied',
      key: 's3://bucket/both',
    })
    await Promise.all([wrong.close(), nobody.close()])
  })

  it('takes credentials of the environment, and those that are set before them', async () => {
    const env: Record<string, string | undefined> = {
      AWS_ACCESS_KEY_ID: server.accessKeyId,
      AWS_SECRET_ACCESS_KEY: server.secretAccessKey,
      AWS_ENDPOINT_URL_S3: server.endpoint,
      AWS_REGION: 'us-east-1',
    }
    const own = createStorage({ schemes: [s3Scheme()], env })
    expect(own.hasCredentials('s3')).toBe(true)
    expect(await own.exists('s3://bucket/both')).toBe(true)
    own.setCredentials('s3', { accessKeyId: 'nobody', secretAccessKey: 'nothing' })
    await expect(own.read('s3://bucket/both')).rejects.toMatchObject({ kind: 'Unauthenticated' })
    own.clearCredentials('s3')
    expect(await own.exists('s3://bucket/both')).toBe(true)
    await own.close()
  })

  it('says which credentials are missing, and how to set them', async () => {
    const none = createStorage({ schemes: [s3Scheme({ endpoint: server.endpoint })] })
    expect(none.hasCredentials('s3')).toBe(false)
    await expect(none.read('s3://bucket/x')).rejects.toMatchObject({
      kind: 'Unauthenticated',
      code: 'MISSING_CREDENTIALS',
      message: expect.stringMatching(
        /accessKeyId, secretAccessKey.*setCredentials\('s3'.*AWS_ACCESS_KEY_ID, AWS_SECRET_ACCESS_KEY/,
      ),
    })
    // The failure is not remembered.
    none.setCredentials('s3', { accessKeyId: server.accessKeyId, secretAccessKey: server.secretAccessKey })
    expect(await none.exists('s3://bucket/both')).toBe(true)
    await none.close()
  })

  it('reads on with old credentials while new ones are set', async () => {
    const all = bytes(3_000_000)
    await storage.write('s3://bucket/large', all)
    const stream = await storage.stream('s3://bucket/large')
    const { accessKeyId, secretAccessKey, endpoint } = server
    storage.setCredentials('s3', { accessKeyId, secretAccessKey, endpoint })
    let length = 0
    for await (const chunk of stream) length += chunk.byteLength
    expect(length).toBe(all.byteLength)
  })
})

describe('r2://', () => {
  it('goes through the S3 endpoint where there is no binding', async () => {
    if (server === null) return
    const { accessKeyId, secretAccessKey, endpoint } = server
    const own = createStorage({
      schemes: [r2Scheme()],
      credentials: { r2: { accessKeyId, secretAccessKey, endpoint } },
    })
    expect((await own.list('r2://bucket/')).entries.length).toBeGreaterThan(0)
    await own.close()
  })

  it('says what is missing for that', async () => {
    const own = createStorage({ schemes: [r2Scheme()] })
    await expect(own.read('r2://x/y')).rejects.toMatchObject({
      code: 'MISSING_CREDENTIALS',
      message: expect.stringMatching(/accountId.*R2_ACCOUNT_ID, R2_ACCESS_KEY_ID, R2_SECRET_ACCESS_KEY/),
    })
  })
})
