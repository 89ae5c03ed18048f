/** What pages say of installing: that the packages are not on a registry comes before any command that names them. */
import { execFileSync } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { resolve } from 'node:path'
import { describe, expect, it } from 'vitest'

const root = resolve(import.meta.dirname, '../../..')
const pages = execFileSync('git', ['ls-files', '--cached', '--others', '--exclude-standard', '*.md'], {
  cwd: root,
  encoding: 'utf8',
})
  .trim()
  .split('\n')
const said = /not on a registry yet/i

describe('a page that installs the packages', () => {
  const installing = pages.flatMap((page) => {
    const text = readFileSync(resolve(root, page), 'utf8')
    const at = text.search(
      /\b(?:npm (?:install|i|add)|pnpm add|yarn add|bun add)\b[^\n]*(?:@flowport|flowport-)/,
    )
    return at < 0 ? [] : [{ page, before: text.slice(0, at) }]
  })

  it.each(installing)('$page says before that they are on no registry', ({ before }) => {
    expect(before).toMatch(said)
  })

  it('is there', () => {
    expect(installing.map(({ page }) => page)).toContain('docs/start/first-flow.md')
  })
})

describe('the README of a package', () => {
  it.each(['capabilities', 'flow', 'presets', 'host-node', 'host-workers'])('%s says it, too', (name) => {
    expect(readFileSync(resolve(root, name, 'README.md'), 'utf8')).toMatch(said)
  })
})
