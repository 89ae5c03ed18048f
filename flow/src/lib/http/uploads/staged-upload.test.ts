import { type BlobDriver, CapabilityError, createBlobStore, ResourceBag } from '@flowport/capabilities'
import { memoryBlobDriver } from '@flowport/capabilities/memory'
import { describe, expect, it, vi } from 'vitest'
import { blobBody, multipartBody } from '../../body.ts'
import { storeBody } from './store-body.ts'
import { StagedUpload } from './staged-upload.ts'

/** SHA-256 of `hello`. */
const hello = '2cf24dba5fb0a30e26e83b2ac5b9e29e1b161e5c1fa7425e73043362938b9824'
const binding = { ...blobBody('file', { key: 'up/{name}/{file.sha256}', maxBytes: 100 }) }

/** A memory store that records its calls and can fail a chosen operation. */
function subject(failing: readonly string[] = []) {
  const driver = memoryBlobDriver()
  const calls: string[] = []
  const note = (operation: string, key: string) => {
    calls.push(`${operation} ${key.startsWith('.flowport/uploads/') ? 'staged' : key}`)
    if (failing.includes(operation)) throw new CapabilityError('Unavailable', 'the store is down')
  }
  const { copy } = driver
  const noting: BlobDriver = {
    info: driver.info,
    head: (key, call) => driver.head(key, call),
    get: (key, options) => driver.get(key, options),
    list: (options) => driver.list(options),
    async put(key, content, options) {
      note('put', key)
      return driver.put(key, content, options)
    },
    async delete(key, call) {
      note('delete', key)
      return driver.delete(key, call)
    },
    ...(copy === undefined
      ? {}
      : {
          async copy(from, to, call) {
            note('copy', to)
            return copy.call(driver, from, to, call)
          },
        }),
  }
  const blob = createBlobStore(noting)
  const warn = vi.fn<(fields: object, message: string) => void>()
  const stop = new AbortController()
  const parts = {
    bag: ResourceBag.empty().with('blob', blob),
    signal: stop.signal,
    rng: { uuid: () => crypto.randomUUID(), float: Math.random },
    log: { warn },
  }
  const send = (text: string, name = 'a') => {
    const stream = new Blob([text]).stream()
    return storeBody(binding, { name }, { stream, size: null, contentType: 'text/plain' }, parts)
  }
  const keys = async () => {
    const found: string[] = []
    for await (const { key } of blob.entries()) found.push(key)
    return found
  }
  return { blob, parts, send, keys, calls, warn, stop }
}

describe('a body whose key is made of its content', () => {
  it('is put in place by a copy, and not again when it comes again', async () => {
    const { send, keys, calls } = subject()
    const first = await send('hello')
    expect(calls.splice(0)).toEqual(['put staged', `copy up/a/${hello}`, 'delete staged'])
    expect({ ...(await send('hello')), lastModified: first.lastModified }).toEqual({ ...first })
    expect(calls).toEqual(['put staged', 'delete staged'])
    expect(await keys()).toEqual([`up/a/${hello}`])
  })

  it('takes the place of another object under its key', async () => {
    const { blob, send } = subject()
    await blob.put(`up/a/${hello}`, 'something else')
    expect((await send('hello')).size).toBe(5)
    expect(await (await blob.get(`up/a/${hello}`))?.text()).toBe('hello')
  })

  it('is not read when a value cannot be part of its key', async () => {
    const { send, calls } = subject()
    await expect(send('hello', '..')).rejects.toThrow(/\/name it is part of a key/)
    expect(calls).toEqual([])
  })

  it('leaves nothing behind when the store fails, is full or its client leaves', async () => {
    const broken = subject(['copy'])
    await expect(broken.send('hello')).rejects.toMatchObject({ kind: 'Unavailable' })
    expect(await broken.keys()).toEqual([])

    const long = subject()
    await expect(long.send('x'.repeat(101))).rejects.toMatchObject({ kind: 'LimitExceeded' })
    expect(await long.keys()).toEqual([])

    const left = subject()
    const conditionFor = async () => {
      left.stop.abort(new Error('the client left'))
      return {}
    }
    const content = { stream: new Blob(['hello']).stream(), size: 5, contentType: null }
    await expect(storeBody(binding, { name: 'a' }, content, { ...left.parts, conditionFor })).rejects.toThrow(
      'the client left',
    )
    expect(await left.keys()).toEqual([])
  })

  it('is stored also when what waited cannot be deleted; that is logged, and left to the sweep', async () => {
    const { send, keys, warn } = subject(['delete'])
    expect((await send('hello')).key).toBe(`up/a/${hello}`)
    expect(await keys()).toEqual([expect.stringMatching(/^\.flowport\/uploads\/.*\/0$/), `up/a/${hello}`])
    expect(warn).toHaveBeenCalledOnce()
  })
})

describe('StagedUpload', () => {
  it('takes no digest where the key holds none', async () => {
    const { parts } = subject()
    const [template, made] = [{ key: 'up/{file.name}' }, { key: () => 'up' }]
    for (const body of [multipartBody('files', template), multipartBody('files', made)]) {
      const file = await new StagedUpload(body, parts).stage(new Blob(['hello']).stream(), {})
      expect(file.sha256).toBeUndefined()
    }
  })
})
