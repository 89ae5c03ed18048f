import { inspect } from 'node:util'
import { Operator } from 'opendal'
import { describe, expect, expectTypeOf, it, vi } from 'vitest'
import { isCapabilityError } from '@flowport/capabilities'
import type { OpenDalConfig } from './config.ts'
import { operatorFactory, type OperatorFactory } from './factory.node.ts'
import { loadOpenDal } from './load.ts'
import { tempDirectories } from '../../test/support/opendal-temp-directory.ts'
import { parseServiceUri } from './uri.ts'

const directory = tempDirectories()

async function refusal(make: () => OperatorFactory) {
  try {
    await make().build()
  } catch (error) {
    if (isCapabilityError(error)) return error
    throw error
  }
  return expect.fail('it was made')
}

describe('operatorFactory', () => {
  it('makes an operator of a scheme and a config', async () => {
    const root = directory()
    const factory = operatorFactory({ scheme: 'fs', config: { root } })
    expect(factory.scheme).toBe('fs')
    const operator = await factory.build()
    await operator.write('a', Buffer.from('one'))
    expect(String(await operator.read('a'))).toBe('one')
  })

  it('makes one, however often and however early it is asked', async () => {
    const load = vi.fn(() => loadOpenDal())
    const factory = operatorFactory({ scheme: 'memory' }, { load })
    const [first, second] = await Promise.all([factory.build(), factory.build()])
    expect(second).toBe(first)
    expect(await factory.build()).toBe(first)
    expect(load).toHaveBeenCalledTimes(1)
  })

  it('tries again after it failed', async () => {
    let fails = true
    const load = () => (fails ? Promise.reject(new Error('not now')) : loadOpenDal())
    const factory = operatorFactory({ scheme: 'memory' }, { load })
    await expect(factory.build()).rejects.toMatchObject({ kind: 'Misconfigured' })
    fails = false
    expect(await factory.build()).toBeInstanceOf(Operator)
  })

  it('takes an operator that is there', async () => {
    const operator = new Operator('memory', {})
    const factory = operatorFactory({ operator, scheme: 'memory' })
    expect(await factory.build()).toBe(operator)
  })

  it('puts layers around it, the first outermost', async () => {
    const seen: string[] = []
    const layer = (name: string) => (inner: Operator) => {
      seen.push(name)
      return inner
    }
    await operatorFactory({ scheme: 'memory' }, { layers: [layer('outer'), layer('inner')] }).build()
    expect(seen).toEqual(['inner', 'outer'])
  })

  it('warns once when it is used from a worker thread, and not from the main one', async () => {
    const warn = vi.fn()
    const factory = operatorFactory({ scheme: 'memory' }, { log: { warn }, mainThread: false })
    await factory.build()
    await factory.build()
    expect(warn).toHaveBeenCalledExactlyOnceWith(
      { scheme: 'memory' },
      expect.stringMatching(/worker thread.*crashes/),
    )
    const quiet = vi.fn()
    await operatorFactory({ scheme: 'memory' }, { log: { warn: quiet }, mainThread: true }).build()
    expect(quiet).not.toHaveBeenCalled()
  })

  it('refuses keys OpenDAL would ignore, and names those there are', async () => {
    const error = await refusal(() =>
      operatorFactory({ scheme: 's3', config: { bucket: 'b', acess_key_id: 'MARK' } as OpenDalConfig<'s3'> }),
    )
    expect(error).toMatchObject({ kind: 'Misconfigured', code: 'OPENDAL_CONFIG' })
    expect(error.message).toMatch(/has no acess_key_id; OpenDAL would ignore that.*access_key_id/)
    expect(inspect(error)).not.toContain('MARK')
    const known = operatorFactory({ scheme: 'dashmap', config: { anything: 'x' } })
    expect(await known.build()).toBeInstanceOf(Operator)
  })

  it('names keys that are missing or no text', async () => {
    const missing = await refusal(() => operatorFactory({ scheme: 's3', config: { region: 'r' } as never }))
    expect(missing.message).toMatch(/it needs bucket/)
    const wrong = await refusal(() => operatorFactory({ scheme: 'fs', config: { root: ['x'] } as never }))
    expect(wrong.message).toMatch(/root must be text/)
    expect((await refusal(() => operatorFactory({ scheme: 'a b' }))).message).toMatch(/a scheme is the name/)
  })

  it('types the configs of the common services', () => {
    expectTypeOf<OpenDalConfig<'s3'>>().toHaveProperty('bucket')
    expectTypeOf<OpenDalConfig<'koofr'>>().toEqualTypeOf<
      Readonly<Record<string, string | number | boolean | undefined>>
    >()
    // @ts-expect-error -- a bucket is needed
    const without: OpenDalConfig<'s3'> = { region: 'r' }
    expect(() => operatorFactory({ scheme: 's3', config: without })).toThrow(/bucket/)
    // @ts-expect-error -- there is no such key
    const misspelt: OpenDalConfig<'fs'> = { root: '/tmp', rooot: '/' }
    expect(() => operatorFactory({ scheme: 'fs', config: misspelt })).toThrow(/rooot/)
  })

  it('shows no value of a config: not when it is inspected, written as JSON, or refused by OpenDAL', async () => {
    const config = {
      bucket: 'b',
      region: 'r',
      secret_access_key: 'MARKsecret',
      session_token: 'MARKtoken',
      enable_virtual_host_style: 'MARKbool',
    }
    const factory = operatorFactory({ scheme: 's3', config })
    expect(inspect(factory, { depth: 9, showHidden: true })).not.toContain('MARK')
    expect(JSON.stringify(factory)).toBe('{"scheme":"s3"}')
    const error = await refusal(() => factory)
    expect(error.kind).toBe('Misconfigured')
    expect(error.message).toContain("parse config 'enable_virtual_host_style' with value ***")
    expect(inspect(error, { depth: 9, showHidden: true }) + JSON.stringify(error)).not.toContain('MARK')
  })
})

