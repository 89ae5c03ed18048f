/** Folders for tests, removed after the test file. */
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll } from 'vitest'

const made: string[] = []

// Registered while the importing test file is collected, because vitest ignores an `afterAll` inside a test.
afterAll(() => {
  for (const each of made.splice(0)) rmSync(each, { recursive: true, force: true })
})

/** Creates a new empty folder. */
export function tempFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), 'flowport-host-'))
  made.push(folder)
  return folder
}
