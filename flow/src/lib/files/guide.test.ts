import { readFileSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import { flow } from '../flow.ts'
import { duckdb } from '../nodes/duckdb.ts'
import { storage } from '../nodes/storage.ts'
import { opaque } from '../schema.ts'
import { manual } from '../trigger.ts'
import { validateFlow } from '../validate/validate.ts'
import { defaultMaxBytes } from '../nodes/storage.ts'
import { loadFlow } from './load.ts'
import { fakeDatabase } from './test/fake-database.ts'
import { findingsOf, memoryStorage, runtimeOver } from './test/harness.ts'

const guide = readFileSync(new URL('../../../../docs/guides/flow-files.md', import.meta.url), 'utf8')
const blocks = [...guide.matchAll(/^```(\w+)\n([\s\S]*?)^```$/gm)].map(([, language = '', text = '']) => ({
  language,
  text,
}))
const files = blocks.flatMap(({ language, text }, position) => {
  const expected = blocks[position + 1]
  return language === 'yaml' && expected?.language === 'json'
    ? [{ text, ...(JSON.parse(expected.text) as Expected) }]
    : []
})

interface Expected {
  readonly input: Record<string, unknown>
  readonly answer: unknown
}

/** The orders the first example asks for. */
const fakeOrders = () =>
  fakeDatabase(({ parameters = [] }) => ({
    columns: [],
    rows:
      parameters[0] === 'mon'
        ? [
            { product: 'tea', n: 9n },
            { product: 'milk', n: 4n },
          ].slice(0, Number(parameters[1]))
        : [],
  }))

describe('the guide', () => {
  it('has the examples that are run here', () => {
    expect(files).toHaveLength(2)
    expect(blocks.filter(({ language }) => language === 'yaml')).toHaveLength(2)
  })

  it.each(files)('has a flow that answers as it says: $input', async ({ text, input, answer }) => {
    const one = loadFlow(text)
    expect(validateFlow(one)).toEqual([])
    const files = memoryStorage()
    await files.write('memory://inbox/a.txt', 'hello')
    const runtime = runtimeOver({ storage: files, db: fakeOrders() })
    expect(await runtime.invoke(one, { input })).toEqual(answer)
  })

  it('leaves behind what its flows say', async () => {
    const store = memoryStorage()
    const runtime = runtimeOver({ storage: store, db: fakeOrders() })
    const [report, archive] = files
    await runtime.invoke(loadFlow(report?.text ?? ''), { input: { day: 'mon', top: 1 } })
    expect(await store.readJson('opfs://reports/mon.json')).toEqual({
      day: 'mon',
      best: 'tea',
      rows: [{ product: 'tea', n: 9 }],
    })
    await store.write('memory://inbox/a.txt', 'hello')
    const twice = loadFlow(archive?.text ?? '')
    await runtime.invoke(twice, { input: { file: 'a.txt' } })
    expect(await store.exists('memory://inbox/a.txt')).toBe(false)
    expect(await runtime.invoke(twice, { input: { file: 'a.txt' } })).toMatchObject({ had: true })
    expect(await store.read('memory://archive/a.txt')).toBe('hello')
  })

  it('shows findings as they are', () => {
    const wrong = (files[0]?.text ?? '')
      .replace('uses: duckdb.query', 'uses: duckdb.qery')
      .replace('{{ input.day }}.json', '{{ input.dya }}.json')
    const shown = blocks.find(({ text }) => text.startsWith('error FILE005'))?.text ?? ''
    for (const [, code, line, column] of shown.matchAll(/^error (\w+) [\w.]+:(\d+):(\d+)/gm))
      expect(findingsOf(wrong).map((finding) => finding.split(' |')[0])).toContain(
        `${code} ${line}:${column}`,
      )
    for (const line of shown.trim().split('\n'))
      expect(() => loadFlow(wrong, { file: 'reports.yaml' })).toThrow(line)
  })

  it('has triggers that load', () => {
    const triggers =
      blocks
        .find(({ text }) => text.startsWith('trigger: manual'))
        ?.text.trim()
        .split('\n') ?? []
    expect(triggers).toHaveLength(4)
    for (const trigger of triggers) {
      const input = trigger.includes('/:day') ? 'input: [day]\n' : ''
      expect(
        findingsOf(
          `name: f\n${trigger}\n${input}nodes: [{ name: a, uses: storage.exists, params: { uri: 'm://x' } }]`,
        ),
      ).toEqual([])
    }
  })

  it('names every ready node, and the limit', () => {
    for (const one of [...Object.values(storage), ...Object.values(duckdb)]) {
      const short = one.name.replace(/^storage\.(read[A-Z])/, '$1')
      expect(guide).toMatch(new RegExp(`\`(?:storage\\.|duckdb\\.)?${short.replace(/^\w+\./, '')}\``))
    }
    expect(guide).toContain(`\`maxBytes\` (${defaultMaxBytes / 1024 / 1024} MiB)`)
  })

  it('has code that copies a report', async () => {
    // As in the guide, over stores in memory.
    const copied = flow('copy-report', {
      trigger: manual({ input: opaque<{ day: string }>() }),
      graph: (input, step) => {
        const uri = step.text`opfs://reports/${step.at(input, '/day')}.json`
        const report = step(storage.readJson, step.params({ uri, maxBytes: 1024 * 1024 }))
        return step(storage.write, step.params({ uri: 'memory://bucket/report.json', content: report }))
      },
    })
    const store = memoryStorage()
    await store.write('opfs://reports/mon.json', { a: 1 })
    await runtimeOver({ storage: store }).invoke(copied, { input: { day: 'mon' } })
    expect(await store.readJson('memory://bucket/report.json')).toEqual({ a: 1 })
  })
})
