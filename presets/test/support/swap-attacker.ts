/**
 * A process that exchanges directories for links to another place and back until it is killed: as fast as it can, with a
 * calm of 2 ms after every twentieth exchange, so that some calls of the store succeed in between.
 */
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
const calm = new Int32Array(new SharedArrayBuffer(4))
for (let exchange = 1; ; exchange++) {
  if (exchange % 20 === 0) Atomics.wait(calm, 0, 0, 2)
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
