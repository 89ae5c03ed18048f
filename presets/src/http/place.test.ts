import { describe, expect, it } from 'vitest'
import { type BlobStore, silentLogger } from '@flowport/capabilities'
import { systemClock } from '@flowport/capabilities/system'
import { http } from './preset.ts'
import { startWebServer } from '../../test/support/web-server.ts'
import type { HttpBlobOptions } from './declaration.ts'
import { HttpPlace } from './place.ts'

const base = { url: 'https://files.example.com/media/', allowOrigins: [], allowPrivate: false }

async function storeOf(options: HttpBlobOptions): Promise<BlobStore> {
  const provider = http({ allowPrivate: true, layers: () => [], ...options })
  const { resources } = await provider.open({ env: {}, log: silentLogger, clock: systemClock, bindings: {} })
  return resources.get('blob') as unknown as BlobStore
}

describe('HttpPlace', () => {
  it('puts keys below its path, each segment as it is', () => {
    const place = new HttpPlace(base)
    const path = (key: string) => place.url(key).href.slice('https://files.example.com'.length)
    expect(path('a/b.txt')).toBe('/media/a/b.txt')
    expect(path('a b?c#d%2Fe')).toBe('/media/a%20b%3Fc%23d%252Fe')
    expect(path('%2e%2e/x')).toBe('/media/%252e%252e/x')
    expect(path('http://evil.test/x'.replace('//', '/'))).toBe('/media/http%3A/evil.test/x')
    expect(path('Grüße')).toBe('/media/Gr%C3%BC%C3%9Fe')
    expect(new HttpPlace({ ...base, url: 'https://files.example.com' }).url('a').href).toBe(
      'https://files.example.com/a',
    )
  })

  it('lets no key leave its path, also where nobody has checked it before', () => {
    const place = new HttpPlace(base)
    for (const key of ['..', '../x', 'a/../../x', './x', 'a//b', '/x', 'x/'])
      expect(() => place.url(key), key).toThrow(expect.objectContaining({ kind: 'InvalidInput' }))
  })

  it.each([
    'ftp://files.example.com',
    'file:///etc/passwd',
    'https://ann:marker@files.example.com',
    'https://files.example.com/?sig=marker',
    'https://files.example.com/#marker',
    'marker',
    'http://localhost/marker',
    'http://2130706433/marker',
    'http://[::ffff:169.254.169.254]/marker',
    'http://169.254.169.254/latest/meta-data',
  ])('refuses the URL %s, without repeating what may be secret', (url) => {
    const error = (() => {
      try {
        return new HttpPlace({ ...base, url })
      } catch (caught) {
        return caught
      }
    })()
    expect(error).toMatchObject({ kind: 'Misconfigured', message: expect.not.stringContaining('marker') })
  })

  it.each([
    'files.example.com',
    'https://cdn.example.com/path',
    'http://10.0.0.1',
    'https://u:p@cdn.example.com',
  ])('refuses %s as an origin', (origin) => {
    expect(() => new HttpPlace({ ...base, allowOrigins: [origin] })).toThrow(
      expect.objectContaining({ kind: 'Misconfigured' }),
    )
  })
})

describe('redirects', () => {
  it('within the origin are followed, with credentials', async () => {
    const server = await startWebServer(({ url }, response) =>
      url === '/key'
        ? response.writeHead(307, { location: '/moved%20key' }).end()
        : response.writeHead(200, { 'content-length': 5 }).end('moved'),
    )
    const blob = await storeOf({ url: server.url, token: 'secret' })
    expect(await (await blob.get('key'))?.text()).toBe('moved')
    expect(server.requests.map(({ url, headers }) => [url, headers.authorization])).toEqual([
      ['/key', 'Bearer secret'],
      ['/moved%20key', 'Bearer secret'],
    ])
  })

  it('to another origin are refused, before it is asked', async () => {
    const other = await startWebServer((_, response) => response.end('other'))
    for (const location of [
      `${other.url}/x`,
      `//127.0.0.1:${other.port}/x`,
      'http://169.254.169.254/latest/meta-data',
      'http://localhost/x',
      'file:///etc/passwd',
      'data:text/plain,x',
    ]) {
      const server = await startWebServer((_, response) => response.writeHead(302, { location }).end())
      const blob = await storeOf({ url: server.url })
      await expect(blob.get('key'), location).rejects.toMatchObject({
        kind: 'PermissionDenied',
        code: 'HTTP_ORIGIN_NOT_ALLOWED',
      })
      await expect(blob.head('key'), location).rejects.toMatchObject({ code: 'HTTP_ORIGIN_NOT_ALLOWED' })
    }
    expect(other.requests).toEqual([])
  })

  it('to an allowed origin are followed without credentials, which do not come back either', async () => {
    const home = await startWebServer(({ url }, response) =>
      url === '/key'
        ? response.writeHead(302, { location: `${cdn.url}/away` }).end()
        : response.writeHead(200, { 'content-length': 4 }).end('home'),
    )
    const cdn = await startWebServer((_, response) =>
      response.writeHead(302, { location: `${home.url}/private` }).end(),
    )
    const blob = await storeOf({ url: home.url, token: 'secret', allowOrigins: [cdn.url] })
    expect(await (await blob.get('key'))?.text()).toBe('home')
    const seen = [...home.requests, ...cdn.requests].map(({ url, headers }) => [url, headers.authorization])
    expect(seen).toEqual([
      ['/key', 'Bearer secret'],
      ['/private', undefined],
      ['/away', undefined],
    ])
  })

  it('are followed five times in a row, and no more', async () => {
    const server = await startWebServer((_, response) =>
      response.writeHead(302, { location: '/again' }).end(),
    )
    const blob = await storeOf({ url: server.url })
    await expect(blob.get('key')).rejects.toMatchObject({ kind: 'Unexpected' })
    expect(server.requests).toHaveLength(6)
  })

  it('without a place, or to what is no URL, are errors', async () => {
    for (const headers of [{}, { location: 'http://[' }]) {
      const server = await startWebServer((_, response) => response.writeHead(302, headers).end())
      await expect((await storeOf({ url: server.url })).get('key')).rejects.toMatchObject({
        kind: 'Unexpected',
      })
    }
  })
})
