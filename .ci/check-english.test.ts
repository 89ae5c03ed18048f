import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { findHits, hitsIn, tooMany } from './check-english.ts'
import { errors, warnings } from './english/rules.ts'

/** One sentence for each rule that fails the check. */
const riddles: Readonly<Record<string, string>> = {
  'that-of': 'The version is that of the server.',
  'that-of-start': 'Those that expired are removed.',
  'is-none': 'Returns null when the key is none.',
  'none-of': 'There is none of it left.',
  nobodys: "Its failure is nobody's.",
  told: 'The caller is told the reason.',
  'what-subject': 'What is read is kept.',
  'who-comes': 'Whoever comes second waits.',
  'but-for': 'Takes all options but for files.',
  'the-other-way': 'Node reads what the page wrote, and the other way round.',
  'it-is-of': 'The lease is of the worker.',
  inversion: 'Nor does it retry.',
}

describe('the check of sentences', () => {
  it('has a sentence for every rule that fails', () => {
    expect(Object.keys(riddles).sort()).toEqual(errors.map(({ name }) => name).sort())
  })

  it.each(Object.entries(riddles))('finds %s in comments, titles, messages and pages', (rule, sentence) => {
    const named = (file: string, text: string) => hitsIn(file, text, errors).map((hit) => hit.rule.name)
    expect(named('a.ts', `/** ${sentence} */\nexport const a = 1`)).toContain(rule)
    expect(named('a.ts', `// ${sentence}`)).toContain(rule)
    expect(named('a.test.ts', `it("${sentence}", () => undefined)`)).toContain(rule)
    expect(named('a.ts', `throw new RangeError("${sentence}")`)).toContain(rule)
    expect(named('a.md', `# Page\n\n${sentence}\n`)).toContain(rule)
  })

  it.each([
    '/** Returns `null` when the key is absent. Throws `LimitExceeded` above `maxValueBytes`. */',
    '/** One of these is enough, of course. */',
    '/** Readers cannot tell the two apart. */',
    '// See https://example.com/what-is-that-of',
    '/** Returns `that of` as it is written. */',
    '// oxlint-disable-next-line no-console -- that of the linter',
  ])('passes %s', (text) => {
    expect(hitsIn('a.ts', text, errors)).toEqual([])
  })

  it('passes code in pages', () => {
    expect(hitsIn('a.md', '```\nthat of\n```\n', errors)).toEqual([])
  })

  it('warns of habits that good English has too', () => {
    expect(hitsIn('a.ts', '// Whatever the store returns.', warnings).map(({ rule }) => rule.name)).toEqual([
      'whatever',
    ])
  })

  it('allows a folder that is still to be rewritten its number of errors, and others none', () => {
    const hits = ['a/x.ts', 'a/y.ts', 'b/z.ts'].flatMap((file) => hitsIn(file, '// Nor does it.', errors))
    expect(tooMany(hits, { a: 2, b: 1 })).toEqual([])
    expect(tooMany(hits, { a: 1, b: 1 }).map(({ file }) => file)).toEqual(['a/x.ts', 'a/y.ts'])
    expect(tooMany(hits, { a: 2 }).map(({ file }) => file)).toEqual(['b/z.ts'])
  })
})

describe('the search below a folder', () => {
  let tree: string
  beforeEach(() => {
    tree = mkdtempSync(join(tmpdir(), 'flowport-english-'))
  })
  afterEach(() => rmSync(tree, { recursive: true, force: true }))

  it('reads sources and pages, and neither packages nor builds', () => {
    for (const folder of ['src', 'node_modules/x', 'src/dist'])
      mkdirSync(join(tree, folder), { recursive: true })
    for (const file of ['src/a.ts', 'README.md', 'node_modules/x/a.ts', 'src/dist/a.js'])
      writeFileSync(join(tree, file), file.endsWith('.md') ? 'Nor does it.' : '// Nor does it.')
    expect(
      findHits(errors, tree)
        .map(({ file, line }) => `${file}:${line}`)
        .sort(),
    ).toEqual(['README.md:1', 'src/a.ts:1'])
  })
})
