import { CapabilityError, createDedupeStore, ResourceBag } from '@flowport/capabilities'
import { memoryDedupeDriver } from '@flowport/capabilities/memory'
import fc from 'fast-check'
import { describe, expect, it, vi } from 'vitest'
import * as z from 'zod'
import { flow } from '../flow.ts'
import { problem } from '../http/http-problem.ts'
import type { KeyedIdempotency } from '../idempotency.ts'
import { node } from '../node.ts'
import { manual } from '../trigger.ts'
import { createRuntime } from './runtime.ts'

const Order = z.object({ id: z.string() })

function app(
  run: () => unknown,
  idempotency: KeyedIdempotency<{ id: string }> = { key: '/id', unknown: 'never' },
) {
  const charge = node('charge', { input: Order, idempotency, run })
  const charging = flow('charging', {
    trigger: manual({ input: Order }),
    graph: (order, step) => step(charge, order),
  })
  const driver = memoryDedupeDriver()
  const runtime = createRuntime(ResourceBag.empty().with('dedupe', createDedupeStore(driver)))
  return {
    driver,
    /** Over HTTP; without a principal the caller is anonymous. */
    call: (principal?: unknown, id = 'a') =>
      runtime.invoke(charging, { input: { id }, metadata: { 'http.method': 'POST', principal } }),
    /** By a queue or a schedule. */
    start: () => runtime.invoke(charging, { input: { id: 'a' } }),
  }
}

const taken = { cause: { code: 'IDEM_TAKEN', retryable: 'never' } }

describe('the stored answer of a key', () => {
  it('is for the caller it was made for and for runs without a caller, and the node runs once for all', async () => {
    const run = vi.fn(() => 'of ann')
    const { call, start } = app(run)
    expect(await call('ann')).toBe('of ann')
    expect(await call('ann')).toBe('of ann')
    await expect(call('bob')).rejects.toMatchObject(taken)
    await expect(call()).rejects.toMatchObject(taken)
    expect(await start()).toBe('of ann')
    expect(run).toHaveBeenCalledTimes(1)
  })

  it.each(['a run without a caller', 'an anonymous caller'])('of %s is for everyone', async (who) => {
    const { call, start } = app(() => 'of nobody')
    await (who === 'an anonymous caller' ? call() : start())
    expect(await call('ann')).toBe('of nobody')
    expect(await call()).toBe('of nobody')
  })

  it("is for everyone with callers: 'everyone'", async () => {
    const { call } = app(() => 'of ann', { key: '/id', unknown: 'never', callers: 'everyone' })
    await call('ann')
    expect(await call('bob')).toBe('of ann')
  })

  it('is kept apart also when it is a problem, or could not be stored', async () => {
    for (const run of [
      () => ({ not: 10n }),
      () => Promise.reject(problem({ status: 402, code: 'NO', title: 'No' })),
    ]) {
      const { call } = app(run)
      await call('ann').catch(() => undefined)
      const own = await call('ann').catch((error: { cause: { code: string } }) => error.cause.code)
      expect(['IDEM_RESULT_LOST', 'NO']).toContain(own)
      await expect(call('bob')).rejects.toMatchObject(taken)
    }
  })

  it('does not tell the ledger who the caller is', async () => {
    const { call, driver } = app(() => 1)
    const complete = vi.spyOn(driver, 'complete')
    await call('ann@example.com')
    expect(JSON.stringify(complete.mock.calls)).not.toContain('ann')
  })

  it('is never that of another principal, whatever the principals and keys', async () => {
    const { call } = app(() => crypto.randomUUID())
    const first = new Map<string, { readonly principal: string; readonly answer: unknown }>()
    const asks = fc.record({
      principal: fc.string({ minLength: 1, maxLength: 2 }),
      id: fc.constantFrom('a', 'b', 'c'),
    })
    await fc.assert(
      fc.asyncProperty(asks, async ({ principal, id }) => {
        const answer: unknown = await call(principal, id).catch(
          (error: { cause: { code: string } }) => error.cause.code,
        )
        const owner = first.get(id)
        if (owner === undefined) first.set(id, { principal, answer })
        else expect(answer).toBe(owner.principal === principal ? owner.answer : 'IDEM_TAKEN')
      }),
    )
  })

  it('needs a principal that is a text', async () => {
    const run = vi.fn()
    await expect(app(run).call(7)).rejects.toThrow('metadata.principal')
    expect(run).not.toHaveBeenCalled()
  })
})

