/**
 * Which planted bugs the unit tests beside their file find, too: `npm run simulate:planted`, or with a part of a bug's name. Fails
 * where that differs from `planted/caught-beside.ts`. Takes some minutes: the tests of a folder run once for each bug.
 */
import { execFile } from 'node:child_process'
import { join, resolve } from 'node:path'
import { promisify } from 'node:util'
import { plantedBugs } from './planted.ts'
import { caughtBeside } from './planted/caught-beside.ts'

const root = resolve(import.meta.dirname, '../../..')
const vitest = join(root, 'node_modules/vitest/vitest.mjs')
const config = join(import.meta.dirname, 'beside.config.ts')

/** The first test that fails with the bug; `null` when all pass. Tests that hang count as failed. */
async function failingTest(index: number): Promise<string | null> {
  try {
    const args = [vitest, 'run', '--config', config, '--reporter', 'tap-flat']
    const env = { ...process.env, FLOWPORT_PLANTED: String(index) }
    await promisify(execFile)(process.execPath, args, {
      cwd: root,
      env,
      timeout: 120_000,
      maxBuffer: 2 ** 26,
    })
    return null
  } catch (error) {
    const stdout =
      typeof error === 'object' && error !== null && 'stdout' in error ? String(error.stdout) : ''
    // A file that was left out after the first failure is "not ok" without a test.
    const [, failed = 'tests that do not end'] = /^not ok \d+ - (.*? > .*?)(?: # .*)?$/m.exec(stdout) ?? []
    return failed
  }
}

const part = process.argv[2] ?? ''
let isAsDeclared = true
for (const [index, { name, file }] of plantedBugs.entries()) {
  if (!name.includes(part)) continue
  const failed = await failingTest(index)
  const isExpected = (failed !== null) === Object.hasOwn(caughtBeside, name)
  isAsDeclared &&= isExpected
  const verdict = failed === null ? 'only the simulation finds it' : `also found by ${failed}`
  process.stdout.write(`${isExpected ? ' ' : '!'} ${name} (${file}): ${verdict}\n`)
}
process.exitCode = isAsDeclared ? 0 : 1
