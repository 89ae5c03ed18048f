import { existsSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { findRawTime } from './check-clock.ts'

let tree: string
beforeEach(() => {
  tree = mkdtempSync(join(tmpdir(), 'flowport-clock-'))
  mkdirSync(join(tree, 'flow/src/lib'), { recursive: true })
})
afterEach(() => rmSync(tree, { recursive: true, force: true }))

function findIn(source: string): readonly string[] {
  writeFileSync(join(tree, 'flow/src/lib/planted.ts'), source)
  return findRawTime(tree)
}

describe('the clock check', () => {
  it.each([
    ['setTimeout', 'export const wait = () => setTimeout(() => 1, 10)'],
    ['Date.now', 'export const now = () => Date.now()'],
    ['Date.now', 'export const now = { clock: Date.now }'],
    ['performance.now', 'export const now = () => globalThis.performance.now()'],
    ['Math.random', 'export const draw = Math.random'],
    ['AbortSignal.timeout', 'export const late = AbortSignal.timeout(5)'],
    ['crypto.randomUUID', 'export const id = crypto.randomUUID()'],
    [
      'crypto.subtle.digest',
      "export const sum = (b: Uint8Array<ArrayBuffer>) => crypto.subtle.digest('SHA-256', b)",
    ],
    ['new Date()', 'export const today = new Date()'],
    ['node:timers/promises', "import { setTimeout as sleep } from 'node:timers/promises'\nexport { sleep }"],
    ['uuid', "import { v4 } from 'uuid'\nexport const id = v4"],
  ])('finds %s', (what, source) => {
    expect(findIn(source)).toEqual([expect.stringContaining(`uses ${what}:`)])
  })

  it('accepts dates with arguments, and name-based UUIDs', () => {
    expect(
      findIn("import { v5 } from 'uuid'\nexport const at = (ms: number) => [new Date(ms), v5] as const"),
    ).toEqual([])
  })

  it('passes on this repository, and its listed files exist', () => {
    expect(findRawTime()).toEqual([])
    expect(existsSync('flow/src/lib/runtime/run.ts')).toBe(true)
  })
})
