/** A process that exchanges directories for links to another place and back, as fast as it can, until it is killed. */
import './ends-with-parent.ts'
import fs from 'node:fs'

interface Args {
  /** Directories to exchange. */
  readonly directories: readonly string[]
  /** Where the links lead. */
  readonly outside: string
}

const { directories, outside } = JSON.parse(process.argv[3] ?? '{}') as Args
process.stdout.write('"started"\n')
for (;;) {
  for (const directory of directories) {
    try {
      fs.renameSync(directory, `${directory}.kept`)
      fs.symlinkSync(outside, directory)
      fs.unlinkSync(directory)
    } catch {
      // Removed, or made anew, by the store meanwhile.
    }
    try {
      fs.renameSync(`${directory}.kept`, directory)
    } catch {
      fs.rmSync(`${directory}.kept`, { recursive: true, force: true })
    }
  }
}
