import { describe, expect, it, vi } from 'vitest'
import { type Effect } from '../hints.ts'
import { createKeyValue } from '../kv/key-value.ts'
import { createPipeline } from '../layer.ts'
import { memoryKvDriver } from '../memory/kv.ts'
import { operations } from '../operations.ts'
import { effectGuard, readOnly } from './effect-guard.ts'

describe('effectGuard', () => {
  it.each<[Effect, boolean, boolean]>([
    ['pure', false, false],
    ['read_only', true, false],
    ['effectful', true, true],
  ])('allow: %s lets reads through: %s, writes: %s', async (allow, reads, writes) => {
    for (const [domain, table] of Object.entries(operations)) {
      const pipeline = createPipeline(domain as 'kv', domain, [effectGuard({ allow })])
      for (const [operation, { effect }] of Object.entries(table)) {
        const execute = vi.fn(() => 'done')
        const passed = await pipeline.run(operation, 'k', undefined, undefined, execute).then(
          () => true,
          () => false,
        )
        expect(passed, `${domain}.${operation}`).toBe(effect === 'read' ? reads : writes)
        expect(execute).toHaveBeenCalledTimes(passed ? 1 : 0)
      }
    }
  })

  it('refuses with PermissionDenied, code EFFECT201, and what was asked', async () => {
    const kv = createKeyValue(memoryKvDriver(), { layers: [effectGuard({ allow: 'pure' })] })
    await expect(kv.get('k')).rejects.toMatchObject({
      kind: 'PermissionDenied',
      code: 'EFFECT201',
      retryable: 'never',
      capability: 'kv',
      operation: 'get',
      key: 'k',
      details: { allow: 'pure', effect: 'read_only' },
    })
  })
})

describe('readOnly', () => {
  it('is the guard that lets reads through, under its own name', async () => {
    const driver = memoryKvDriver()
    const kv = createKeyValue(driver, { layers: [readOnly()] })
    await createKeyValue(driver).put('k', 'v')
    expect(await kv.get('k')).toBe('v')
    for (const write of [
      kv.put('k', 'w'),
      kv.put('k', 'w', { ifAbsent: true }),
      kv.delete('k'),
      kv.deleteMany(['k']),
    ]) {
      await expect(write).rejects.toMatchObject({ kind: 'PermissionDenied', code: 'EFFECT201' })
    }
    expect(await kv.get('k')).toBe('v')
    expect(readOnly().name).toBe('readOnly')
  })
})
