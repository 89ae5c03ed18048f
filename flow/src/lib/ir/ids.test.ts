import { describe, expect, it } from 'vitest'
import * as z from 'zod'
import { flow } from '../flow.ts'
import { node } from '../node.ts'
import { manual } from '../trigger.ts'
import { flowId, idOf, nodeId } from './ids.ts'

describe('ids', () => {
  it('follow the published test vector', () => {
    expect(flowId('s6_spill_flow', '1.0.0')).toBe('46d6e4de-06d8-549b-99c1-faf7981fc91c')
  })

  it('differ by name and by version', () => {
    expect(new Set([flowId('a', '1.0.0'), flowId('b', '1.0.0'), flowId('a', '1.0.1')]).size).toBe(3)
  })

  it('of a flow are those of its name and version', () => {
    const echo = node('echo', { input: z.string(), run: (text) => text })
    const spill = flow('s6_spill_flow', {
      trigger: manual({ input: z.string() }),
      graph: (text, step) => step(echo, text),
    })
    expect(idOf(spill)).toBe('46d6e4de-06d8-549b-99c1-faf7981fc91c')
    expect(nodeId(idOf(spill), 'echo')).toBe('46d6e4de-06d8-549b-99c1-faf7981fc91c::echo')
  })
})
