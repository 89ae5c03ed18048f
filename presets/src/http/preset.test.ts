import type * as nodeDns from 'node:dns'
import { mkdirSync, rmSync, writeFileSync } from 'node:fs'
import type { LookupFunction } from 'node:net'
import { join } from 'node:path'
import { gzipSync } from 'node:zlib'
import {
  type BlobStore,
  controlOf,
  type OpenContext,
  type OpenedProvider,
  type Provider,
  silentLogger,
} from '@flowport/capabilities'
import { systemClock } from '@flowport/capabilities/system'
import { blobConformance, ManualClock } from '@flowport/capabilities/testing'
import { describe, expect, expectTypeOf, it, vi } from 'vitest'
import { http } from './preset.ts'
import type * as Entry from './preset.ts'
import { HttpClient } from './client.ts'
import { HttpPlace } from './place.ts'
import { blobFiles, startNginx, withoutNginx } from '../../test/support/nginx.ts'
import { onPlatform } from '../../test/support/on-platform.ts'
import { startWebServer } from '../../test/support/web-server.ts'

const { http: webHttp } = await onPlatform<typeof Entry>('http', 'browser')

function context(more: Partial<OpenContext> = {}): OpenContext {
  return { env: {}, log: silentLogger, clock: systemClock, bindings: {}, ...more }
}

function blobOf({ resources }: Pick<OpenedProvider, 'resources'>): BlobStore {
  return resources.get('blob') as unknown as BlobStore
}

async function opened(provider: Provider, more: Partial<OpenContext> = {}): Promise<BlobStore> {
  return blobOf(await provider.open(context(more)))
}

const longNames =
  'a name of a file has at most 255 bytes here, so nginx cannot serve such a key from a directory'

