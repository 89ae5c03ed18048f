import {
  type BlobStore,
  type DedupeStore,
  type KeyValue,
  type OpenContext,
  type Provider,
  silentLogger,
} from '@flowport/capabilities'
import { ManualClock } from '@flowport/capabilities/testing'
import fc from 'fast-check'
import { describe, expect, expectTypeOf, it } from 'vitest'
import { decodedKey, encodedPath, isKeySegment, plainPath } from './names.ts'
import type * as Entry from './preset.ts'
import { opfsBrowser as unsupportedOpfs } from './preset.ts'
import { opfsScheme as unsupportedScheme } from './scheme-entry.ts'
import { onPlatform } from '../../test/support/on-platform.ts'

const { opfsBrowser } = await onPlatform<typeof Entry>('opfs-browser', 'browser')

const context = (warn = silentLogger.warn): OpenContext => ({
  env: {},
  log: { ...silentLogger, warn },
  clock: new ManualClock(),
  bindings: {},
})

describe('preset opfs-browser', () => {
  it('keeps everything in memory where there is no OPFS, says so once, and states it', async () => {
    const warnings: string[] = []
    const opened = await opfsBrowser().open(context((_fields, message) => warnings.push(message)))
    const blob = opened.resources.get('blob') as unknown as BlobStore
    const kv = opened.resources.get('kv') as unknown as KeyValue
    const dedupe = opened.resources.get('dedupe') as unknown as DedupeStore
    await blob.put('key', 'value')
    await kv.put('key', 'value')
    expect(await (await blob.get('key'))?.text()).toBe('value')
    expect(await kv.get('key')).toBe('value')
    expect(await dedupe.putIfAbsent('key', 1000)).toBe(true)
    for (const { info } of [blob, kv, dedupe]) {
      expect(info).toMatchObject({
        provider: 'opfs-browser',
        durability: 'ephemeral',
        extensions: { 'dev.flowport.opfs.mode': 'memory', 'dev.flowport.opfs.fallback': 'missing' },
      })
    }
    expect(warnings).toEqual([expect.stringMatching(/kept in memory and gone with the page/)])
    await opened.close()
  })

  it('refuses instead, where it is told to', async () => {
    await expect(opfsBrowser({ fallback: 'none' }).open(context())).rejects.toMatchObject({
      kind: 'Misconfigured',
      code: 'PRESET_UNSUPPORTED',
    })
  })

  it('states its guarantees as types', () => {
    type Provided<P> = P extends Provider<infer T> ? T : never
    const all = opfsBrowser()
    expectTypeOf<keyof Provided<typeof all>>().toEqualTypeOf<'blob' | 'kv' | 'dedupe'>()
    expectTypeOf<Provided<typeof all>['blob']['durability']>().toEqualTypeOf<'durable'>()
    expectTypeOf<Provided<typeof all>['dedupe']['reservation']>().toEqualTypeOf<'atomic'>()
    // @ts-expect-error it provides no queue
    opfsBrowser({ only: ['queue'] })
    // @ts-expect-error there are three ways to write
    opfsBrowser({ access: 'sync' })
  })
})

describe('preset opfs-browser on other runtimes', () => {
  it('states the same, and fails to open with advice', async () => {
    const { open, ...stub } = unsupportedOpfs()
    const { open: _, ...real } = opfsBrowser()
    expect(JSON.stringify(stub)).toBe(JSON.stringify(real))
    await expect(open(context())).rejects.toMatchObject({
      kind: 'Misconfigured',
      code: 'PRESET_UNSUPPORTED',
      message: expect.stringMatching(/"opfs-browser".*"memory"/),
    })
  })

  it('has the scheme too, which says the same when a store is opened', () => {
    const { scheme, authority, open } = unsupportedScheme()
    expect({ scheme, authority }).toEqual({ scheme: 'opfs', authority: 'key' })
    const { env, log, clock } = { ...context(), env: {} }
    expect(() => open('', { credentials: null, env, log, clock })).toThrow(/needs a browser/)
  })
})

describe('names in OPFS', () => {
  it('are the key itself where they can be', () => {
    for (const key of ['data/x.csv', 'Q1 2026/Übersicht.parquet', 'a', '.hidden', '%41', 'x'.repeat(200)])
      expect(plainPath(key)?.join('/')).toBe(key)
  })

  it('are encoded where a path would be hidden, scratch or too long', () => {
    for (const key of ['.flowport/x', 'a/.flowport', 'x.crswap', 'x'.repeat(201), '€'.repeat(67)])
      expect(plainPath(key)).toBeNull()
    expect(isKeySegment('.flowport')).toBe(false)
  })

  it('decode to exactly the key they were made of, and fold no case', () => {
    const keys = fc
      .string({ unit: 'grapheme', minLength: 1, maxLength: 400 })
      .filter((key) => key.isWellFormed())
    fc.assert(
      fc.property(keys, (key) => {
        const path = encodedPath(key)
        expect(decodedKey(path)).toBe(key)
        expect(path.every((name) => name.length <= 201 && name === name.toLowerCase())).toBe(true)
        expect(path.slice(0, -1).every((name) => name.endsWith('+')) && path.at(-1)?.endsWith('=')).toBe(true)
      }),
    )
    for (const foreign of [['A='], ['%zz='], ['%c3='], ['%41%42=x']]) expect(decodedKey(foreign)).toBeNull()
  })
})
