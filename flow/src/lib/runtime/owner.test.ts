import { createDedupeStore, ResourceBag } from '@flowport/capabilities'
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
