import { readFileSync } from 'node:fs'
import { resolve } from 'node:path'
import { describe, expect, it } from 'vitest'
import { faultClasses } from './faults.ts'
import { violations } from './oracles.ts'

const page = readFileSync(resolve(import.meta.dirname, '../../../../docs/reference/simulation.md'), 'utf8')

/** The rows of the table under a heading. */
function rows(heading: string): readonly (readonly string[])[] {
  const [, rest = ''] = page.split(`## ${heading}\n`)
  const [section = ''] = rest.split('\n## ')
  return section
    .split('\n')
    .filter((line) => line.startsWith('| `'))
    .map((line) =>
      line.split(' | ').map((cell) => cell.replaceAll(/^\| |^`|`$| \|$/g, '').replaceAll('`', '')),
    )
}

describe('the reference of the simulation', () => {
  it('lists every class of faults', () => {
    expect(rows('Classes of faults').map(([name]) => name)).toEqual(faultClasses)
  })

  it('lists every oracle with its words', () => {
    expect(Object.fromEntries(rows('Oracles'))).toEqual(violations)
  })
})
