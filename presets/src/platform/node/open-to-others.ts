/** Warns of data on disk that other users of the machine can reach. What a preset makes itself is for its user alone. */
import fs from 'node:fs'
import { dirname } from 'node:path'
import type { Logger } from '@flowport/capabilities'

/** Rights of group and others: to pass a directory, and to read a file or list a directory. */
const mayPass = 0o011
const mayRead = 0o044

/** Logs one warning when a path, and the directory it is in, are open to group or others. Modes are left as they are. */
export function warnIfOpenToOthers(log: Logger, preset: string, paths: readonly string[]): void {
  // Windows has access lists instead, which modes do not show.
  if (process.platform === 'win32') return
  if (!paths.some((path) => may(path, mayRead) && may(dirname(path), mayPass))) return
  log.warn(
    { preset, fix: 'chmod -R go-rwx on the data directory (root, path or FLOWPORT_DATA_DIR)' },
    `preset "${preset}": other users of this machine can read the data; its modes were not set by this version`,
  )
}

function may(path: string, rights: number): boolean {
  const stat = fs.statSync(path, { throwIfNoEntry: false })
  return stat !== undefined && (stat.mode & rights) !== 0
}
