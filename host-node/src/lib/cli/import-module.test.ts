import { execFileSync } from 'node:child_process'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { importModule, reasonOf } from './import-module.ts'

let folder: string
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'flowport-import-'))
})
afterAll(() => rmSync(folder, { recursive: true, force: true }))

/** Returns the error that a Node without TypeScript support throws for a file. */
function errorWithoutTypeScript(file: string): Error {
  const script = `import(${JSON.stringify(pathToFileURL(file).href)}).catch(({ code, message }) => console.log(JSON.stringify({ code, message })))`
  const said = execFileSync(process.execPath, ['--no-experimental-strip-types', '-e', script], {
    encoding: 'utf8',
  })
  const { code, message } = JSON.parse(said) as { code: string; message: string }
  return Object.assign(new Error(message), { code })
}

describe('the reason why a module could not be loaded', () => {
  it('names the Node version that runs TypeScript, and the alternative', () => {
    const file = join(folder, 'an app.ts')
    writeFileSync(file, 'export default 1')
    expect(reasonOf(errorWithoutTypeScript(file))).toBe(
      `Node ${process.versions.node} does not run TypeScript (${file}). Use Node 22.18 or newer, or compile the app and give the compiled module, such as --app dist/app.js`,
    )
  })

  it('is Node’s message for other files', () => {
    const file = join(folder, 'app.txt')
    writeFileSync(file, 'text')
    const error = errorWithoutTypeScript(file)
    expect(reasonOf(error)).toBe(error.message)
  })

  it('is the error that the module throws', async () => {
    const file = join(folder, 'throws.mjs')
    writeFileSync(file, 'throw new Error("no good")')
    await expect(importModule(file)).rejects.toThrow(`${file} could not be loaded: no good`)
  })
})
