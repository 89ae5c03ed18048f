import type { LookupFunction } from 'node:net'
import { describe, expect, it, vi } from 'vitest'
import { networkError } from '../translate-error.ts'
import { startWebServer } from '../../../test/support/web-server.ts'
import { connectOnNode, guarded } from './connect.ts'

/** A resolver that gives these addresses, one set after the other; the last stays. */
function resolver(...answers: readonly (readonly string[])[]) {
  let call = 0
  return vi.fn<LookupFunction>((_, { all }, callback) => {
    const addresses = (answers[Math.min(call++, answers.length - 1)] ?? []).map((address) => ({
      address,
      family: address.includes(':') ? 6 : 4,
    }))
    if (all === true) callback(null, addresses)
    else callback(null, addresses[0]?.address ?? '', addresses[0]?.family ?? 0)
  })
}

const init = () =>
  ({ method: 'GET', headers: {}, redirect: 'manual', signal: new AbortController().signal }) as const
const limits = { maxHeaderBytes: 16_384 }

describe('connections on Node', () => {
  it('are not made to a name that resolves to a private address', async () => {
    const server = await startWebServer((_, response) => response.end('inside'))
    for (const addresses of [['127.0.0.1'], ['::ffff:127.0.0.1'], ['8.8.8.8', '127.0.0.1'], []]) {
      const lookup = resolver(addresses)
      const { send, close } = connectOnNode({ ...limits, allowPrivate: false, lookup })
      const error: unknown = await send(`http://files.test:${server.port}/`, init()).catch((e: unknown) => e)
      expect(networkError(error), String(addresses)).toMatchObject({
        kind: 'PermissionDenied',
        code: 'HTTP_PRIVATE_ADDRESS',
        details: { host: 'files.test' },
      })
      expect(lookup).toHaveBeenCalledTimes(1)
      await close()
    }
    expect(server.requests).toEqual([])
  })

  it('are made to it when that is meant', async () => {
    const server = await startWebServer((_, response) => response.end('inside'))
    const lookup = resolver(['127.0.0.1'])
    const { send, close } = connectOnNode({ ...limits, allowPrivate: true, lookup })
    expect(await (await send(`http://files.test:${server.port}/`, init())).text()).toBe('inside')
    expect(lookup).toHaveBeenCalledTimes(1)
    await close()
  })

  it('go to the addresses that were checked: a name that changes its mind gains nothing', () => {
    const lookup = resolver(['93.184.215.14'], ['127.0.0.1'])
    const check = guarded(lookup)
    const results: unknown[] = []
    for (let i = 0; i < 2; i++)
      check('files.test', { all: true }, (error, found) => results.push(error ?? found))
    expect(results).toEqual([
      [{ address: '93.184.215.14', family: 4 }],
      expect.objectContaining({ code: 'HTTP_PRIVATE_ADDRESS' }),
    ])
    // One resolution each, and its answer is what is connected to.
    expect(lookup).toHaveBeenCalledTimes(2)
  })

  it('pass on what the resolver fails with', () => {
    const failure = Object.assign(new Error('no such name'), { code: 'ENOTFOUND' })
    const told = vi.fn()
    guarded((_, __, callback) => callback(failure, '', 0))('files.test', {}, told)
    expect(told).toHaveBeenCalledWith(failure, '', 0)
  })
})
