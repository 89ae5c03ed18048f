/** Directories for tests, gone when the test file is done. */
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll } from 'vitest'

const made: string[] = []

// Here, where the file that imports this is being collected: from within a test it would not be heard.
afterAll(() => {
  for (const each of made.splice(0)) rmSync(each, { recursive: true, force: true })
})

/** An empty directory of its own. */
export function tempDirectory(): string {
  const directory = mkdtempSync(join(tmpdir(), 'flowport-presets-'))
  made.push(directory)
  return directory
}
