import { createServer } from 'node:net'
import { once } from 'node:events'
import type { AddressInfo } from 'node:net'
import { describe, expect, it } from 'vitest'
import { operatorFactory } from './factory.node.ts'
import { layerIf, nativeConcurrency, nativeRetry, nativeTimeout, type OpenDalLayer } from './layers.ts'
import { loadOpenDal, type OpenDal } from './load.ts'
import { translateOpenDalError } from './translate-error.ts'

const s3 = { bucket: 'b', region: 'r', access_key_id: 'a', secret_access_key: 's', disable_config_load: true }

async function failure(layers: readonly OpenDalLayer[], endpoint: string) {
  const operator = await operatorFactory({ scheme: 's3', config: { ...s3, endpoint } }, { layers }).build()
  return operator.stat('key').then(
    () => expect.fail('nobody answers there'),
    (error: unknown) => translateOpenDalError(error),
  )
}

/** A server that counts who connects, and answers nobody. */
async function silent(onConnection: 'hold' | 'reset') {
  let connections = 0
  const server = createServer((socket) => {
    connections += 1
    socket.on('error', () => undefined)
    if (onConnection === 'reset') socket.resetAndDestroy()
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const { port } = server.address() as AddressInfo
  return { endpoint: `http://127.0.0.1:${port}`, connections: () => connections, close: () => server.close() }
}

describe('nativeRetry', () => {
  it('retries below, and what fails in spite of it is not retried above', async () => {
    const server = await silent('reset')
    try {
      const alone = await failure([], server.endpoint)
      expect([alone.kind, alone.retryable]).toEqual(['Unavailable', 'temporary'])
      const once = server.connections()
      const retried = await failure(
        [nativeRetry({ maxRetries: 2, minDelayMs: 1, maxDelayMs: 2 })],
        server.endpoint,
      )
      expect([retried.kind, retried.retryable, retried.details?.['flag']]).toEqual([
        'Unavailable',
        'never',
        'persistent',
      ])
      expect(server.connections() - once).toBeGreaterThanOrEqual(3)
    } finally {
      server.close()
    }
  })

  it('refuses options that would panic or wrap around', () => {
    for (const maxRetries of [-1, 1.5, 21, Number.NaN, 2 ** 32])
      expect(() => nativeRetry({ maxRetries })).toThrow(/maxRetries/)
    for (const minDelayMs of [0, -1, 1e9]) expect(() => nativeRetry({ minDelayMs })).toThrow(/minDelayMs/)
    expect(() => nativeRetry({ minDelayMs: 10, maxDelayMs: 9 })).toThrow(/maxDelayMs/)
    for (const factor of [0, 0.99, Number.NaN, Infinity, -2])
      expect(() => nativeRetry({ factor })).toThrow(/factor/)
  })
})

describe('nativeConcurrency', () => {
  it('refuses 0, which hangs every call, and 1, which hangs a call beside an open reader', () => {
    for (const calls of [0, 1, -5, 1.5, 4_294_967_295, Number.NaN]) {
      expect(() => nativeConcurrency(calls)).toThrow(expect.objectContaining({ kind: 'Misconfigured' }))
    }
  })

  it('lets that many calls through, a reader among them', async () => {
    const operator = await operatorFactory({ scheme: 'memory' }, { layers: [nativeConcurrency(2)] }).build()
    await operator.write('a', Buffer.from('one'))
    const reader = await operator.reader('a')
    expect(await reader.read(Buffer.alloc(1))).toBe(1n)
    expect((await operator.stat('a')).contentLength).toBe(3n)
    await Promise.all(Array.from({ length: 20 }, (_, i) => operator.write(`k${i}`, Buffer.from('x'))))
  })
})

describe('nativeTimeout', () => {
  it('ends a call to a server that keeps silent, as Timeout', async () => {
    const server = await silent('hold')
    try {
      const error = await failure([nativeTimeout({ timeoutMs: 50, ioTimeoutMs: 50 })], server.endpoint)
      expect([error.kind, error.retryable]).toEqual(['Timeout', 'temporary'])
    } finally {
      server.close()
    }
  })

  it('refuses invalid times', () => {
    for (const timeoutMs of [0, -1, 1.5, Number.NaN, Infinity])
      expect(() => nativeTimeout({ timeoutMs })).toThrow(/timeoutMs/)
    for (const ioTimeoutMs of [0, -1, 1e12])
      expect(() => nativeTimeout({ ioTimeoutMs })).toThrow(/ioTimeoutMs/)
  })
})

describe('layers', () => {
  it('layerIf changes nothing where its condition does not hold', async () => {
    const opendal = await loadOpenDal()
    const operator = new opendal.Operator('memory', {})
    expect(layerIf(false, nativeRetry())(operator, opendal)).toBe(operator)
    expect(layerIf(true, nativeRetry())(operator, opendal)).not.toBe(operator)
  })

  it('reports a version without the layer', async () => {
    const opendal = await loadOpenDal()
    const older = { Operator: opendal.Operator } as OpenDal
    const operator = new opendal.Operator('memory', {})
    for (const layer of [nativeRetry(), nativeTimeout(), nativeConcurrency(8)]) {
      expect(() => layer(operator, older)).toThrow(/this version of opendal has no \w+Layer/)
    }
  })
})
