/** What the fs drivers say of a change whose steps fail before or after the one that makes it visible. */
import { createBlobStore, createKeyValue, type CapabilityError } from '@flowport/capabilities'
import { systemClock } from '@flowport/capabilities/system'
import { afterEach, describe, expect, it, vi } from 'vitest'
import { tempDirectory } from '../../../test/support/temp-directory.ts'
import type * as Io from './io.ts'
import { openFsBlobDriver } from './blob-driver.ts'
import { openFsKvDriver } from './kv-driver.ts'

/** Calls of the file system that fail, by name. */
const failing = vi.hoisted(() => new Map<string, string>())

vi.mock('./io.ts', async (original) => {
  const io = await original<typeof Io>()
  const spoiled = <A extends unknown[], R>(name: string, call: (...args: A) => Promise<R>) => {
    return async (...args: A): Promise<R> => {
      const code = failing.get(name)
      if (code !== undefined) throw Object.assign(new Error(`${code}: injected`), { code })
      return call(...args)
    }
  }
  return {
    ...io,
    write: spoiled('write', io.write),
    rename: spoiled('rename', io.rename),
    fsync: spoiled('fsync', io.fsync),
  }
})

afterEach(() => failing.clear())

const failure = (call: Promise<unknown>) =>
  call.then(
    () => expect.fail('it must fail'),
    (error: unknown) => error as CapabilityError,
  )
const options = () => ({ directory: tempDirectory(), fsync: 'data', clock: systemClock }) as const

describe('a change on the file system that fails', () => {
  it('while its file is written says no, whatever the disk said', async () => {
    const blob = createBlobStore(openFsBlobDriver(options()))
    for (const code of ['EIO', 'ENOSPC', 'EDQUOT']) {
      failing.set('write', code)
      expect(await failure(blob.put('key', 'x')), code).toMatchObject({ kind: 'Unavailable', applied: 'no' })
    }
    expect(await blob.head('key')).toBeNull()
  })

  it('while it is moved to its place says no for a refusal, and unknown for a device that fails', async () => {
    const blob = createBlobStore(openFsBlobDriver(options()))
    failing.set('rename', 'EACCES')
    expect(await failure(blob.put('key', 'x'))).toMatchObject({ kind: 'PermissionDenied', applied: 'no' })
    failing.set('rename', 'EIO')
    expect(await failure(blob.put('key', 'x'))).toMatchObject({ kind: 'Unavailable', applied: 'unknown' })
  })

  it('after it is in its place says unknown, also for what would else be a refusal', async () => {
    const blob = createBlobStore(openFsBlobDriver(options()))
    const kv = createKeyValue(openFsKvDriver(options()))
    for (const code of ['EIO', 'EACCES', 'ENOSPC']) {
      failing.set('fsync', code)
      for (const change of [
        () => blob.put('key', 'new'),
        () => blob.put('new', 'new', { ifNoneMatch: '*' }),
        () => kv.put('key', 'new'),
      ]) {
        expect(await failure(change()), code).toMatchObject({ applied: 'unknown' })
      }
      expect(await (await blob.get('key'))?.text()).toBe('new')
      expect(await failure(blob.delete('key')), code).toMatchObject({ applied: 'unknown' })
      expect(await blob.head('key')).toBeNull()
      failing.clear()
      await blob.delete('new')
    }
  })
})
