/** The Flow IR of every example flow matches the published schema, and the schema rejects Flow IR without required fields. */
import { readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { type FlowIr, toIr } from '@flowport/flow'
import { Check } from 'typebox/schema'
import { describe, expect, it } from 'vitest'
import app from '@flowport-examples/flows'

const path = fileURLToPath(import.meta.resolve('@flowport/flow/flow-ir.schema.json'))
const schema = JSON.parse(readFileSync(path, 'utf8')) as { $defs: Record<string, { required: string[] }> }
const asJson = (ir: FlowIr) => JSON.parse(JSON.stringify(ir)) as FlowIr

describe('the published schema of Flow IR', () => {
  it.each(app.flows.map((flow) => [flow.name, toIr(flow)] as const))('accepts %s', (_name, ir) => {
    expect(Check(schema, asJson(ir))).toBe(true)
  })

  it('rejects edges without a buffer and unknown kinds', () => {
    const ir = asJson(toIr(app.flows[0]))
    const [edge, ...others] = ir.edges
    const { buffer: _, ...without } = edge as FlowIr['edges'][number]
    expect(Check(schema, { ...ir, edges: [without, ...others] })).toBe(false)
    expect(Check(schema, { ...ir, profile: 'cloud' })).toBe(false)
    expect(Check(schema, { ...ir, nodes: [{ ...ir.nodes[0], kind: 'thing' }] })).toBe(false)
  })
})
