/** A page with an install command first states that the packages are not on a registry. */
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

describe('a page with an install command', () => {
  const installing = pages.flatMap((page) => {
    const text = readFileSync(resolve(root, page), 'utf8')
    const at = text.search(
      /\b(?:npm (?:install|i|add)|pnpm add|yarn add|bun add)\b[^\n]*(?:@flowport|flowport-)/,
    )
    return at < 0 ? [] : [{ page, before: text.slice(0, at) }]
  })

  it.each(installing)('$page first states that the packages are not on a registry', ({ before }) => {
    expect(before).toMatch(said)
  })

  it('includes the first tutorial', () => {
    expect(installing.map(({ page }) => page)).toContain('docs/start/first-flow.md')
  })
})

describe('the README of a package', () => {
  it.each(['capabilities', 'flow', 'presets', 'host-node', 'host-workers'])('%s states it too', (name) => {
    expect(readFileSync(resolve(root, name, 'README.md'), 'utf8')).toMatch(said)
  })
})
