/** Makes room for an object where its path is a folder that deleted objects have left. */
import type { Operator } from 'opendal'
import { CapabilityError, isKind } from '@flowport/capabilities'
import { native, toPlace } from './native.ts'
import type { Place } from './place.ts'
import { isBeneath } from './stat.ts'
import { keysArePaths } from './translate-error.ts'

/**
 * Removes the folder at the path when nothing but folders is in it. `Unsupported` when there is more: a rename over it would
 * fail on a file system, and take everything in it away over WebDAV.
 */
export async function clearFolder(operator: Operator, path: string, where: Place): Promise<void> {
  if (!(await isFolder(operator, path, where))) return
  const lister = await native(() => operator.lister(`${path}/`, { recursive: true }), where, undefined)
  const folders = [`${path}/`]
  for (;;) {
    const entry = await native(() => lister.next(), where, undefined)
    if (entry === null) break
    if (!entry.path().endsWith('/')) throw new CapabilityError('Unsupported', keysArePaths, toPlace(where))
    if (entry.path().startsWith(`${path}/`)) folders.push(entry.path())
  }
  // The innermost first: a folder goes only when it is empty, so what came meanwhile stays.
  for (const folder of [...new Set(folders)].toSorted((a, b) => b.length - a.length)) {
    await native(() => operator.delete(folder), where, undefined)
  }
}

async function isFolder(operator: Operator, path: string, where: Place): Promise<boolean> {
  try {
    return (await native(() => operator.stat(path), where, undefined)).isDirectory()
  } catch (error) {
    if (isKind(error, 'NotFound') || isBeneath(error)) return false
    throw error
  }
}
