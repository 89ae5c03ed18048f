import { silentLogger } from '@flowport/capabilities'
import { durableState as onNode } from '@flowport/presets/durable-state'
import { ManualClock } from '@flowport/capabilities/testing'
import { describe, expect, expectTypeOf, it } from 'vitest'
import { durableStateInfo } from '../src/durable-state/info.ts'
import type { durableState as onWorkers } from '../src/durable-state/preset.ts'

describe('preset durable-state on Node', () => {
  it('resolves to a stub that states the same and says where to turn', async () => {
    const provider = onNode()
    expect(provider.provides).toEqual({ state: durableStateInfo })
    expect(provider.bindings.map(({ name }) => name)).toEqual(['STATE'])
    expect(provider.hints.map(({ name }) => name)).toEqual([
      'resource::state::read',
      'resource::state::write',
    ])
    await expect(
      Promise.resolve().then(() =>
        provider.open({ env: {}, bindings: {}, log: silentLogger, clock: new ManualClock() }),
      ),
    ).rejects.toMatchObject({ kind: 'Misconfigured', code: 'PRESET_UNSUPPORTED' })
  })

  it('has the type it has on Workers', () => {
    expectTypeOf(onNode).toEqualTypeOf<typeof onWorkers>()
  })
})
