import { execFile } from 'node:child_process'
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { expect, it } from 'vitest'

const guide = new URL('../../../docs/guides/testing.md', import.meta.url)

it('the samples of the testing guide run under node --test', async () => {
  const text = await readFile(guide, 'utf8')
  const samples = [...text.matchAll(/^```ts (\S+)\n([\s\S]*?)^```$/gm)]
  expect(samples.map(([, name]) => name)).toEqual(['app.ts', 'app.test.ts'])
  const folder = await mkdtemp(join(import.meta.dirname, '.guide-'))
  try {
    for (const [, name = '', sample = ''] of samples) await writeFile(join(folder, name), sample)
    const file = join(folder, 'app.test.ts')
    // Without the variables of vitest, as a user's shell has it.
    const env = { PATH: process.env['PATH'] ?? '' }
    const args = ['--test', '--test-reporter=tap', file]
    const { stdout } = await promisify(execFile)(process.execPath, args, { env })
    expect(stdout).toContain('# pass 5\n')
    expect(stdout).toContain('# fail 0\n')
  } finally {
    await rm(folder, { recursive: true })
  }
})
