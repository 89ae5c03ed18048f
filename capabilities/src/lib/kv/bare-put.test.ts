import { describe, expect, it } from 'vitest'
import { CapabilityError } from '../error.ts'
import type { CallScope, Layer } from '../layer.ts'
import { memoryKvDriver } from '../memory/kv.ts'
import { control } from '../resource/resource.ts'
import type { KeyValue } from './contract.ts'
import type { KvDriver } from './driver.ts'
import { createKeyValue } from './key-value.ts'

const passing: Layer = { name: 'passing', around: (call, next) => next(call) }
const sides: [string, readonly Layer[]][] = [
  ['without layers', []],
  ['behind a layer', [passing]],
]

/** How a put of each kind of driver ends, through a node's view with the scope. */
async function ending(layers: readonly Layer[], put: KvDriver['put'], scope?: CallScope): Promise<unknown> {
  const store = createKeyValue({ ...readable(memoryKvDriver()), put }, { name: 'kv:notes', layers })
  const view = store[control].view('write', scope) as KeyValue
  return view.put('a', 'x').then(
    (result) => result,
    (error: CapabilityError) => ({
      ...error,
      isCapabilityError: error instanceof CapabilityError,
      message: error.message,
    }),
  )
}

function readable(driver: KvDriver): KvDriver {
  return { info: driver.info, get: (...args) => driver.get(...args), delete: () => undefined, put: () => '1' }
}

const fired = new AbortController()
fired.abort(new Error('left'))

const endings: [string, KvDriver['put'], CallScope | undefined, object][] = [
  ['a version at once', () => '7', undefined, { version: '7' }],
  ['a version later', async () => '7', undefined, { version: '7' }],
  ['no version', () => undefined, undefined, { version: null }],
  [
    'a driver that throws',
    () => {
      throw new Error('down')
    },
    undefined,
    { isCapabilityError: true, kind: 'Unexpected', capability: 'kv:notes', operation: 'put', key: 'a' },
  ],
  [
    'a driver that rejects',
    () => Promise.reject(new CapabilityError('Unavailable', 'down')),
    undefined,
    { kind: 'Unavailable', capability: 'kv:notes', operation: 'put', key: 'a', applied: 'unknown' },
  ],
  [
    'a signal that has fired',
    () => '1',
    { signal: fired.signal },
    { kind: 'Cancelled', capability: 'kv:notes', operation: 'put', key: 'a', applied: 'no' },
  ],
]

describe.each(sides)('a put %s', (_side, layers) => {
  it.each(endings)('over %s ends alike', async (_what, put, scope, expected) => {
    expect(await ending(layers, put, scope)).toMatchObject(expected)
    expect(await ending(layers, put, scope)).toEqual(await ending([passing], put, scope))
  })

  it('whose signal fires while the driver works is cancelled, and may have been applied', async () => {
    const caller = new AbortController()
    const put: KvDriver['put'] = (_key, _value, { signal }) =>
      new Promise((_resolve, reject) => signal?.addEventListener('abort', () => reject(new Error('aborted'))))
    const ended = ending(layers, put, { signal: caller.signal })
    caller.abort()
    expect(await ended).toMatchObject({ kind: 'Cancelled', applied: 'unknown' })
  })

  it('hands the driver the condition beside the signal, and names it in an error', async () => {
    const seen: unknown[] = []
    const driver = memoryKvDriver()
    const store = createKeyValue(
      {
        ...readable(driver),
        put: (key, value, put) => {
          seen.push(put.signal)
          return driver.put(key, value, put)
        },
      },
      { layers },
    )
    const view = store[control].view('write', { signal: new AbortController().signal }) as KeyValue
    await view.put('a', 'x', { ifAbsent: true })
    await expect(view.put('a', 'y', { ifAbsent: true })).rejects.toMatchObject({
      kind: 'AlreadyExists',
      operation: 'putConditional',
    })
    expect(seen).toEqual([expect.any(AbortSignal), expect.any(AbortSignal)])
  })

  it('goes through what stands around the writes of its scope', async () => {
    const store = createKeyValue(memoryKvDriver(), { layers })
    const refusing: CallScope = {
      aroundWrite: () => Promise.reject(new CapabilityError('PermissionDenied', 'the lease is lost')),
    }
    const view = store[control].view('write', refusing) as KeyValue
    await expect(view.put('a', 'x')).rejects.toMatchObject({ kind: 'PermissionDenied' })
    expect(await store.get('a')).toBeNull()
  })
})
