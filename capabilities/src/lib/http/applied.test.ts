import { createServer, type RequestListener } from 'node:http'
import type { AddressInfo } from 'node:net'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { CapabilityError } from '../error.ts'
import { systemHttpDriver } from '../system/http.ts'
import { appliedByStatus, wasNeverSent } from './applied.ts'
import type { ReadMethod, WriteMethod } from './contract.ts'
import { createHttp } from './http-client.ts'

describe('appliedByStatus', () => {
  it('is no for refusals, unknown for 408, 409, 423, 425, redirects, every 5xx and what it does not know', () => {
    const said = (statuses: readonly number[]) => new Set(statuses.map(appliedByStatus))
    expect(said([400, 401, 403, 404, 405, 410, 412, 413, 415, 422, 429])).toEqual(new Set(['no']))
    const open = [
      200, 301, 302, 303, 307, 308, 406, 408, 409, 423, 424, 425, 499, 500, 501, 502, 503, 504, 520,
    ]
    expect(said(open)).toEqual(new Set(['unknown']))
  })
})

describe('a request that failed', () => {
  const seen: string[] = []
  let elsewhere = ''
  const listener: RequestListener = (request, response) => {
    seen.push(`${request.method} ${request.url}`)
    request.resume()
    request.on('end', () => {
      if (request.url === '/cut') return void request.socket.destroy()
      if (request.url === '/moved') response.writeHead(303, { location: elsewhere })
      response.end()
    })
  }
  const server = createServer(listener)
  const closed = createServer()
  const listen = async (each: typeof server) => {
    await new Promise<void>((resolve) => each.listen(0, '127.0.0.1', resolve))
    return `http://127.0.0.1:${(each.address() as AddressInfo).port}`
  }
  let origin = ''
  beforeAll(async () => {
    origin = await listen(server)
    elsewhere = await listen(closed)
    await new Promise((resolve) => closed.close(resolve))
  })
  afterAll(() => {
    server.closeAllConnections()
    server.close()
  })

  const http = createHttp(systemHttpDriver())
  const failed = (url: string, method: ReadMethod | WriteMethod, signal?: AbortSignal) =>
    http.fetch(url, { method, signal }).then(
      () => expect.fail('it must fail'),
      (error: unknown) => error as CapabilityError,
    )

  it('says no when no connection was opened: refused, without an address, or to a port that is not allowed', async () => {
    for (const url of [elsewhere, 'http://host.invalid/', 'http://127.0.0.1:1/']) {
      expect(await failed(url, 'POST'), url).toMatchObject({ kind: 'Unavailable', applied: 'no' })
    }
  })

  it('says unknown for a write whose connection was cut after it was sent, and no for a read', async () => {
    // That a method is idempotent does not say whether it was done.
    for (const method of ['POST', 'PATCH', 'PUT', 'DELETE'] as const) {
      const error = await failed(`${origin}/cut`, method)
      expect(error, method).toMatchObject({ kind: 'Unavailable', applied: 'unknown' })
    }
    expect(await failed(`${origin}/cut`, 'GET')).toMatchObject({ kind: 'Unavailable', applied: 'no' })
  })

  it('says unknown for a write that was redirected to a server that cannot be reached', async () => {
    seen.length = 0
    expect(await failed(`${origin}/moved`, 'POST')).toMatchObject({
      kind: 'Unavailable',
      applied: 'unknown',
    })
    expect(seen).toEqual(['POST /moved'])
  })

  it('says no when the signal had fired before, and when the request was refused by this package', async () => {
    expect(await failed(origin, 'POST', AbortSignal.abort())).toMatchObject({ applied: 'no' })
    expect(await failed('ftp://host/', 'POST')).toMatchObject({ kind: 'InvalidInput', applied: 'no' })
  })

  it('says unknown where only a fetch of the app was asked, which may have followed a redirect', async () => {
    const cause = Object.assign(new Error('connect'), { code: 'ECONNREFUSED', syscall: 'connect' })
    const fetch = () => Promise.reject(new TypeError('fetch failed', { cause }))
    const own = createHttp(systemHttpDriver({ fetch }))
    await expect(own.fetch(origin, { method: 'POST' })).rejects.toMatchObject({ applied: 'unknown' })
  })
})

describe('wasNeverSent', () => {
  const caused = (properties: object) =>
    new TypeError('fetch failed', { cause: Object.assign(new Error('x'), properties) })

  it('is true for failures to connect, and false for everything later', () => {
    for (const properties of [
      { code: 'ENOTFOUND', syscall: 'getaddrinfo' },
      { code: 'ECONNREFUSED', syscall: 'connect' },
      { code: 'ETIMEDOUT', syscall: 'connect' },
      { code: 'UND_ERR_CONNECT_TIMEOUT' },
      { code: 'ERR_TLS_CERT_ALTNAME_INVALID' },
    ]) {
      expect(wasNeverSent(caused(properties)), JSON.stringify(properties)).toBe(true)
    }
    for (const properties of [
      { code: 'ECONNRESET', syscall: 'read' },
      { code: 'EPIPE', syscall: 'write' },
      { code: 'ETIMEDOUT', syscall: 'read' },
      { code: 'UND_ERR_SOCKET' },
      { code: 'UND_ERR_HEADERS_TIMEOUT' },
      {},
    ]) {
      expect(wasNeverSent(caused(properties)), JSON.stringify(properties)).toBe(false)
    }
    for (const thrown of [null, 'ECONNREFUSED', { code: 'ECONNREFUSED' }]) {
      expect(wasNeverSent(thrown)).toBe(false)
    }
  })

  it('ends also when the causes go round in a circle', () => {
    const error = new Error('x')
    error.cause = error
    expect(wasNeverSent(error)).toBe(false)
  })
})
