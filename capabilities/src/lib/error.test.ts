import { inspect } from 'node:util'
import { describe, expect, it } from 'vitest'
import { createHttp } from './http/http-client.ts'
import { createKeyValue } from './kv/key-value.ts'
import { memoryKvDriver } from './memory/kv.ts'
import { memorySecretsDriver } from './memory/secrets.ts'
import { createSecrets } from './secrets/secrets.ts'
import { systemHttpDriver } from './system/http.ts'
import {
  CapabilityError,
  type ErrorKind,
  errorKinds,
  isCapabilityError,
  isKind,
  toCapabilityError,
} from './error.ts'

const where = { capability: 'kv', operation: 'get', key: 'k' }

describe('CapabilityError', () => {
  it('puts the place before the reason, and cuts long keys', () => {
    expect(new CapabilityError('NotFound', 'no').message).toBe('no')
    expect(new CapabilityError('NotFound', 'no', { capability: 'kv' }).message).toBe('kv: no')
    expect(new CapabilityError('NotFound', 'no', where).message).toBe('kv.get "k": no')
    const long = new CapabilityError('NotFound', 'no', { ...where, key: 'x'.repeat(5000) })
    expect(long.message.length).toBeLessThan(200)
    expect(long.key).toHaveLength(5000)
    expect(long.reason).toBe('no')
  })

  it('is temporary for exactly the kinds that pass by themselves, unless told otherwise', () => {
    const temporary = errorKinds.filter((kind) => new CapabilityError(kind, 'x').retryable === 'temporary')
    expect(temporary).toEqual(['RateLimited', 'Unavailable', 'Timeout'])
    expect(new CapabilityError('Unavailable', 'x', { retryable: 'never' }).retryable).toBe('never')
    expect(new CapabilityError('Unexpected', 'x', { retryable: 'temporary' }).retryable).toBe('temporary')
  })

  it('says that the write was not applied for exactly the kinds that are refusals, unless an option says otherwise', () => {
    const unknown = errorKinds.filter((kind) => new CapabilityError(kind, 'x').applied === 'unknown')
    expect(unknown).toEqual(['RateLimited', 'Unavailable', 'Timeout', 'Cancelled', 'Corrupt', 'Unexpected'])
    expect(new CapabilityError('ConditionNotMatch', 'x', { applied: 'unknown' }).applied).toBe('unknown')
    expect(new CapabilityError('Timeout', 'x', { applied: 'no' }).at(where).applied).toBe('no')
    expect(toCapabilityError(new Error('x'), where).applied).toBe('unknown')
  })

  it('has a stable code for each kind, and takes another', () => {
    expect(errorKinds.map((kind) => new CapabilityError(kind, 'x').code)).toEqual([
      'CAPABILITY_NOT_FOUND',
      'CAPABILITY_ALREADY_EXISTS',
      'CAPABILITY_CONDITION_NOT_MATCH',
      'CAPABILITY_INVALID_INPUT',
      'CAPABILITY_LIMIT_EXCEEDED',
      'CAPABILITY_PERMISSION_DENIED',
      'CAPABILITY_UNAUTHENTICATED',
      'CAPABILITY_RATE_LIMITED',
      'CAPABILITY_UNAVAILABLE',
      'CAPABILITY_TIMEOUT',
      'CAPABILITY_CANCELLED',
      'CAPABILITY_UNSUPPORTED',
      'CAPABILITY_RANGE_NOT_SATISFIED',
      'CAPABILITY_CORRUPT',
      'CAPABILITY_MISCONFIGURED',
      'CAPABILITY_UNEXPECTED',
    ])
    expect(new CapabilityError('ConditionNotMatch', 'x', { code: 'IDEM099' }).code).toBe('IDEM099')
  })

  it('learns where it happened once, and keeps everything else', () => {
    const error = new CapabilityError('RateLimited', 'slow', {
      retryAfterMs: 5,
      code: 'X',
      details: { a: 1 },
      cause: new Error('c'),
      key: 'own',
    })
    const placed = error.at(where)
    expect(placed).toMatchObject({
      capability: 'kv',
      operation: 'get',
      key: 'own',
      code: 'X',
      retryAfterMs: 5,
    })
    expect(placed.details).toEqual({ a: 1 })
    expect(placed.cause).toBe(error.cause)
    expect(placed.message).toBe('kv.get "own": slow')
    expect(placed.at({ capability: 'blob', operation: 'put' })).toBe(placed)
  })

  it('writes itself as JSON without cause and stack, and without what is absent', () => {
    const error = new CapabilityError('NotFound', 'no', { cause: new Error('inside') })
    expect(JSON.parse(JSON.stringify(error))).toEqual({
      name: 'CapabilityError',
      kind: 'NotFound',
      code: 'CAPABILITY_NOT_FOUND',
      message: 'no',
      retryable: 'never',
      applied: 'no',
    })
    expect(JSON.stringify(error.at(where))).not.toContain('inside')
  })

  it('is an Error with a stack that begins where it was made', () => {
    const error = new CapabilityError('NotFound', 'no', where)
    expect(error).toBeInstanceOf(Error)
    expect(String(error)).toBe('CapabilityError: kv.get "k": no')
    expect(error.stack?.split('\n')[1]).toContain('error.test.ts')
    expect(error).not.toHaveProperty('cause')
  })
})