const nginx = await startNginx(`
    location / { root $files; try_files $uri.blob =404; }
    location /plain/ { alias $files/; }
    location /whole/ { alias $files/; max_ranges 0; }
    location /gzip/ { alias $files/; gzip_static always; }
    location /bearer/ { alias $files/; if ($http_authorization != "Bearer some-token") { return 401; } }
    location /basic/ { alias $files/; auth_basic files; auth_basic_user_file $files/.users; }
    location /moved/ { return 301 /plain/a.txt; }
    location /away/ { return 302 http://169.254.169.254/latest/meta-data/; }
    location /busy { add_header Retry-After 3 always; return 503; }
`)
if (nginx === null) describe.skip('preset http on nginx', () => it(withoutNginx, () => undefined))
else {
  const { directory, url } = nginx
  const emptied = () => {
    rmSync(directory, { recursive: true, force: true })
    mkdirSync(directory)
  }
  const variants = {
    'preset http on nginx, layered': http({ url, allowPrivate: true }),
    'preset http on nginx, bare': http({ url, allowPrivate: true, layers: () => [] }),
    'preset http for the web, on nginx': webHttp({ url, allowPrivate: true }),
  }
  for (const [name, provider] of Object.entries<Provider>(variants)) {
    blobConformance(name, {
      clock: 'real',
      features: { ranges: true, list: false, write: false },
      settleMs: 2000,
      skip: {
        'a deep path and a long segment are kept': longNames,
        'a key of exactly maxKeyBytes is kept, one byte more is LimitExceeded': longNames,
        'maxKeyBytes counts UTF-8 bytes, not characters': longNames,
      },
      open: async () => {
        emptied()
        const { resources, close } = await provider.open(context())
        return { blob: blobOf({ resources }), close, seed: blobFiles(directory) }
      },
    })
  }

  describe.each([
    ['on Node', http],
    ['for the web', webHttp],
  ] as const)('preset http %s, on nginx', (_, preset) => {
    const at = (path: string, more: Parameters<typeof preset>[0] = {}) =>
      opened(preset({ url: url + path, allowPrivate: true, layers: () => [], ...more }))
    const put = (name: string, content: string | Uint8Array) => {
      mkdirSync(directory, { recursive: true })
      writeFileSync(join(directory, name), content)
    }

    it('opens the URL of the environment, and prefers that of its options', async () => {
      put('a.txt', 'content')
      const env = { HTTP_BLOB_URL: `${url}/plain/` }
      const blob = await opened(preset({ allowPrivate: true }), { env })
      expect(await blob.head('a.txt')).toMatchObject({ size: 7, contentType: 'text/plain' })
      const other = await opened(preset({ allowPrivate: true, url: `${url}/none` }), { env })
      expect(await other.head('a.txt')).toBeNull()
    })

    it('cuts a part out of what a server without ranges sends', async () => {
      put('a.txt', 'content')
      const blob = await at('/whole')
      expect(await (await blob.get('a.txt', { range: { offset: 3, length: 2 } }))?.text()).toBe('te')
    })

    it('reads what is kept compressed', async () => {
      put('a.txt', 'compressed content')
      put('a.txt.gz', gzipSync('compressed content'))
      const blob = await at('/gzip')
      expect(await blob.head('a.txt')).toMatchObject({ size: 18, contentType: 'text/plain' })
      expect(await (await blob.get('a.txt'))?.text()).toBe('compressed content')
    })

    it('gives its token or its user, and says which are wanted', async () => {
      put('a.txt', 'content')
      put('.users', 'ann:{PLAIN}some pass\n')
      expect(await (await at('/bearer', { token: 'some-token' })).head('a.txt')).toMatchObject({ size: 7 })
      expect(
        await (await at('/basic', { username: 'ann', password: 'some pass' })).head('a.txt'),
      ).toMatchObject({
        size: 7,
      })
      for (const blob of [await at('/bearer'), await at('/basic', { token: 'some-token' })])
        await expect(blob.get('a.txt')).rejects.toMatchObject({
          kind: 'Unauthenticated',
          message: expect.stringContaining('token'),
        })
    })

    it('follows a redirect within the origin, and none out of it', async () => {
      put('a.txt', 'content')
      expect(await (await (await at('/moved')).get('x'))?.text()).toBe('content')
      await expect((await at('/away')).get('x')).rejects.toMatchObject({ code: 'HTTP_ORIGIN_NOT_ALLOWED' })
    })

    it('tells how long a busy server asks to wait, also when its health is asked for', async () => {
      const blob = await at('/busy')
      await expect(blob.get('x')).rejects.toMatchObject({ kind: 'Unavailable', retryAfterMs: 3000 })
      await expect(controlOf('blob', blob).check()).rejects.toMatchObject({ kind: 'Unavailable' })
      await controlOf('blob', await at('/plain')).check()
    })
  })
}

// A name of the public internet, as far as anybody can see, that leads to this machine.
vi.mock('node:dns', async (original) => {
  const dns = await original<typeof nodeDns>()
  const lookup: LookupFunction = (name, options, callback) => {
    if (name !== 'inside.example.com') return dns.lookup(name, options, callback)
    if (options.all === true) callback(null, [{ address: '127.0.0.1', family: 4 }])
    else callback(null, '127.0.0.1', 4)
  }
  return { ...dns, lookup }
})

