import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { DiagnosticsError } from '../diagnostics/diagnostic.ts'
import { loadFlow } from './load.ts'
import { referencesIn, textTemplate } from './template-text.ts'

const parse = (text: string) => {
  const faults: string[] = []
  return { template: textTemplate(text, 0, (_, message) => void faults.push(message)), faults }
}
const braces = fc.string({
  unit: fc.constantFrom('{', '}', 'a', '.', ' ', '{{ state.a }}', '{{{{', 'input', '\n'),
})

describe('a text of a flow file', () => {
  it('stands for itself when its braces are doubled', () => {
    fc.assert(
      fc.property(fc.oneof(braces, fc.string()), (text) => {
        const { template, faults } = parse(text.replaceAll('{{', '{{{{'))
        expect({ template, faults }).toEqual({ template: { kind: 'value', value: text }, faults: [] })
      }),
    )
  })

  it('is read or told of, whatever it is', () => {
    fc.assert(
      fc.property(braces, (text) => {
        const { template, faults } = parse(text)
        for (const { of, name } of referencesIn(template)) expect([of, name]).toEqual(['state', 'a'])
        if (faults.length > 0) expect(template).toEqual({ kind: 'value', value: text })
      }),
    )
  })

  it('yields paths as JSON Pointers', () => {
    expect(parse('{{ state.a-b.rows.0.x_y }}').template).toMatchObject({
      of: 'state',
      name: 'a-b',
      pointer: '/rows/0/x_y',
    })
    expect(parse('{{input}}').template).toMatchObject({ of: 'input', name: null, pointer: '' })
    expect(parse('{{ input.a }}{{ input.b }}').template).toMatchObject({
      kind: 'text',
      parts: [{ name: 'a' }, { name: 'b' }],
    })
  })
})

describe('any text', () => {
  const lines = fc.array(
    fc.constantFrom(
      'name: f',
      'nodes:',
      '  - name: a',
      '    uses: storage.read',
      "    params: { uri: 'm://{{ state.a }}' }",
      '    after: [a]',
      'input: &x [a, b]',
      'output: *x',
      "output: '{{ state.a.b }}'",
      'trigger: { http: GET /:a }',
      '? [',
      '- !t &a *a',
      '{',
      ']',
      '"',
      '\t',
      '    if: 1',
      '---',
      '__proto__: 1',
      'settings: { storage: 1 }',
    ),
  )

  it('is a flow, or is told what is wrong with it', () => {
    fc.assert(
      fc.property(
        fc.oneof(
          lines.map((some) => some.join('\n')),
          fc.string(),
        ),
        (text) => {
          try {
            expect(loadFlow(text).name).not.toBe('')
          } catch (error) {
            expect(error).toBeInstanceOf(DiagnosticsError)
            expect((error as DiagnosticsError).diagnostics.length).toBeGreaterThan(0)
          }
        },
      ),
      { numRuns: 1000 },
    )
  })
})