describe('isCapabilityError', () => {
  it('recognises errors of another copy of this package, and nothing else', () => {
    const foreign = Object.assign(new Error('x'), {
      [Symbol.for('flowport.CapabilityError')]: true,
      kind: 'NotFound',
    })
    expect(isCapabilityError(foreign)).toBe(true)
    expect(isKind(foreign, 'NotFound')).toBe(true)
    for (const other of [new Error('x'), { kind: 'NotFound' }, null, undefined, 'NotFound', 1]) {
      expect(isCapabilityError(other)).toBe(false)
      expect(isKind(other, 'NotFound')).toBe(false)
    }
  })

  it('tells kinds apart', () => {
    const error: unknown = new CapabilityError('NotFound', 'x')
    expect(isKind(error, 'NotFound')).toBe(true)
    expect(isKind(error, 'Timeout', 'NotFound')).toBe(true)
    expect(isKind(error, 'Timeout')).toBe(false)
    expect(isKind(error)).toBe(false)
    // @ts-expect-error there is no such kind
    const wrong: ErrorKind = 'Nowhere'
    expect(errorKinds).not.toContain(wrong)
  })
})

describe('toCapabilityError', () => {
  it('passes its own, told where they happened', () => {
    const error = new CapabilityError('NotFound', 'no')
    expect(toCapabilityError(error, where)).toMatchObject({ kind: 'NotFound', capability: 'kv' })
    const placed = error.at({ capability: 'blob', operation: 'head' })
    expect(toCapabilityError(placed, where)).toBe(placed)
  })

  it('makes Unexpected of anything else, without its text', () => {
    for (const thrown of [new Error('password=hunter2'), 'hunter2', null, undefined, { token: 'hunter2' }]) {
      const error = toCapabilityError(thrown, where)
      expect(error).toMatchObject({ kind: 'Unexpected', retryable: 'never', capability: 'kv' })
      expect(error.message + JSON.stringify(error)).not.toContain('hunter2')
      if (thrown !== undefined) expect(error.cause).toBe(thrown)
    }
  })
})

describe('what errors show', () => {
  const secret = 'hunter2-very-secret'
  const thrownBy = async (call: () => Promise<unknown>) =>
    call().then(
      () => expect.fail('it must fail'),
      (error: unknown) => error as Error,
    )

  it('is no value that was passed to a call', async () => {
    const kv = createKeyValue(memoryKvDriver({ limits: { maxValueBytes: 10, maxMetadataBytes: 10 } }))
    await kv.put('text', 'not json')
    const errors = [
      await thrownBy(() => kv.put('k', secret)),
      await thrownBy(() => kv.put('k', { json: { secret, big: 1n } })),
      await thrownBy(() => kv.put('k', 'v', { metadata: { secret } })),
      await thrownBy(() => kv.put('k', 'v', { ifVersion: secret })),
      await thrownBy(() => kv.list({ cursor: secret })),
    ]
    for (const error of errors) {
      for (const text of [error.message, String(error), JSON.stringify(error), inspect(error)]) {
        expect(text).not.toContain(secret)
      }
    }
  })

  it('is no secret, nor credentials of a URL', async () => {
    const secrets = createSecrets(memorySecretsDriver({ KEY: secret }))
    const http = createHttp(systemHttpDriver({ fetch: () => Promise.reject(new TypeError('fetch failed')) }))
    const errors = [
      await thrownBy(() => secrets.get('OTHER')),
      await thrownBy(() => http.fetch(`https://user:${secret}@host/path`)),
      await thrownBy(() => http.fetch(`https://host/path?token=${secret}#${secret}`)),
      await thrownBy(() => http.fetch(`https://host:${secret}/path`)),
      await thrownBy(() =>
        http.fetch('https://host/', { headers: { authorization: secret, 'bad name': '' } }),
      ),
      await thrownBy(() =>
        http.fetch('https://host/', { method: 'POST', headers: { authorization: secret } }),
      ),
    ]
    for (const error of errors) {
      for (const text of [
        error.message,
        String(error),
        JSON.stringify(error),
        inspect(error, { depth: 10 }),
      ]) {
        expect(text).not.toContain(secret)
      }
    }
  })
})