describe('operatorFactory of a URI', () => {
  it('reads scheme, name, root and further keys', () => {
    const read = (uri: string) => parseServiceUri(uri)
    expect(read('s3://bucket/a/b?region=eu-west-1&endpoint=http%3A%2F%2Fh%3A9')).toEqual({
      scheme: 's3',
      config: { bucket: 'bucket', root: '/a/b', region: 'eu-west-1', endpoint: 'http://h:9' },
    })
    expect(read('gs://bucket')).toEqual({ scheme: 'gcs', config: { bucket: 'bucket' } })
    expect(read('az://container/x')).toEqual({
      scheme: 'azblob',
      config: { container: 'container', root: '/x' },
    })
    expect(read('fs:///var/data%20x')).toEqual({ scheme: 'fs', config: { root: '/var/data x' } })
    expect(read('memory://')).toEqual({ scheme: 'memory', config: {} })
    expect(read('https://user:p%40ss@h:8/root')).toEqual({
      scheme: 'http',
      config: { endpoint: 'https://h:8', username: 'user', password: 'p@ss', root: '/root' },
    })
    expect(read('rediss://:secret@h:6380/2')).toEqual({
      scheme: 'redis',
      config: { endpoint: 'rediss://h:6380', password: 'secret', db: '2' },
    })
    expect(read('koofr:?endpoint=x&email=y')).toEqual({
      scheme: 'koofr',
      config: { endpoint: 'x', email: 'y' },
    })
  })

  it('refuses what it cannot be sure of, without showing it', async () => {
    const bad: readonly [string, RegExp][] = [
      ['MARK', /it is no URI/],
      ['s3://MARK:MARK@bucket/', /credentials do not belong before the "@"/],
      ['s3://bucket/?bucket=MARK', /it says bucket twice/],
      ['s3://bucket/%MARK', /a "%" that is no escape/],
      ['s3://bucket/x#MARK', /"#" must be written as %23/],
      ['koofr://MARK/x', /no rule for "koofr:\/\/"/],
      ['fs://MARK/x', /a directory has no host/],
      ['memory://MARK/x', /has no host/],
    ]
    for (const [uri, why] of bad) {
      const error = await refusal(() => operatorFactory({ uri }))
      expect(error).toMatchObject({ kind: 'Misconfigured', message: expect.stringMatching(why) })
      expect(inspect(error, { depth: 9 }), uri).not.toContain('MARK')
    }
  })

  it('makes an operator of it; the config given beside it wins', async () => {
    const root = directory()
    const factory = operatorFactory({ uri: 'fs:///nowhere', config: { root } })
    expect(factory.scheme).toBe('fs')
    const operator = await factory.build()
    await operator.write('a', Buffer.from('one'))
    expect((await operator.stat('a')).contentLength).toBe(3n)
  })
})
