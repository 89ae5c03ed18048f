/** Directories for tests, gone when the test file is done. */
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll } from 'vitest'

/** Makes directories of their own; call it while the test file is being collected. */
export function tempDirectories(): () => string {
  const made: string[] = []
  afterAll(() => {
    for (const each of made.splice(0)) rmSync(each, { recursive: true, force: true })
  })
  return () => {
    const directory = mkdtempSync(join(tmpdir(), 'flowport-opendal-'))
    made.push(directory)
    return directory
  }
}
