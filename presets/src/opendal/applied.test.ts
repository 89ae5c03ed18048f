import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { type CapabilityError, createBlobStore, silentLogger } from '@flowport/capabilities'
import { systemClock } from '@flowport/capabilities/system'
import { appliedOfFailure } from './applied.ts'
import { opendalBlobDriver } from './blob-driver.ts'
import { operatorFactory } from './factory.node.ts'
import { nativeConcurrency, nativeRetry, type OpenDalLayer } from './layers.ts'
import { type Fault, ObjectServer } from '../../test/support/opendal-object-server.ts'

let server = new ObjectServer()
let endpoint = ''

beforeEach(async () => {
  server = new ObjectServer()
  endpoint = await server.listen()
})
afterEach(() => server.close())

async function storeOf(layers: readonly OpenDalLayer[] = []) {
  const config = {
    bucket: 'b',
    region: 'r',
    endpoint,
    access_key_id: 'k',
    secret_access_key: 's',
    disable_config_load: true,
  }
  const operator = await operatorFactory({ scheme: 's3', config }, { layers }).build()
  return createBlobStore(opendalBlobDriver(operator, { scheme: 's3', log: silentLogger, clock: systemClock }))
}

/** Answers the writes with these in turn, and lets the rest be. */
function answer(...faults: readonly Fault[]): void {
  const left = [...faults]
  server.fault = ({ method }) => (method === 'PUT' || method === 'POST' ? (left.shift() ?? null) : null)
}

const failing: Fault = { status: 500, code: 'InternalError' }
const denied: Fault = { status: 403, code: 'AccessDenied' }
const notMet: Fault = { status: 412, code: 'PreconditionFailed' }
const quickRetry = nativeRetry({ maxRetries: 2, minDelayMs: 1, maxDelayMs: 2 })
const failure = (call: Promise<unknown>) =>
  call.then(
    () => expect.fail('it must fail'),
    (error: unknown) => error as CapabilityError,
  )

describe('a write over OpenDAL that fails', () => {
  it('says what the status says where it was sent once', async () => {
    const blob = await storeOf()
    answer(denied, notMet, failing)
    expect(await failure(blob.put('key', 'x'))).toMatchObject({ kind: 'PermissionDenied', applied: 'no' })
    const create = failure(blob.put('key', 'x', { ifNoneMatch: '*' }))
    expect(await create).toMatchObject({ kind: 'AlreadyExists', applied: 'no' })
    expect(await failure(blob.put('key', 'x'))).toMatchObject({ kind: 'Unavailable', applied: 'unknown' })
  })

  it('says unknown below OpenDAL’s own retries, as the tries before the last are not told', async () => {
    // A layer around the retries changes nothing about that.
    for (const layers of [[quickRetry], [nativeConcurrency(16), quickRetry]]) {
      const blob = await storeOf(layers)
      answer(failing, denied)
      expect(await failure(blob.put('key', 'x'))).toMatchObject({
        kind: 'PermissionDenied',
        applied: 'unknown',
      })
      answer(failing, notMet)
      expect(await failure(blob.put('key', 'x', { ifNoneMatch: '*' }))).toMatchObject({
        kind: 'AlreadyExists',
        applied: 'unknown',
      })
      answer(failing, failing, failing)
      expect(await failure(blob.put('key', 'x'))).toMatchObject({
        retryable: 'never',
        applied: 'unknown',
      })
    }
  })

  it('says no below OpenDAL’s own retries for what this package refuses', async () => {
    const blob = await storeOf([quickRetry])
    expect(await failure(blob.put('../key', 'x'))).toMatchObject({ kind: 'InvalidInput', applied: 'no' })
    const signal = AbortSignal.abort()
    expect(await failure(blob.put('key', 'x', { signal }))).toMatchObject({
      kind: 'Cancelled',
      applied: 'no',
    })
    expect(server.requests).toEqual([])
  })

  it('says unknown when several keys were to be deleted in one call', async () => {
    const blob = await storeOf()
    server.fault = ({ method }) => (method === 'GET' ? null : denied)
    expect(await failure(blob.deleteMany(['a', 'b']))).toMatchObject({ applied: 'unknown' })
  })
})

describe('appliedOfFailure', () => {
  const of = (failure: Partial<Parameters<typeof appliedOfFailure>[0]>, kind = 'Unavailable' as const) =>
    appliedOfFailure({ flag: 'temporary', status: null, osError: null, ...failure }, kind)

  it('is what status and full disk say, and else left to the kind', () => {
    expect(of({ status: 404 })).toBe('no')
    expect(of({ status: 409 })).toBe('unknown')
    expect(of({ osError: 28 })).toBe('no')
    expect(of({ osError: 5 })).toBeUndefined()
    expect(of({})).toBeUndefined()
    expect(of({ status: 404, flag: 'persistent' })).toBe('unknown')
  })
})
