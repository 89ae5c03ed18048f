import { existsSync, readdirSync } from 'node:fs'
import { join } from 'node:path'
import {
  type BlobStore,
  type KeyValue,
  type OpenContext,
  type OpenedProvider,
  type ResourceName,
  silentLogger,
} from '@flowport/capabilities'
import { ManualClock } from '@flowport/capabilities/testing'
import { describe, expect, it } from 'vitest'
import { fs } from './preset.ts'
import type * as Entry from './preset.ts'
import { onPlatform } from '../../test/support/on-platform.ts'
import { tempDirectory } from '../../test/support/temp-directory.ts'

function contextIn(directory: string): OpenContext {
  return { env: { FLOWPORT_DATA_DIR: directory }, log: silentLogger, clock: new ManualClock(), bindings: {} }
}

function resource<T>({ resources }: Pick<OpenedProvider, 'resources'>, name: ResourceName): T {
  return resources.get(name) as unknown as T
}

describe('preset fs', () => {
  it('opens blob and kv in the directory of the environment', async () => {
    const directory = tempDirectory()
    const { resources, close } = await fs().open(contextIn(directory))
    const blob = resource<BlobStore>({ resources }, 'blob')
    const kv = resource<KeyValue>({ resources }, 'kv')
    await blob.put('a/b', 'blob')
    await kv.put('key', 'value')
    expect(await (await blob.get('a/b'))?.text()).toBe('blob')
    expect(await kv.get('key')).toBe('value')
    expect(existsSync(join(directory, 'blobs', 'a+', 'b'))).toBe(true)
    expect(existsSync(join(directory, 'kv', 'key'))).toBe(true)
    await close()
    await close()
    expect(readdirSync(join(directory, 'blobs', '.staging'))).toEqual([])
    expect(readdirSync(join(directory, 'kv', '.staging'))).toEqual([])
  })

  it('prefers its option to the environment', async () => {
    const [directory, other] = [tempDirectory(), tempDirectory()]
    const { close } = await fs({ root: other }).open(contextIn(directory))
    await close()
    expect(readdirSync(directory)).toEqual([])
    expect(readdirSync(other).sort()).toEqual(['blobs', 'kv'])
  })

  it('states what its drivers state, and less without fsync', async () => {
    const provider = fs()
    const { resources, close } = await provider.open(contextIn(tempDirectory()))
    expect(resource<BlobStore>({ resources }, 'blob').info).toEqual(provider.provides.blob)
    expect(resource<KeyValue>({ resources }, 'kv').info).toEqual(provider.provides.kv)
    await close()
    const lazy = await fs({ fsync: 'none', only: ['kv'], as: 'scratch' }).open(contextIn(tempDirectory()))
    expect([...lazy.resources.keys()]).toEqual(['kv:scratch'])
    expect(resource<KeyValue>(lazy, 'kv:scratch').info).toMatchObject({
      durability: 'unknown',
      extensions: { 'dev.flowport.fs.fsync': 'none' },
    })
    await lazy.close()
  })

  it('is Misconfigured, without naming the path, when its directory cannot be made', async () => {
    const directory = '/dev/null/flowport'
    await expect(fs().open(contextIn(directory))).rejects.toMatchObject({
      kind: 'Misconfigured',
      message: expect.not.stringContaining(directory),
    })
  })
})

describe('preset fs on other runtimes', () => {
  it('states the same, and fails to open with advice', async () => {
    const { fs: unsupportedFs } = await onPlatform<typeof Entry>('fs', 'workerd')
    const { open, ...stub } = unsupportedFs()
    const { open: _, ...real } = fs()
    expect(JSON.stringify(stub)).toBe(JSON.stringify(real))
    await expect(open(contextIn('.'))).rejects.toMatchObject({
      kind: 'Misconfigured',
      code: 'PRESET_UNSUPPORTED',
      message: expect.stringMatching(/"fs".*"memory"/),
    })
  })
})
