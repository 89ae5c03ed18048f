import { spawnSync } from 'node:child_process'
import { describe, expect, it } from 'vitest'
import { startChild } from '../../../test/support/children.ts'
import { required } from '../../../test/support/required.ts'
import { tempDirectory } from '../../../test/support/temp-directory.ts'

/** A command that runs its arguments with a file system of 2 MiB mounted on the directory, as an ordinary user may. */
const onSmallDisk = (directory: string) =>
  [
    'unshare',
    '--user',
    '--map-root-user',
    '--mount',
    'sh',
    '-c',
    'mount -t tmpfs -o size=2m tmpfs "$0" && exec "$@"',
    directory,
  ] as const
/** A command that limits files to 1 MiB; the signal that would end the process is ignored, so that writes fail. */
const withSmallFiles = ['sh', '-c', 'trap \'\' XFSZ; ulimit -f 2048; exec "$@"', 'sh'] as const

const works = (command: readonly string[]) => {
  const [name = '', ...rest] = command
  return spawnSync(name, [...rest, 'true']).status === 0
}

describe('when there is no room', { timeout: 60_000 }, () => {
  const canMount = required('unshare with user namespaces', works(onSmallDisk(tempDirectory())))
  it.skipIf(!canMount)(
    'on the disk, a put is Unavailable and the old object stays (needs user namespaces)',
    async () => {
      const directory = tempDirectory()
      const child = startChild(
        'fs-worker.ts',
        'fill',
        { root: `${directory}/data`, bytes: 8_000_000 },
        onSmallDisk(directory),
      )
      expect(await child.result).toEqual({ kind: 'Unavailable', applied: 'no', now: 'old' })
    },
  )

  it.skipIf(!required('ulimit', works(withSmallFiles)))(
    'in a file, a put is LimitExceeded and the old object stays (needs ulimit)',
    async () => {
      const child = startChild(
        'fs-worker.ts',
        'fill',
        { root: tempDirectory(), bytes: 8_000_000 },
        withSmallFiles,
      )
      expect(await child.result).toEqual({ kind: 'LimitExceeded', applied: 'no', now: 'old' })
    },
  )
})
