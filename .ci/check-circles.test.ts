import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { findCircles } from './check-circles.ts'

let tree: string
beforeEach(() => {
  tree = mkdtempSync(join(tmpdir(), 'flowport-circles-'))
})
afterEach(() => rmSync(tree, { recursive: true, force: true }))

function write(files: Readonly<Record<string, string>>): void {
  for (const [name, source] of Object.entries(files)) {
    mkdirSync(dirname(join(tree, name)), { recursive: true })
    writeFileSync(join(tree, name), source)
  }
}

describe('the circle check', () => {
  it('reports files that import each other through a third, including types and re-exports', () => {
    write({
      'flow/src/a.ts': "import type { B } from './lib/b.ts'\nexport type A = B",
      'flow/src/lib/b.ts': "export type { C as B } from './c.ts'",
      'flow/src/lib/c.ts': "import type { A } from '../a.ts'\nexport type C = A | 1",
      'flow/src/other.ts': "import type { A } from './a.ts'\nexport type O = A",
    })
    expect(findCircles(tree)).toEqual(['flow/src/a.ts <-> flow/src/lib/b.ts <-> flow/src/lib/c.ts'])
  })

  it('accepts files that import a common third file', () => {
    write({
      'flow/src/a.ts': "import { c } from './c.ts'\nimport { b } from './b.ts'\nexport const a = b + c",
      'flow/src/b.ts': "import { c } from './c.ts'\nexport const b = c",
      'flow/src/c.ts': 'export const c = 1',
    })
    expect(findCircles(tree)).toEqual([])
  })
})