describe('preset http', () => {
  const url = 'https://files.example.com'

  it('states what its driver states, and that it only reads', async () => {
    const provider = http({ url })
    expect((await opened(provider)).info).toEqual(provider.provides.blob)
    expectTypeOf(provider.provides.blob.features.write).toEqualTypeOf<false>()
    expectTypeOf(provider.provides.blob.features.list).toEqualTypeOf<false>()
    expectTypeOf(provider.provides.blob.consistency).toEqualTypeOf<'unknown'>()
    expect((await opened(http({ url, maxObjectBytes: 10 }))).info.limits.maxObjectBytes).toBe(10)
  })

  it('is the same on the web', async () => {
    const { open: _, ...web } = webHttp()
    const { open: __, ...node } = http()
    expect(JSON.stringify(web)).toBe(JSON.stringify(node))
    expect((await opened(webHttp({ url }))).info).toEqual(web.provides.blob)
  })

  it('logs and retries, and has no timeout that could cut a large object', async () => {
    expect(controlOf('blob', await opened(http({ url }))).layers).toEqual(['logging', 'retry', 'timeout'])
  })

  it.each([http, webHttp])(
    'refuses to open what leads into a private network, unless that is meant',
    async (preset) => {
      for (const inside of ['http://127.0.0.1', 'http://0x7f.1', 'http://[::1]', 'http://localhost:8080']) {
        await expect(opened(preset({ url: inside }))).rejects.toMatchObject({
          kind: 'Misconfigured',
          message: expect.stringContaining('allowPrivate'),
        })
        await expect(opened(preset({ url, allowOrigins: [inside] }))).rejects.toMatchObject({
          kind: 'Misconfigured',
        })
        expect((await opened(preset({ url: inside, allowPrivate: true }))).info.provider).toBe('http')
      }
    },
  )

  it('does not connect to a name that resolves to a private address', async () => {
    const server = await startWebServer((_, response) => response.end('inside'))
    const inside = `http://inside.example.com:${server.port}`
    const blob = await opened(http({ url: inside, layers: () => [] }))
    await expect(blob.get('key')).rejects.toMatchObject({
      kind: 'PermissionDenied',
      code: 'HTTP_PRIVATE_ADDRESS',
    })
    const allowed = http({ url: 'https://files.example.com', allowOrigins: [inside], layers: () => [] })
    expect((await opened(allowed)).info.provider).toBe('http')
    expect(server.requests).toEqual([])
    const meant = await opened(http({ url: inside, allowPrivate: true, layers: () => [] }))
    expect(await (await meant.get('key'))?.text()).toBe('inside')
  })

  it('names what is missing or wrong, and repeats nothing of it', async () => {
    const wrong = [
      {},
      { url: '' },
      { url: 'https://ann:marker@files.example.com' },
      { url, token: 'mar\nker' },
      { url, token: 'marker', password: 'marker' },
      { url, username: 'marker' },
      { url, password: 'marker' },
      { url, username: 'mark:er', password: 'marker' },
      { url, timeoutMs: 0 },
      { url, timeoutMs: 2 ** 31 },
      { url, idleTimeoutMs: 1.5 },
      { url, maxObjectBytes: Number.NaN },
      { url, maxBufferedBytes: -1 },
      { url, maxHeaderBytes: 0 },
    ]
    for (const options of wrong)
      await expect(opened(http(options)), JSON.stringify(options)).rejects.toMatchObject({
        kind: 'Misconfigured',
        message: expect.stringMatching(/^preset "http": (?!.*mar)/),
      })
  })

  it('takes credentials from the environment, unless options give any', async () => {
    const env = { HTTP_BLOB_URL: url, HTTP_BLOB_TOKEN: 'token' }
    expect((await opened(http(), { env })).info.provider).toBe('http')
    // The token of the environment does not get in the way.
    expect((await opened(http({ username: 'ann', password: 'secret' }), { env })).info.provider).toBe('http')
    await expect(opened(http(), { env: { ...env, HTTP_BLOB_PASSWORD: 'x' } })).rejects.toMatchObject({
      kind: 'Misconfigured',
    })
  })

  it('warns of credentials over plain HTTP', async () => {
    const warn = vi.fn()
    const log = { ...silentLogger, warn }
    await opened(http({ url: 'http://files.example.com', token: 'marker' }), { log })
    await opened(http({ url, token: 'marker' }), { log })
    expect(warn).toHaveBeenCalledTimes(1)
    expect(JSON.stringify(warn.mock.calls)).not.toContain('marker')
  })
})

describe('a redirect in a browser', () => {
  it('is Unsupported: where it leads cannot be checked', async () => {
    const redirected = Object.defineProperty(new Response(null), 'type', { value: 'opaqueredirect' })
    const client = new HttpClient({
      place: new HttpPlace({ url: 'https://files.example.com', allowOrigins: [], allowPrivate: false }),
      authorization: null,
      send: () => Promise.resolve(redirected),
      clock: new ManualClock(),
      timeoutMs: 1000,
    })
    await expect(client.request({ method: 'GET', key: 'key' })).rejects.toMatchObject({ kind: 'Unsupported' })
  })
})