it('a key may depend on what hooks know of the run', async () => {
  const run = vi.fn(() => 'made')
  const { call } = app(run, {
    key: ({ id }, { principal }) => `${String(principal)}/${id}`,
    unknown: 'never',
  })
  for (const principal of ['ann', 'bob', 'ann']) expect(await call(principal)).toBe('made')
  expect(run).toHaveBeenCalledTimes(2)
})

describe('a key whose holder died', () => {
  const reset = () => new CapabilityError('Unavailable', 'reset', { applied: 'unknown' })
  const takenNow = expect.objectContaining({ cause: expect.objectContaining(taken.cause) })

  /** The first call dies after its effect began. Later calls ask the sink, or run again. */
  function dying(unknown: 'again' | 'ask') {
    const run = vi.fn<() => unknown>(() => 'made').mockRejectedValueOnce(reset())
    const ask = vi.fn(() => ({ done: 'of the first' }))
    return { run, ask, ...app(run, { key: '/id', unknown: unknown === 'again' ? 'again' : ask }) }
  }

  it('is not taken over by another caller: neither the sink is asked nor the handler run', async () => {
    for (const unknown of ['ask', 'again'] as const) {
      const { call, run, ask } = dying(unknown)
      await expect(call('ann')).rejects.toThrow('reset')
      await expect(call('bob')).rejects.toEqual(takenNow)
      await expect(call()).rejects.toEqual(takenNow)
      expect(run).toHaveBeenCalledTimes(1)
      expect(ask).not.toHaveBeenCalled()
      expect(await call('ann')).toBe(unknown === 'ask' ? 'of the first' : 'made')
      await expect(call('bob')).rejects.toEqual(takenNow)
      await expect(call()).rejects.toEqual(takenNow)
    }
  })

  it('gives its answer to its own caller when a run without a caller settles it', async () => {
    const { call, start } = dying('ask')
    await expect(call('ann')).rejects.toThrow('reset')
    expect(await start()).toBe('of the first')
    await expect(call('bob')).rejects.toEqual(takenNow)
    expect(await call('ann')).toBe('of the first')
    expect(await start()).toBe('of the first')
  })

  it('of a run without a caller, or of an anonymous one, gives its answer to everyone', async () => {
    for (const who of ['run', 'anonymous']) {
      const { call, start } = dying('ask')
      await expect(who === 'run' ? start() : call()).rejects.toThrow('reset')
      expect(await call('ann')).toBe('of the first')
      expect(await call('bob')).toBe('of the first')
      expect(await call()).toBe('of the first')
    }
  })

  it("gives its answer to everyone with callers: 'everyone'", async () => {
    const run = vi.fn<() => unknown>().mockRejectedValueOnce(reset())
    const { call } = app(run, { key: '/id', unknown: () => ({ done: 1 }), callers: 'everyone' })
    await expect(call('ann')).rejects.toThrow('reset')
    expect(await call('bob')).toBe(1)
    expect(await call('ann')).toBe(1)
  })

  it('and has no owner, as those of earlier versions: callers wait until it is settled, and only runs without a caller read it', async () => {
    const { call, start, driver } = dying('ask')
    driver.begin('t:charging/charge:a', 'old', 1, '{"id":"a"}', { started: true })
    driver.renew('t:charging/charge:a', 'old', 0, {})
    for (const principal of ['ann', undefined])
      await expect(call(principal)).rejects.toMatchObject({ cause: { code: 'IDEM_UNKNOWN' } })
    expect(await start()).toBe('of the first')
    expect(await start()).toBe('of the first')
    for (const principal of ['ann', undefined]) await expect(call(principal)).rejects.toEqual(takenNow)
  })

  it('does not tell the ledger who its caller is', async () => {
    const { call, driver } = app(() => 1)
    const begin = vi.spyOn(driver, 'begin')
    await call('ann@example.com')
    expect(JSON.stringify(begin.mock.calls)).not.toContain('ann')
    expect(begin.mock.calls[0]?.[3]).toMatch(/^owner=[0-9a-f]{64};/)
  })
})
