import { cpSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { findWrongArrows } from './check-arrows.ts'

const root = resolve(import.meta.dirname, '..')
const folders = [
  'capabilities',
  'flow',
  'presets',
  'host-node',
  'host-workers',
  'examples/flows',
  'examples/gateway',
  'examples/node',
  'examples/workers',
  'examples/browser',
  'bench',
]

let tree: string
beforeEach(() => {
  tree = mkdtempSync(join(tmpdir(), 'flowport-arrows-'))
  for (const folder of folders) {
    mkdirSync(join(tree, folder, 'src/lib'), { recursive: true })
    cpSync(join(root, folder, 'package.json'), join(tree, folder, 'package.json'))
  }
})
afterEach(() => rmSync(tree, { recursive: true, force: true }))

const write = (file: string, source: string) => writeFileSync(join(tree, file), source)

describe('the arrow check', () => {
  it('reports nothing in this repository', () => {
    expect(findWrongArrows(root)).toEqual([])
  })

  const wrong: readonly [string, string, string, RegExp][] = [
    [
      'capabilities importing flow',
      'capabilities/src/a.ts',
      "import { flow } from '@flowport/flow'",
      /must|arrow/,
    ],
    ['flow importing a preset', 'flow/src/a.ts', "import type { X } from '@flowport/presets/fs'", /arrow/],
    ['a preset importing flow', 'presets/src/a.ts', "export { flow } from '@flowport/flow'", /arrow/],
    [
      'a host importing another',
      'host-node/src/a.ts',
      "const x = await import('@flowport/host-workers')",
      /arrow/,
    ],
    [
      'a host importing an example',
      'host-node/src/a.ts',
      "import app from '@flowport-examples/flows'",
      /arrow/,
    ],
    [
      'a relative path out of a package',
      'flow/src/lib/a.ts',
      "import { x } from '../../../capabilities/src/index.ts'",
      /outside/,
    ],
    ['node in web code', 'capabilities/src/lib/a.ts', "import { readFile } from 'node:fs'", /web code/],
    ['node in web code, for its effect', 'flow/src/a.ts', "import 'node:process'", /web code/],
    ['node in a preset outside of node/', 'presets/src/lib/a.ts', "import 'node:fs'", /web code/],
    [
      'an undeclared import of its own',
      'presets/src/a.ts',
      "import { x } from '#no/such'",
      /does not declare/,
    ],
    ['an import of its own that has no file', 'presets/src/b.ts', "import '#sqlite/platform'", /not exist/],
    [
      'an import over several lines',
      'capabilities/src/b.ts',
      "import {\n  flow,\n  node,\n} from '@flowport/flow'",
      /arrow/,
    ],
  ]
  it.each(wrong)('reports %s', (_name, file, source, reason) => {
    write(file, source)
    const found = findWrongArrows(tree)
    expect(found).toHaveLength(1)
    expect(found[0]).toMatch(reason)
    expect(found[0]).toContain(file)
  })

  it('reports a manifest that points upwards', () => {
    write(
      'capabilities/package.json',
      '{"name":"@flowport/capabilities","dependencies":{"@flowport/flow":"workspace:*"}}',
    )
    expect(findWrongArrows(tree)).toEqual(['capabilities/package.json: must not depend on @flowport/flow'])
  })

  it('accepts imports that point downwards', () => {
    write('flow/src/a.ts', "import { levels } from '@flowport/capabilities'\nimport { b } from './lib/b.ts'")
    write(
      'host-node/src/a.ts',
      "import { flow } from '@flowport/flow'\nimport { readFile } from 'node:fs/promises'",
    )
    write('presets/src/lib/a.node.ts', "import { readFile } from 'node:fs/promises'")
    expect(findWrongArrows(tree)).toEqual([])
  })
})
