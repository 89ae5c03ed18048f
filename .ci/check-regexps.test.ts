import { existsSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { builtAtRunTime, findSlowExpressions } from './check-regexps.ts'

let tree: string
beforeEach(() => {
  tree = mkdtempSync(join(tmpdir(), 'flowport-regexps-'))
  mkdirSync(join(tree, 'flow/src/lib'), { recursive: true })
})
afterEach(() => rmSync(tree, { recursive: true, force: true }))

async function findIn(source: string): Promise<readonly string[]> {
  writeFileSync(join(tree, 'flow/src/lib/planted.ts'), source)
  return findSlowExpressions(tree)
}

describe('the regular expression check', () => {
  it.each([
    ['a literal', 'export const x = 1\nexport const dots = /\\.+$/', 2],
    ['a text', "export const dots = new RegExp('a+a+$')", 1],
    ['joined parts', "export const dots = new RegExp([String.raw`\\s+`, 'a+a+$'].join('|'), 'g')", 1],
    ['an exponential one', 'export const dots = /^(a|a)*$/', 1],
  ])('reports %s that takes more than linear time, with its line', async (_title, source, line) => {
    const [found, ...more] = await findIn(source)
    expect(found).toMatch(new RegExp(`^flow/src/lib/planted\\.ts:${line} .* polynomial|exponential`))
    expect(more).toEqual([])
  })

  it('reports an expression built at run time without a listed reason', async () => {
    const found = await findIn('export const of = (text: string) => new RegExp(text)')
    expect(found).toEqual([expect.stringContaining('flow/src/lib/planted.ts: new RegExp of a text')])
  })

  it('accepts linear expressions, even inside type assertions', async () => {
    expect(await findIn('export const end: RegExp = /(?<!\\.)\\.+$/ satisfies RegExp')).toEqual([])
  })

  it('lists only existing files', () => {
    const root = resolve(import.meta.dirname, '..')
    expect(Object.keys(builtAtRunTime).filter((file) => !existsSync(join(root, file)))).toEqual([])
  })
})
